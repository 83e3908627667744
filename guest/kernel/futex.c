/* SPDX-License-Identifier: Apache-2.0 */
/* Locks, as long as there is one thread: nobody waits, nobody would wake. */
#include "guest/kernel/kernel.h"
#include "guest/kernel/syscall.h"

static long wait(const volatile int *at, int value,
		 const struct abi_timespec *timeout, bool absolute,
		 bool realtime)
{
	uint64_t ns, now;
	int status;

	if (*at != value)
		return -EAGAIN;
	if (!timeout)
		kernel_panic("deadlock: the program's only thread waits for a "
			     "lock that it alone could release");
	status = kernel_timespec_ns(timeout, &ns);
	if (status)
		return status;
	if (absolute) {
		now = kernel_clock(realtime ? 0 : 1);
		ns = ns > now ? ns - now : 0;
	}
	kernel_wait_ns(ns);
	return -ETIMEDOUT;
}

long sys_futex(int *at, int op, int value, const struct abi_timespec *timeout)
{
	bool realtime = op & FUTEX_CLOCK_REALTIME;

	switch (op & FUTEX_CMD_MASK) {
	case FUTEX_WAIT:
		return wait(at, value, timeout, false, realtime);
	case FUTEX_WAIT_BITSET:
		return wait(at, value, timeout, true, realtime);
	case FUTEX_WAKE:
	case FUTEX_WAKE_BITSET:
	case FUTEX_WAKE_OP:
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return 0;
	default:
		return -ENOSYS;
	}
}
