/* SPDX-License-Identifier: Apache-2.0 */
/* The one process: who it is, what it may use, how it ends. */
#include "guest/kernel/kernel.h"
#include "guest/kernel/syscall.h"
#include "guest/kernel/file.h"

KERNEL_NEVER_WAITS

long sys_exit_group(int status)
{
	kernel_exit((uint64_t)status & 0xff);
}

/* The only thread. */
long sys_exit(int status)
{
	kernel_exit((uint64_t)status & 0xff);
}

long sys_getpid(void)
{
	return KERNEL_PID;
}

long sys_gettid(void)
{
	return KERNEL_PID;
}

long sys_getppid(void)
{
	return 0;
}

long sys_getuid(void)
{
	return KERNEL_UID;
}

long sys_geteuid(void)
{
	return KERNEL_UID;
}

long sys_getgid(void)
{
	return KERNEL_GID;
}

long sys_getegid(void)
{
	return KERNEL_GID;
}

static long three_ids(uint32_t id, uint32_t *real, uint32_t *effective,
		      uint32_t *saved)
{
	*real = *effective = *saved = id;
	return 0;
}

long sys_getresuid(uint32_t *real, uint32_t *effective, uint32_t *saved)
{
	return three_ids(KERNEL_UID, real, effective, saved);
}

long sys_getresgid(uint32_t *real, uint32_t *effective, uint32_t *saved)
{
	return three_ids(KERNEL_GID, real, effective, saved);
}

long sys_getgroups(int n, uint32_t *to)
{
	return 0;
}

long sys_wait4(void)
{
	return -ECHILD;
}

long sys_set_tid_address(int *at)
{
	return KERNEL_PID;
}

long sys_set_robust_list(void)
{
	return 0;
}

long sys_sched_yield(void)
{
	return 0;
}

long sys_sched_getaffinity(int pid, uint64_t size, uint64_t *mask)
{
	if (size < 8 || size % 8)
		return -EINVAL;
	*mask = 1;
	return 8;
}

long sys_sched_setaffinity(int pid, uint64_t size, const uint64_t *mask)
{
	return size >= 8 && (*mask & 1) ? 0 : -EINVAL;
}

long sys_getcpu(uint32_t *cpu, uint32_t *node)
{
	if (cpu)
		*cpu = 0;
	if (node)
		*node = 0;
	return 0;
}

long sys_uname(struct abi_utsname *to)
{
	*to = (struct abi_utsname){
		.sysname = "Linux",
		.nodename = "hexo",
		.release = "6.1.0-hexo",
		.version = "#1 hexo",
		.machine = "hexo",
		.domain = "(none)",
	};
	return 0;
}

long sys_sysinfo(struct abi_sysinfo *to)
{
	*to = (struct abi_sysinfo){
		.uptime = (int64_t)(kernel_clock(1) / 1000000000),
		.total = kernel_mem_total(),
		.free = kernel_mem_free(),
		.procs = 1,
		.unit = 1,
	};
	return 0;
}

long sys_getrandom(char *to, uint64_t len, uint32_t flags)
{
	return kernel_random(to, len);
}

static uint64_t limit_of(int resource)
{
	switch (resource) {
	case RLIMIT_STACK:
		return kernel_control()->stack;
	case RLIMIT_NOFILE:
		return KERNEL_FILES;
	case RLIMIT_AS:
		return kernel_mem_total();
	default:
		return RLIM_INFINITY;
	}
}

/* Limits are facts here: setting one is accepted if it does not ask for
 * more, and changes nothing. */
long sys_prlimit64(int pid, int resource, const struct abi_rlimit *to,
		   struct abi_rlimit *old)
{
	uint64_t limit;

	if (pid != 0 && pid != KERNEL_PID)
		return -ESRCH;
	if (resource < 0 || resource >= RLIMIT_COUNT)
		return -EINVAL;
	limit = limit_of(resource);
	if (old)
		*old = (struct abi_rlimit){ limit, limit };
	return to && to->cur > limit ? -EPERM : 0;
}

long sys_getrlimit(int resource, struct abi_rlimit *to)
{
	return sys_prlimit64(0, resource, NULL, to);
}

long sys_setrlimit(int resource, const struct abi_rlimit *to)
{
	return sys_prlimit64(0, resource, to, NULL);
}

long sys_prctl(int option)
{
	return option == PR_SET_NAME ? 0 : -EINVAL;
}

KERNEL_NEVER_WAITS_END
