/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c
// LINK: monitor/push.c monitor/fetch.c monitor/fetch_guest.c
// LINK: monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/hash.c base/base.c base/error.c
// LINK: base/thread.c tests/fuzz/shared/vm.c; -lpthread
// OPTIONS: -max_len=1024
/*
 * The target of a move: takes a stream in whose sections are the input's but
 * whose checksums are right, and what its home says then. A VM that goes on
 * afterwards must be one that can be shipped again.
 */
#include <string.h>

#include "hexo/isa.h"
#include "migrate/stream.h"
#include "tests/fuzz/shared/vm.h"

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

static void write_vm(struct migrate_writer *w, struct fuzz_input *in)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	uint8_t how = fuzz_byte(in);
	struct hexo_section_vm vm;

	fuzz_take(in, &vm, how & 1 ? sizeof(vm) : 0);
	if (!(how & 1))
		memset(&vm, 0, sizeof(vm));
	if (!(how & 2)) {
		vm.memory = l->portable_high - l->portable_low;
		vm.stack = l->pstack_high - l->pstack_low;
	}
	if (!(how & 4)) {
		vm.frame_bytes = fuzz_byte(in) * UINT64_C(128);
		vm.frames = vm.frame_bytes / 32;
	}
	if (!(how & 8))
		vm.source_isa = HEXO_ISA_aarch64;
	fuzz_check(migrate_writer_vm(w, &vm, NULL) == 0);
}

/* An address near the begin or the end of a part of the memory. */
static uint64_t some_page(struct fuzz_input *in)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	const uint64_t edges[] = {
		l->portable_low, l->portable_high,
		l->pstack_low,   l->pstack_high,
		l->frames_low,   l->frames_high,
		l->nstack_low,   0,
	};
	uint8_t which = fuzz_byte(in);
	int8_t off = (int8_t)fuzz_byte(in);

	return edges[which % 8] +
	       (uint64_t)(int64_t)off * (which & 128 ? 8 : HEXO_PAGE_SIZE);
}

static void write_section(struct migrate_writer *w, struct fuzz_input *in)
{
	static char pages[PAGES][HEXO_PAGE_SIZE] = { "page", "another" };
	uint8_t what = fuzz_byte(in);
	char raw[64];
	uint64_t addr;

	switch (what % 8) {
	case 0:
		write_vm(w, in);
		break;
	case 1:
	case 2:
		addr = some_page(in);
		migrate_writer_pages(w, addr, what % 8, pages, NULL);
		break;
	case 3:
		addr = some_page(in);
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
	const struct hexo_msg_ship ship = { 0 };

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
