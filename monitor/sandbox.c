/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/sandbox.h"

#include <linux/kvm.h>
#include <linux/userfaultfd.h>
#include <stddef.h>

#include "base/sandbox.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* Descriptors can be used, none can be made. */
static const int calls[] = {
	SCMP_SYS(read),
	SCMP_SYS(pread64),
	SCMP_SYS(write),
	SCMP_SYS(lseek),
	SCMP_SYS(close),
	SCMP_SYS(recvfrom),
	SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),
	SCMP_SYS(writev),
	SCMP_SYS(poll),
	SCMP_SYS(ppoll),
	SCMP_SYS(futex),
	SCMP_SYS(brk),
	SCMP_SYS(munmap),
	SCMP_SYS(mremap),
	SCMP_SYS(madvise),
	SCMP_SYS(getrandom),
	SCMP_SYS(getrusage),
	SCMP_SYS(clock_gettime),
	SCMP_SYS(rt_sigreturn),
	SCMP_SYS(rt_sigprocmask),
	SCMP_SYS(restart_syscall),
	/* The channel's thread may still be starting. */
	SCMP_SYS(set_robust_list),
	SCMP_SYS(rseq),
	SCMP_SYS(exit),
	SCMP_SYS(exit_group),
};

/* Of the many things ioctl() can do: running the vCPU and reading it, the
 * log of what it writes, and post-copy. */
static const unsigned long ioctls[] = {
	KVM_RUN,
	KVM_GET_REGS,
	KVM_GET_SREGS,
	KVM_GET_ONE_REG,
	KVM_SET_USER_MEMORY_REGION,
	KVM_GET_DIRTY_LOG,
	UFFDIO_REGISTER,
	UFFDIO_UNREGISTER,
	UFFDIO_COPY,
	UFFDIO_ZEROPAGE,
	UFFDIO_WAKE,
};

static void add_ioctls(struct base_sandbox *s)
{
	for (size_t i = 0; s->status == 0 && i < COUNT(ioctls); i++)
		s->status = seccomp_rule_add(s->filter, SCMP_ACT_ALLOW,
					     SCMP_SYS(ioctl), 1,
					     SCMP_A1(SCMP_CMP_EQ, ioctls[i]));
}

int vm_sandbox_enter(const struct vm_backend *backend, struct hexo_error *err)
{
	struct base_sandbox s;

	/* A guest in the monitor's own process is not confined by hiding the
	 * monitor's system calls, and emulators know no filters. */
	if (backend != &vm_backend_kvm)
		return 0;
	base_sandbox_begin(&s);
	base_sandbox_calls(&s, SCMP_ACT_ALLOW, calls, COUNT(calls));
	add_ioctls(&s);
	base_sandbox_memory(&s, false);
	return base_sandbox_enter(&s, err);
}
