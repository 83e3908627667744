/* SPDX-License-Identifier: Apache-2.0 */
/* Clocks and sleeping. The monitor keeps time; it never runs backwards. */
#include "guest/kernel/kernel.h"
#include "guest/kernel/syscall.h"

#define SECOND UINT64_C(1000000000)

/* The monitor's number of a clock, or -EINVAL. */
static int host_clock(int clock)
{
	switch (clock) {
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_COARSE:
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_MONOTONIC_COARSE:
	case CLOCK_BOOTTIME:
		return 1;
	case CLOCK_PROCESS_CPUTIME_ID:
	case CLOCK_THREAD_CPUTIME_ID:
		return 2;
	default:
		return -EINVAL;
	}
}

static struct abi_timespec timespec_of(uint64_t ns)
{
	return (struct abi_timespec){ (int64_t)(ns / SECOND),
				      (int64_t)(ns % SECOND) };
}

static struct abi_timeval timeval_of(uint64_t ns)
{
	return (struct abi_timeval){ (int64_t)(ns / SECOND),
				     (int64_t)(ns % SECOND / 1000) };
}

int kernel_timespec_ns(const struct abi_timespec *t, uint64_t *ns)
{
	if (t->sec < 0 || t->nsec < 0 || (uint64_t)t->nsec >= SECOND)
		return -EINVAL;
	if ((uint64_t)t->sec >= INT64_MAX / SECOND)
		*ns = INT64_MAX;
	else
		*ns = (uint64_t)t->sec * SECOND + (uint64_t)t->nsec;
	return 0;
}

void kernel_wait_ns(uint64_t ns)
{
	while (ns) {
		ns = kernel_sleep(ns);
		hexo_poll_wait();
	}
}

long sys_clock_gettime(int clock, struct abi_timespec *to)
{
	int which = host_clock(clock);

	if (which < 0)
		return which;
	*to = timespec_of(kernel_clock((unsigned)which));
	return 0;
}

long sys_clock_getres(int clock, struct abi_timespec *to)
{
	int which = host_clock(clock);

	if (which < 0)
		return which;
	if (to)
		*to = timespec_of(1);
	return 0;
}

long sys_gettimeofday(struct abi_timeval *to)
{
	if (to)
		*to = timeval_of(kernel_clock(0));
	return 0;
}

long sys_clock_nanosleep(int clock, int flags, const struct abi_timespec *t)
{
	int which = host_clock(clock);
	uint64_t ns, now;
	int status;

	if (which != 0 && which != 1)
		return -EINVAL;
	status = kernel_timespec_ns(t, &ns);
	if (status)
		return status;
	if (flags & TIMER_ABSTIME) {
		now = kernel_clock((unsigned)which);
		ns = ns > now ? ns - now : 0;
	}
	kernel_wait_ns(ns);
	return 0;
}

long sys_nanosleep(const struct abi_timespec *t)
{
	return sys_clock_nanosleep(CLOCK_MONOTONIC, 0, t);
}

/* All CPU time counts as the user's. */
long sys_times(struct abi_tms *to)
{
	if (to)
		*to = (struct abi_tms){ .user = (int64_t)(kernel_clock(2) /
							  (SECOND / 100)) };
	return (long)(kernel_clock(1) / (SECOND / 100));
}

long sys_getrusage(int who, struct abi_rusage *to)
{
	/* What is allocated now stands for the peak. */
	uint64_t used = kernel_mem_total() - kernel_mem_free();

	*to = (struct abi_rusage){ .rest = { (int64_t)(used / 1024) } };
	if (who != -1) /* RUSAGE_CHILDREN: there are none */
		to->user = timeval_of(kernel_clock(2));
	return 0;
}
