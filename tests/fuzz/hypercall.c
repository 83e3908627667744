/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/hash.c base/base.c base/error.c
// LINK: base/thread.c; -lpthread
// OPTIONS: -max_len=4096
/*
 * Hypercalls of a hostile guest, and a home that answers what it likes: a VM
 * without a guest, its memory and the channel as in hexo-vm. A thread is the
 * home's receiving half: all that the VM sends must be well-formed, its
 * streams, too. Messages that end hexo-vm (KILL, a second COPY) are not sent.
 */
#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "hexo/io.h"
#include "migrate/stream.h"
#include "monitor/usage.h"
#include "monitor/vm.h"
#include "tests/fuzz/shared/fuzz.h"

enum { CALLS_MAX = 16, REQUEST_MAX = 88 };

static struct vm vm;
static int home;

/* ---- the home's receiving half ---- */

static void take_stream(struct migrate_reader *r, const struct migrate_msg *m)
{
	static const struct migrate_visitor visitor;
	struct hexo_error err;

	if (!r->data)
		fuzz_check(migrate_reader_init(r, NULL, &visitor, NULL, &err) ==
			   0);
	if (migrate_reader_feed(r, m->data, m->len, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, err.text);
}

static void *home_main(void *arg)
{
	struct migrate_inbox in = { 0 };
	struct migrate_reader reader = { 0 };
	struct hexo_error err;

	while (migrate_inbox_wait(&in, home, -1, &err) == 0) {
		switch (in.msg.type) {
		case HEXO_MSG_STREAM:
			take_stream(&reader, &in.msg);
			break;
		case HEXO_MSG_SHIPPED:
			fuzz_check(migrate_reader_finish(&reader, &err) == 0);
			migrate_reader_free(&reader);
			break;
		case HEXO_MSG_IO:
			fuzz_check(in.msg.len >= sizeof(struct hexo_msg_io));
			break;
		case HEXO_MSG_FAULT:
			fuzz_check(in.msg.len >= sizeof(struct hexo_msg_fault));
			break;
		default:
			break;
		}
	}
	fuzz_fail(__FILE__, __LINE__, err.text);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	static char boot[] = "boot block";
	int ends[2], room = 1 << 20;
	pthread_t thread;
	struct hexo_error err;

	vm_usage_open();
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	home = ends[0];
	vm.elf.fd = -1;
	vm.boot = boot;
	vm.boot_len = sizeof(boot);
	fuzz_check(vm_memory_create(&vm.memory, HEXO_MEMORY_MIN, HEXO_STACK_MIN,
				    false, &err) == 0);
	fuzz_check(vm_memory_complete(&vm.memory, &err) == 0);
	/* A huge page for each word that is touched takes time. */
	madvise(vm_memory_own(&vm.memory, vm.memory.layout.portable_low),
		HEXO_MEMORY_MIN, MADV_NOHUGEPAGE);
	vm.control = vm_memory_own(&vm.memory, HEXO_CONTROL_BASE);
	vm_dirty_create(&vm.dirty, vm.memory.layout.end);
	vm.memory.dirty = &vm.dirty;
	fuzz_check(vm_copy_create(&vm.copy, &vm, &err) == 0);
	fuzz_check(vm_link_start(&vm.link, ends[1], vm.control, &vm.copy,
				 &err) == 0);
	fuzz_check(!pthread_create(&thread, NULL, home_main, NULL));
	return 0;
}

/* ---- what the input says ---- */

static void send_home(unsigned type, const void *data, size_t len)
{
	fuzz_check(migrate_channel_send(home, type, data, len, NULL) == 0);
}

static void send_message(struct fuzz_input *in)
{
	static const uint16_t types[] = {
		HEXO_MSG_IO_REPLY, HEXO_MSG_RESUME,    HEXO_MSG_SHIP,
		HEXO_MSG_RELEASE,  HEXO_MSG_PARK,      HEXO_MSG_RUN,
		HEXO_MSG_PROBE,    HEXO_MSG_COPY_STOP, HEXO_MSG_STREAM,
		HEXO_MSG_RECEIVE,
	};
	unsigned type = types[fuzz_byte(in) % (sizeof(types) / sizeof(*types))];
	char data[sizeof(struct hexo_msg_io_reply) + 255];
	size_t len = fuzz_byte(in);

	/* Most answers are as long as they must be. */
	if (type == HEXO_MSG_IO_REPLY)
		len += sizeof(struct hexo_msg_io_reply);
	else if (type == HEXO_MSG_RESUME && len < 240)
		len = sizeof(struct hexo_msg_poll);
	fuzz_take(in, data, len);
	send_home(type, data, len);
}

/* Has a range of the request lie in memory, if the input wants that. */
static void place(uint8_t *request, size_t at, uint8_t how)
{
	uint64_t range[2];

	memcpy(range, request + at, sizeof(range));
	if (how & 1)
		range[0] = HEXO_PORTABLE_BASE + (range[0] & 0x1ffff);
	if (how & 2)
		range[0] = vm.memory.layout.portable_high - (range[0] & 0xffff);
	if (how & 4)
		range[1] &= 0x3ffff;
	memcpy(request + at, range, sizeof(range));
}

static void make_request(struct fuzz_input *in, uint32_t number,
			 uint8_t request[REQUEST_MAX])
{
	uint8_t how = fuzz_byte(in);
	uint64_t ns;

	fuzz_take(in, request, REQUEST_MAX);
	switch (number) {
	case HEXO_HC_IO:
		place(request, offsetof(struct hexo_hc_io, in_addr), how);
		place(request, offsetof(struct hexo_hc_io, out_addr), how >> 3);
		break;
	case HEXO_HC_SLEEP:
		/* As long as the input likes would be too long for us. */
		memcpy(&ns, request + offsetof(struct hexo_hc_sleep, ns), 8);
		ns %= 100000;
		memcpy(request + offsetof(struct hexo_hc_sleep, ns), &ns, 8);
		break;
	default:
		place(request, offsetof(struct hexo_hc_buffer, addr), how);
		break;
	}
}

/* Takes what the VM has left of the messages. */
static void take_rest(void)
{
	unsigned type;

	send_home(HEXO_MSG_START, NULL, 0);
	do {
		type = vm_link_take(&vm.link)->type;
		vm_link_release(&vm.link);
	} while (type != HEXO_MSG_START);
}

static void call(struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in), where = fuzz_byte(in);
	uint32_t number = fuzz_byte(in);
	uint64_t addr = HEXO_PORTABLE_BASE + where * UINT64_C(8);
	uint8_t request[REQUEST_MAX];
	void *to;

	if (number < 240)
		number %= HEXO_HC_COUNT;
	for (unsigned i = 0; i < (what & 3); i++)
		send_message(in);
	/* Whoever waits for more gets what belongs nowhere. */
	send_home(HEXO_MSG_LOG, NULL, 0);
	if (where > 250)
		fuzz_take(in, &addr, sizeof(addr));
	make_request(in, number, request);
	to = vm_memory_at(&vm.memory, vm_gva(addr), sizeof(request), true);
	if (to)
		memcpy(to, request, sizeof(request));
	vm_hypercall(&vm, number, addr);
	fuzz_check(!vm.dirty.pendings);
	fuzz_check(vm.state == VM_RUNNING || vm.state == VM_RESUMING ||
		   vm_is_over(&vm));
	take_rest();
}

static void reset(void)
{
	const struct hexo_layout *l = &vm.memory.layout;

	vm_memory_discard(&vm.memory, vm_gva(l->portable_low),
			  l->portable_high - l->portable_low);
	vm_memory_discard(&vm.memory, vm_gva(l->frames_low),
			  l->frames_high - l->frames_low);
	vm.dirty.pendings = 0;
	vm.state = VM_RUNNING;
	vm.failure = (struct hexo_error){ 0 };
	vm.frames = vm.frame_bytes = vm.step_begin = vm.main_ns = 0;
	/* A probe that waits is answered. */
	__atomic_add_fetch(&vm.control->polls, 1, __ATOMIC_SEQ_CST);
	vm_link_refresh(&vm.link, false);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };

	reset();
	for (int i = 0; i < CALLS_MAX && in.left && !vm_is_over(&vm); i++)
		call(&in);
	return 0;
}
