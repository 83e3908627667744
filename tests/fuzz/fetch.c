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
 * The target of a post-copy: takes a stream in up to LATER, and then sections
 * that are the input's, while a guest reads, writes and gives back memory that
 * may be missing. The guest waits for what is missing, for that alone, and
 * finds what came or what it did itself; the stream ends when all is there, and
 * not before. userfaultfd is the kernel's.
 */
#include <errno.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <semaphore.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/base.h"
#include "monitor/bits.h"
#include "tests/fuzz/shared/stream.h"

enum { STEPS_MAX = 64, SPAN = 4, PAGES_MAX = 4096, WAIT_S = 5 };

/* What a page of the program holds: its first word, or that it is missing. */
#define MISSING UINT64_MAX

enum guest_act { GUEST_READ, GUEST_WRITE, GUEST_DISCARD };

static uint64_t page[PAGES_MAX];

static struct {
	sem_t go;
	bool busy;    /* atomic: it acts, or waits for memory */
	bool wrong;   /* it read what it should not have */
	bool dropped; /* atomic: the VM is over */
	enum guest_act act;
	uint64_t first, count; /* pages */
} guest;

static struct {
	struct migrate_writer writer;
	char data[SPAN * HEXO_PAGE_SIZE + 256];
	size_t len;
	bool direct; /* to be fed, not sent by the home */
	bool torn;   /* bytes went into it that are no section */
} stream;

/* ---- pages by number, from the first of the memory on ---- */

static uint64_t addr_of(uint64_t number)
{
	return HEXO_PORTABLE_BASE + number * HEXO_PAGE_SIZE;
}

static uint64_t number_of(uint64_t addr)
{
	return (addr - HEXO_PORTABLE_BASE) / HEXO_PAGE_SIZE;
}

static bool is_program(uint64_t number)
{
	const struct vm_range *g =
		vm_memory_find(&fuzz_vm.memory, addr_of(number));

	return number < PAGES_MAX && g &&
	       vm_memory_is_program(&fuzz_vm.memory, g);
}

static uint64_t *word_of(uint64_t number)
{
	return vm_memory_own(&fuzz_vm.memory, addr_of(number));
}

/* ---- the guest ---- */

static void guest_act(void)
{
	const size_t len = guest.count * HEXO_PAGE_SIZE;
	const bool write = guest.act != GUEST_READ;
	const struct vm_gva addr = vm_gva(addr_of(guest.first));

	if (guest.act == GUEST_DISCARD) {
		guest.wrong |=
			vm_memory_discard(&fuzz_vm.memory, addr, len) < 0;
		return;
	}
	guest.wrong |= !vm_memory_at(&fuzz_vm.memory, addr, len, write);
	for (uint64_t i = guest.first; i < guest.first + guest.count; i++) {
		uint64_t *word = word_of(i);

		if (!__atomic_load_n(&guest.dropped, __ATOMIC_SEQ_CST))
			guest.wrong |= *word != page[i];
		if (write)
			*word = page[i] = 1000 + i;
	}
}

static void *guest_main(void *arg)
{
	for (;;) {
		while (sem_wait(&guest.go) < 0)
			;
		guest_act();
		__atomic_store_n(&guest.busy, false, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

static bool guest_is_busy(void)
{
	return __atomic_load_n(&guest.busy, __ATOMIC_SEQ_CST);
}

/* Whether the page it waits for, if it does, has been asked for. */
static bool guest_has_asked(void)
{
	struct vm_fetch *f = &fuzz_vm.fetch;
	uint64_t at = guest.first, end = at + guest.count;
	bool asked;

	while (at < end && page[at] != MISSING)
		at++;
	if (guest.act == GUEST_DISCARD || at == end)
		return false;
	pthread_mutex_lock(&f->lock);
	asked = vm_bits_get(f->asked, vm_dirty_bit(addr_of(at)));
	pthread_mutex_unlock(&f->lock);
	return asked;
}

/* Until it is done, or waits for what has not come. */
static void guest_settle(void)
{
	uint64_t end = base_now_ns() + WAIT_S * UINT64_C(1000000000);

	while (guest_is_busy() && !guest_has_asked()) {
		fuzz_check(base_now_ns() < end);
		sched_yield();
	}
	fuzz_check(!guest.wrong);
}

static void guest_go(enum guest_act act, uint64_t first, uint64_t count)
{
	for (uint64_t i = first; i < first + count; i++)
		if (!is_program(i))
			return;
	if (guest_is_busy())
		return;
	guest.act = act;
	guest.first = first;
	guest.count = count;
	__atomic_store_n(&guest.busy, true, __ATOMIC_SEQ_CST);
	sem_post(&guest.go);
	guest_settle();
	for (uint64_t i = first; act == GUEST_DISCARD && i < first + count; i++)
		page[i] = 0;
}

/* ---- the stream ---- */

static int put(void *ctx, const struct iovec *parts, int count,
	       struct hexo_error *err)
{
	stream.len = 0;
	for (int i = 0; i < count; i++) {
		fuzz_check(parts[i].iov_len <=
			   sizeof(stream.data) - stream.len);
		memcpy(stream.data + stream.len, parts[i].iov_base,
		       parts[i].iov_len);
		stream.len += parts[i].iov_len;
	}
	if (!stream.direct)
		fuzz_vm_send(HEXO_MSG_STREAM, stream.data, stream.len);
	return 0;
}

/* A page's number, near an edge or anywhere. */
static uint64_t some_page(struct fuzz_input *in)
{
	uint8_t how = fuzz_byte(in);

	if (how & 1)
		return number_of(fuzz_stream_page(in) & ~UINT64_C(4095));
	return 1 + (fuzz_byte(in) | (how & 2 ? 256 : 0));
}

/* What has come is taken unless the guest did something else with it. */
static void came(uint64_t first, uint64_t count, uint64_t value)
{
	for (uint64_t i = first; i < first + count; i++)
		if (is_program(i) && page[i] == MISSING)
			page[i] = value;
}

static void write_pages(struct fuzz_input *in)
{
	static uint64_t data[SPAN][HEXO_PAGE_SIZE / 8];
	uint64_t first = some_page(in), value = fuzz_byte(in) + 1;
	uint32_t count = 1 + value % SPAN;

	for (unsigned i = 0; i < SPAN; i++)
		data[i][0] = value;
	migrate_writer_pages(&stream.writer, addr_of(first), count, data, NULL);
	came(first, count, value);
}

static void write_zero(struct fuzz_input *in)
{
	uint8_t how = fuzz_byte(in);
	uint64_t first = some_page(in);
	uint64_t count = how & 128 ? how & 127 : how << 5;
	const struct vm_range *g =
		vm_memory_find(&fuzz_vm.memory, addr_of(first));

	/* All that a range has, so that the stream can end. */
	if (g && how == 255)
		count = number_of(g->high) - first;
	migrate_writer_zero(&stream.writer, addr_of(first), (uint32_t)count,
			    NULL);
	came(first, count, 0);
}

static void write_section(struct fuzz_input *in)
{
	size_t len;

	stream.len = 0;
	switch (fuzz_byte(in) % 16) {
	case 0:
		fuzz_stream_vm(&stream.writer, in);
		break;
	case 1:
		migrate_writer_round(&stream.writer, NULL);
		break;
	case 2:
		/* Before, it is what makes the difference. */
		if (stream.direct)
			migrate_writer_later(&stream.writer, NULL);
		break;
	case 3:
		len = fuzz_byte(in) % 64;
		memcpy(stream.data, fuzz_bytes(in, &len), len);
		stream.len = stream.direct ? len : 0;
		stream.torn = stream.direct;
		break;
	case 4:
		migrate_writer_end(&stream.writer, NULL);
		break;
	case 5:
	case 6:
	case 7:
	case 8:
		write_zero(in);
		break;
	default:
		write_pages(in);
		break;
	}
}

static uint64_t missing(void)
{
	uint64_t count = 0;

	for (uint64_t i = 0; i < PAGES_MAX; i++)
		count += page[i] == MISSING;
	return count;
}

/* A section, in two messages or in one. Returns what the VM says to it; after
 * a failure its process would end. */
static int feed(struct fuzz_input *in)
{
	const bool torn = stream.torn;
	struct migrate_msg msg = { .data = stream.data };
	struct hexo_error err = { 0 };
	size_t cut;
	int r;

	if (torn)
		__atomic_store_n(&guest.dropped, true, __ATOMIC_SEQ_CST);
	write_section(in);
	cut = fuzz_byte(in);
	if (cut >= stream.len)
		cut = 0;
	msg.len = (uint32_t)cut;
	r = cut ? vm_fetch_feed(&fuzz_vm.fetch, &msg, &err) : 0;
	msg.data = stream.data + cut;
	msg.len = (uint32_t)(stream.len - cut);
	if (r == 0)
		r = vm_fetch_feed(&fuzz_vm.fetch, &msg, &err);
	fuzz_check(r <= 0 && (r == 0 || err.text[0]));
	/* Nobody knows what came after bytes that may be anything. */
	if (torn)
		return -EINVAL;
	if (r == 0 && vm_fetch_is_on(&fuzz_vm.fetch)) {
		guest_settle();
		fuzz_check(fuzz_vm.fetch.left == missing());
	}
	return r;
}

/* The stream has ended, and the VM has said that all is there. */
static void check_whole(void)
{
	guest_settle();
	fuzz_check(!guest_is_busy() && !missing());
	for (uint64_t i = 0; i < PAGES_MAX; i++)
		fuzz_check(!is_program(i) || *word_of(i) == page[i]);
}

static void steps(struct fuzz_input *in)
{
	for (int i = 0; i < STEPS_MAX && in->left; i++) {
		uint8_t what = fuzz_byte(in);

		if (what & 1) {
			guest_go(what >> 1 & 3
					 ? GUEST_READ + (what >> 1 & 3) - 1
					 : GUEST_READ,
				 some_page(in), 1 + (what >> 3) % SPAN);
			continue;
		}
		if (feed(in) < 0)
			return;
		if (!vm_fetch_is_on(&fuzz_vm.fetch)) {
			check_whole();
			return;
		}
	}
}

/* ---- one input ---- */

/* Up to LATER; 0 if the VM runs then. */
static int begin(struct fuzz_input *in)
{
	const struct migrate_identity id = { 0 };
	const struct hexo_msg_poll poll = { 0 };
	struct hexo_error err = { 0 };
	uint8_t how = fuzz_byte(in);
	int r;

	stream.direct = false;
	fuzz_check(migrate_writer_begin(&stream.writer, &id, put, NULL, NULL) ==
		   0);
	fuzz_stream_vm(&stream.writer, in);
	for (int i = 0; i < how % 4; i++)
		write_section(in);
	migrate_writer_later(&stream.writer, NULL);
	fuzz_vm_send(HEXO_MSG_RUN, &poll, sizeof(poll));
	fuzz_vm_send(HEXO_MSG_LOG, NULL, 0);
	r = vm_receive(&fuzz_vm, &err);
	fuzz_check(r <= 0 && (r == 0 || err.text[0]));
	return r == 0 && vm_fetch_is_on(&fuzz_vm.fetch) ? 0 : -EINVAL;
}

/* What ends with hexo-vm's process: nobody waits any more. */
static void drop(void)
{
	struct vm_fetch *f = &fuzz_vm.fetch;
	const struct vm_memory *m = &fuzz_vm.memory;

	__atomic_store_n(&guest.dropped, true, __ATOMIC_SEQ_CST);
	__atomic_store_n(&f->on, false, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < m->ranges; i++) {
		struct uffdio_range range = {
			m->base + m->range[i].low,
			m->range[i].high - m->range[i].low,
		};

		if (vm_memory_is_program(m, &m->range[i]))
			(void)ioctl(f->fd, UFFDIO_UNREGISTER, &range);
	}
	while (guest_is_busy())
		sched_yield();
	migrate_reader_free(&f->reader);
	memset(f->missing, 0, fuzz_vm.dirty.words * sizeof(*f->missing));
	memset(f->asked, 0, fuzz_vm.dirty.words * sizeof(*f->asked));
	f->left = f->faults = 0;
	guest.wrong = stream.torn = false;
	__atomic_store_n(&guest.dropped, false, __ATOMIC_SEQ_CST);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	pthread_t thread;

	fuzz_vm_create();
	vm_fetch_open(&fuzz_vm.fetch, &fuzz_vm, false);
	if (fuzz_vm.fetch.fd < 0)
		fuzz_fail(__FILE__, __LINE__, strerror(fuzz_vm.fetch.why));
	fuzz_check(vm_fetch_create(&fuzz_vm.fetch, NULL) == 0);
	sem_init(&guest.go, 0, 0);
	fuzz_check(!pthread_create(&thread, NULL, guest_main, NULL));
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	int r;

	fuzz_vm_reset(VM_RECEIVING);
	for (uint64_t i = 0; i < PAGES_MAX; i++)
		page[i] = is_program(i) ? MISSING : 0;
	r = begin(&in);
	fuzz_vm_take_rest();
	/* What came before LATER was frames, or refused. */
	for (uint64_t i = 0; i < PAGES_MAX; i++)
		page[i] = is_program(i) ? MISSING : 0;
	stream.direct = true;
	if (r == 0)
		steps(&in);
	drop();
	return 0;
}
