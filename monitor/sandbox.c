/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/sandbox.h"

#include <linux/kvm.h>
#include <linux/userfaultfd.h>
#include <malloc.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/sandbox.h"
#include "monitor/backend.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The threads besides the guest's: link.c, copy.c; fetch.c has one more if
 * there is something to do for it. */
enum { HELPERS = 2 };

/* What all threads do: wait, use memory, read what is open. */
static const int calls_all[] = {
	SCMP_SYS(read),          SCMP_SYS(pread64),
	SCMP_SYS(close),         SCMP_SYS(poll),
	SCMP_SYS(ppoll),         SCMP_SYS(futex),
	SCMP_SYS(brk),           SCMP_SYS(munmap),
	SCMP_SYS(mremap),        SCMP_SYS(madvise),
	SCMP_SYS(clock_gettime), SCMP_SYS(restart_syscall),
	SCMP_SYS(exit_group),
};

static const int calls_guest[] = {
	SCMP_SYS(lseek),        SCMP_SYS(getrandom),      SCMP_SYS(getrusage),
	SCMP_SYS(rt_sigreturn), SCMP_SYS(rt_sigprocmask), SCMP_SYS(exit),
};

static const int calls_messages[] = {
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
};

static const unsigned long requests_vcpu[] = {
	KVM_RUN,
	KVM_GET_REGS,
	KVM_GET_SREGS,
	KVM_GET_ONE_REG,
};

/* The log of what the guest writes. Of all threads: the helpers take it while
 * the guest runs, the guest's thread when it is parked. */
static const unsigned long requests_vm[] = {
	KVM_SET_USER_MEMORY_REGION,
	KVM_GET_DIRTY_LOG,
};

/* Post-copy: the guest's thread begins it, the helpers do it. */
static const unsigned long requests_fetch[] = {
	UFFDIO_REGISTER, UFFDIO_UNREGISTER, UFFDIO_COPY,
	UFFDIO_ZEROPAGE, UFFDIO_WAKE,
};

static struct sock_fprog guest_program, helper_program;
static pthread_barrier_t all_confined;
static int failure; /* atomic: -errno of a helper that is not confined */

/* Calls whose first argument has to be this descriptor. */
static void add_calls(struct base_sandbox *s, int fd, const int *calls,
		      size_t count)
{
	const struct scmp_arg_cmp on =
		SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)fd);

	for (size_t i = 0; s->status == 0 && i < count; i++)
		s->status = seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					     calls[i], 1, on);
}

/* Requests by ioctl() to this descriptor. */
static void add_requests(struct base_sandbox *s, int fd,
			 const unsigned long *requests, size_t count)
{
	const struct scmp_arg_cmp on =
		SCMP_A0_32(SCMP_CMP_EQ, (scmp_datum_t)fd);

	for (size_t i = 0; s->status == 0 && i < count; i++)
		s->status = seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					     SCMP_SYS(ioctl), 2, on,
					     SCMP_A1(SCMP_CMP_EQ, requests[i]));
}

/* The rules that all threads have. */
static void sandbox_begin(struct base_sandbox *s, int channel, int vm,
			  int fetch)
{
	static const int report[] = { SCMP_SYS(write), SCMP_SYS(writev) };

	base_sandbox_begin(s);
	base_sandbox_calls(s, SCMP_ACT_ALLOW, calls_all, COUNT(calls_all));
	base_sandbox_memory(s, false);
	add_calls(s, channel, calls_messages, COUNT(calls_messages));
	add_calls(s, STDERR_FILENO, report, COUNT(report));
	add_requests(s, vm, requests_vm, COUNT(requests_vm));
	if (fetch >= 0)
		add_requests(s, fetch, requests_fetch, COUNT(requests_fetch));
}

static void confine_helper(const struct vm *vm)
{
	int r = base_sandbox_enter_thread(&helper_program);

	if (r < 0)
		__atomic_store_n(&failure, r, __ATOMIC_SEQ_CST);
	pthread_barrier_wait(&all_confined);
}

int vm_sandbox_prepare(struct vm *vm, int channel, struct hexo_error *err)
{
	const int fetch = vm->fetch.fd;
	struct base_sandbox s;
	int slot, vcpu, r;

	if (!vm->backend->descriptors)
		return 0;
	vm->backend->descriptors(&slot, &vcpu);
	sandbox_begin(&s, channel, slot, fetch);
	r = base_sandbox_export(&s, &helper_program, err);
	if (r < 0)
		return r;
	sandbox_begin(&s, channel, slot, fetch);
	base_sandbox_calls(&s, SCMP_ACT_ALLOW, calls_guest, COUNT(calls_guest));
	add_requests(&s, vcpu, requests_vcpu, COUNT(requests_vcpu));
	r = base_sandbox_export(&s, &guest_program, err);
	if (r < 0)
		return r;
	/* Other arenas than the first read a file of /proc when they shrink. */
	(void)mallopt(M_ARENA_MAX, 1);
	pthread_barrier_init(&all_confined, NULL, HELPERS + 1 + (fetch >= 0));
	vm->confine = confine_helper;
	return 0;
}

int vm_sandbox_enter(const struct vm *vm, struct hexo_error *err)
{
	int r;

	if (!vm->confine)
		return 0;
	r = base_sandbox_enter_thread(&guest_program);
	if (r == 0)
		pthread_barrier_wait(&all_confined);
	if (r == 0)
		r = __atomic_load_n(&failure, __ATOMIC_SEQ_CST);
	return r < 0 ? hexo_fail(err, r, "cannot enter the sandbox: %s",
				 strerror(-r))
		     : 0;
}
