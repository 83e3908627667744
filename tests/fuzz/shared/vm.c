/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/shared/vm.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "migrate/stream.h"
#include "monitor/usage.h"

struct vm fuzz_vm;
static int home;

/* ---- the home's receiving half ---- */

static int take_later(void *ctx, uint64_t offset, struct hexo_error *err)
{
	return 0;
}

static void take_stream(struct migrate_reader *r, const struct migrate_msg *m)
{
	static const struct migrate_visitor visitor = { .later = take_later };
	struct hexo_error err;

	/* A post-copy ends early when the source is to go on. */
	if (r->later && m->len >= sizeof(struct hexo_stream_head) &&
	    *(const uint64_t *)m->data == HEXO_STREAM_MAGIC)
		migrate_reader_free(r);
	if (!r->data)
		fuzz_check(migrate_reader_init(r, NULL, &visitor, NULL, &err) ==
			   0);
	if (migrate_reader_feed(r, m->data, m->len, &err) < 0)
		fuzz_fail(__FILE__, __LINE__, err.text);
}

static void take_need(const struct migrate_msg *m)
{
	const struct vm_range *g;
	struct hexo_msg_need need;

	fuzz_check(m->len == sizeof(need));
	memcpy(&need, m->data, sizeof(need));
	g = vm_memory_find(&fuzz_vm.memory, need.addr);
	fuzz_check(g && vm_memory_is_program(&fuzz_vm.memory, g) &&
		   need.addr % HEXO_PAGE_SIZE == 0);
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
		case HEXO_MSG_NEED:
			take_need(&in.msg);
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

void fuzz_vm_create(void)
{
	static char boot[] = "boot block";
	int ends[2], room = 1 << 20;
	pthread_t thread;
	struct hexo_error err;

	vm_usage_open();
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	home = ends[0];
	fuzz_vm.elf.fd = -1;
	fuzz_vm.boot = boot;
	fuzz_vm.boot_len = sizeof(boot);
	fuzz_check(vm_memory_create(&fuzz_vm.memory, HEXO_MEMORY_MIN,
				    HEXO_STACK_MIN, false, &err) == 0);
	/* A constant of the program's, as its ELF would have it. */
	fuzz_check(vm_memory_allow(&fuzz_vm.memory, HEXO_PORTABLE_BASE,
				   FUZZ_VM_DATA, VM_READ, &err) == 0);
	fuzz_check(vm_memory_complete(&fuzz_vm.memory, &err) == 0);
	/* Code, to which registers may point. */
	fuzz_check(vm_memory_allow(&fuzz_vm.memory, HEXO_TEXT_BASE,
				   HEXO_TEXT_BASE + HEXO_PAGE_SIZE,
				   VM_READ | VM_EXEC, &err) == 0);
	/* A huge page for each word that is touched takes time. */
	madvise(vm_memory_own(&fuzz_vm.memory,
			      fuzz_vm.memory.layout.portable_low),
		HEXO_MEMORY_MIN, MADV_NOHUGEPAGE);
	fuzz_vm.control = vm_memory_own(&fuzz_vm.memory, HEXO_CONTROL_BASE);
	vm_dirty_create(&fuzz_vm.dirty, fuzz_vm.memory.layout.end);
	fuzz_vm.memory.dirty = &fuzz_vm.dirty;
	fuzz_check(vm_copy_create(&fuzz_vm.copy, &fuzz_vm, &err) == 0);
	/* Nobody would bring the pages that a post-copy leaves for later. */
	fuzz_vm.fetch =
		(struct vm_fetch){ .vm = &fuzz_vm, .fd = -1, .why = ENOSYS };
	fuzz_vm.memory.fetch = &fuzz_vm.fetch;
	fuzz_check(vm_link_start(&fuzz_vm.link, ends[1], fuzz_vm.control,
				 &fuzz_vm.copy, &fuzz_vm.fetch, &err) == 0);
	fuzz_check(!pthread_create(&thread, NULL, home_main, NULL));
}

void fuzz_vm_send(unsigned type, const void *data, size_t len)
{
	fuzz_check(migrate_channel_send(home, type, data, len, NULL) == 0);
}

void fuzz_vm_take_rest(void)
{
	unsigned type;

	fuzz_vm_send(HEXO_MSG_START, NULL, 0);
	do {
		type = vm_link_take(&fuzz_vm.link)->type;
		vm_link_release(&fuzz_vm.link);
	} while (type != HEXO_MSG_START);
}

void fuzz_vm_reset(enum vm_state state)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	const struct {
		uint64_t low, high;
	} parts[] = {
		{ FUZZ_VM_DATA, l->portable_high },
		{ l->pstack_low, l->pstack_high },
		{ l->frames_low, l->frames_high },
		{ l->nstack_low, l->nstack_high },
	};

	for (size_t i = 0; i < sizeof(parts) / sizeof(*parts); i++)
		fuzz_check(
			vm_memory_discard(&fuzz_vm.memory, vm_gva(parts[i].low),
					  parts[i].high - parts[i].low) == 0);
	vm_push_stop(&fuzz_vm);
	fuzz_vm.registers = (struct vm_registers){ 0 };
	fuzz_vm.dirty.pendings = 0;
	fuzz_vm.state = state;
	fuzz_vm.failure = (struct hexo_error){ 0 };
	fuzz_vm.frames = fuzz_vm.frame_bytes = fuzz_vm.step_begin =
		fuzz_vm.main_ns = 0;
	/* A probe that waits is answered. */
	__atomic_add_fetch(&fuzz_vm.control->polls, 1, __ATOMIC_SEQ_CST);
	vm_link_refresh(&fuzz_vm.link, false);
}
