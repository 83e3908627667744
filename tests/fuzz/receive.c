/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: tests/fuzz/shared/vm.c tests/fuzz/shared/stream.c; -llz4 -lpthread
// OPTIONS: -max_len=1024
/*
 * The target of a move: takes a stream in whose sections are the input's but
 * whose checksums are right, and what its home says then. A VM that goes on
 * afterwards must be one that can be shipped again.
 */
#include <string.h>

#include "tests/fuzz/shared/stream.h"

enum { SECTIONS_MAX = 12, PAGES = 2 };

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	fuzz_vm_create();
	return 0;
}

static int put(void *ctx, const struct iovec *parts, int count,
	       struct hexo_error *err)
{
	static char data[PAGES * HEXO_PAGE_SIZE + 256];
	size_t len = 0;

	for (int i = 0; i < count; i++) {
		fuzz_check(parts[i].iov_len <= sizeof(data) - len);
		memcpy(data + len, parts[i].iov_base, parts[i].iov_len);
		len += parts[i].iov_len;
	}
	fuzz_vm_send(HEXO_MSG_STREAM, data, len);
	return 0;
}

/* Pages packed as the writer would, or bytes of the input in their place. */
static void write_packed(struct migrate_writer *w, struct fuzz_input *in,
			 const void *pages)
{
	struct {
		struct hexo_section head;
		struct hexo_section_pages pages;
		char block[64];
	} s = { .head.type = HEXO_SECTION_PACKED };
	uint64_t addr = fuzz_stream_page(in);
	uint8_t how = fuzz_byte(in);

	if (how & 128) {
		w->packer = fuzz_vm.copy.packer;
		migrate_packer_begin(w->packer, HEXO_COMPRESS_ALWAYS);
		migrate_writer_pages(w, addr, PAGES, pages, NULL);
		w->packer = NULL;
		return;
	}
	s.pages.addr = addr;
	s.pages.count = how & 64 ? how : 1;
	fuzz_take(in, s.block, sizeof(s.block));
	s.head.length = sizeof(s.pages) + how % 64;
	s.head.checksum = migrate_hash(&s.pages, s.head.length, 0);
	migrate_hash_add(&w->sections, &s.head.checksum,
			 sizeof(s.head.checksum));
	fuzz_vm_send(HEXO_MSG_STREAM, &s, sizeof(s.head) + s.head.length);
}

static void write_section(struct migrate_writer *w, struct fuzz_input *in)
{
	static char pages[PAGES][HEXO_PAGE_SIZE] = { "page", "another" };
	uint8_t what = fuzz_byte(in);
	char raw[64];
	uint64_t addr;

	switch (what % 8) {
	case 0:
		fuzz_stream_vm(w, in);
		break;
	case 1:
	case 2:
		addr = fuzz_stream_page(in);
		migrate_writer_pages(w, addr, what % 8, pages, NULL);
		break;
	case 3:
		addr = fuzz_stream_page(in);
		migrate_writer_zero(w, addr, (uint32_t)what << (what & 24),
				    NULL);
		break;
	case 4:
		migrate_writer_round(w, NULL);
		break;
	case 5:
		fuzz_take(in, raw, sizeof(raw));
		fuzz_vm_send(HEXO_MSG_STREAM, raw, what / 8);
		break;
	case 6:
		write_packed(w, in, pages);
		break;
	default:
		migrate_writer_end(w, NULL);
		break;
	}
}

/* The stream, and what the home says when it is over. */
static void send_all(struct fuzz_input *in)
{
	struct migrate_identity id = { 0 };
	struct hexo_msg_poll poll;
	struct migrate_writer w;
	uint8_t how = fuzz_byte(in);

	id.layout_hash = how / 16 == 15;
	fuzz_check(migrate_writer_begin(&w, &id, put, NULL, NULL) == 0);
	for (int i = 0; i < how % 16 % SECTIONS_MAX; i++)
		write_section(&w, in);
	if (!(how & 16))
		migrate_writer_end(&w, NULL);
	fuzz_take(in, &poll, sizeof(poll));
	fuzz_vm_send(how & 32 ? HEXO_MSG_RUN : HEXO_MSG_RESUME, &poll,
		     how & 64 ? sizeof(poll) : how / 16);
	/* Whoever waits for more gets what belongs nowhere. */
	fuzz_vm_send(HEXO_MSG_LOG, NULL, 0);
}

static void call(uint32_t number, const void *request, size_t size)
{
	void *to =
		vm_memory_at(&fuzz_vm.memory, vm_gva(FUZZ_VM_DATA), size, true);

	memcpy(to, request, size);
	vm_hypercall(&fuzz_vm, number, FUZZ_VM_DATA);
}

static void go_on(void)
{
	const struct hexo_hc_event event = { 0 };
	const struct hexo_hc_clock clock = { .clock = 1 };
	const struct hexo_hc_park park = {
		.frames = fuzz_vm.frames,
		.frame_bytes = fuzz_vm.frame_bytes,
	};
	const struct hexo_msg_ship ship = {
		.compress = (uint32_t)(fuzz_vm.frame_bytes / 128 % 3),
	};

	call(HEXO_HC_RESUMED, &event, sizeof(event));
	fuzz_check(fuzz_vm.state == VM_RUNNING);
	call(HEXO_HC_CLOCK, &clock, sizeof(clock));
	fuzz_vm_send(HEXO_MSG_SHIP, &ship, sizeof(ship));
	fuzz_vm_send(HEXO_MSG_RELEASE, NULL, 0);
	call(HEXO_HC_PARK, &park, sizeof(park));
	fuzz_check(fuzz_vm.state == VM_RELEASED);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	struct hexo_error err = { 0 };
	int r;

	fuzz_vm_reset(VM_RECEIVING);
	send_all(&in);
	r = vm_receive(&fuzz_vm, &err);
	fuzz_check(r <= 0);
	fuzz_vm_take_rest();
	if (r == 0) {
		fuzz_check(fuzz_vm.state == VM_RESUMING);
		go_on();
		fuzz_vm_take_rest();
	} else {
		fuzz_check(fuzz_vm.state != VM_RUNNING && err.text[0]);
	}
	return 0;
}
