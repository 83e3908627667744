/* SPDX-License-Identifier: Apache-2.0 */
/* A VM without a guest and its home, for tests of the monitor. */
#ifndef HEXO_TESTS_MONITOR_JOB_H
#define HEXO_TESTS_MONITOR_JOB_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "hexo/io.h"
#include "monitor/usage.h"
#include "monitor/vm.h"

#define MEMORY  HEXO_MEMORY_MIN
#define STACK   HEXO_STACK_MIN
#define REQUEST ((uint64_t)HEXO_PORTABLE_BASE)
#define BUFFER  ((uint64_t)HEXO_PORTABLE_BASE + HEXO_PAGE_SIZE)
#define OUTSIDE ((uint64_t)HEXO_TABLES_BASE)

/* A VM without a guest, and its home at the other end of the channel. The
 * channel stays open: closing it would end the process. */
struct job {
	struct vm vm;
	int home;
	struct migrate_inbox in;
};

static inline struct job *job_new(enum vm_state state)
{
	struct job *j = calloc(1, sizeof(*j));
	int ends[2], room = 1 << 20;

	vm_usage_open();
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
	setsockopt(ends[0], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	setsockopt(ends[1], SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
	j->home = ends[0];
	j->vm.elf.fd = -1;
	assert_int_equal(vm_memory_create(&j->vm.memory, MEMORY, STACK, false,
					  NULL),
			 0);
	assert_int_equal(vm_memory_complete(&j->vm.memory, NULL), 0);
	j->vm.control = vm_memory_own(&j->vm.memory, HEXO_CONTROL_BASE);
	vm_dirty_create(&j->vm.dirty, j->vm.memory.layout.end);
	assert_int_equal(vm_copy_create(&j->vm.copy, &j->vm, NULL), 0);
	vm_fetch_open(&j->vm.fetch, &j->vm, false);
	assert_int_equal(vm_fetch_create(&j->vm.fetch, NULL), 0);
	j->vm.memory.fetch = &j->vm.fetch;
	assert_int_equal(vm_link_start(&j->vm.link, ends[1], j->vm.control,
				       &j->vm.copy, &j->vm.fetch, NULL),
			 0);
	j->vm.state = state;
	return j;
}

static inline int set_up(void **state)
{
	*state = job_new(VM_RUNNING);
	return 0;
}

/* The thread keeps using the job: it is never freed. */
static struct job *jobs_alive[64];

static inline int tear_down(void **state)
{
	static unsigned n;

	jobs_alive[n++] = *state;
	return 0;
}

/* Makes a hypercall; returns the request as the guest finds it. */
static inline void *call(struct job *j, uint32_t number, const void *q,
			 size_t size)
{
	void *to = vm_memory_at(&j->vm.memory, vm_gva(REQUEST), size, true);

	memcpy(to, q, size);
	vm_hypercall(&j->vm, number, REQUEST);
	return to;
}

static inline int64_t call_result(struct job *j, uint32_t number, const void *q,
				  size_t size)
{
	return *(int64_t *)call(j, number, q, size);
}

#define CALL(j, number, q) call_result(j, number, &(q), sizeof(q))

static inline void send_home(struct job *j, unsigned type, const void *data,
			     size_t n)
{
	assert_int_equal(migrate_channel_send(j->home, type, data, n, NULL), 0);
}

/* The next message to the home, which must be of this type. */
static inline const struct migrate_msg *at_home(struct job *j, unsigned type)
{
	struct hexo_error err;
	int r = migrate_inbox_wait(&j->in, j->home, 5000, &err);

	if (r < 0)
		fail_msg("%s", err.text);
	assert_string_equal(migrate_msg_name(j->in.msg.type),
			    migrate_msg_name(type));
	return &j->in.msg;
}

#endif
