/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Waiting for files. Files are always ready, terminals and pipes of the home
 * included: a read from those waits. Only pipes inside the program may not
 * be, and nobody could change that while it waits.
 */
#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

static uint32_t ready_events(const struct kernel_file *f)
{
	uint32_t events = 0;

	if (f->kind == KERNEL_FILE_PIPE && !kernel_pipe_is_ready(f))
		return 0;
	if (kernel_file_reads(f))
		events |= POLLIN;
	if (kernel_file_writes(f))
		events |= POLLOUT;
	return events;
}

static long poll_now(struct abi_pollfd *fds, uint64_t n)
{
	long ready = 0;

	for (uint64_t k = 0; k < n; k++) {
		struct kernel_file *f = kernel_file_get(fds[k].fd);

		fds[k].revents = 0;
		if (f)
			fds[k].revents = (int16_t)(ready_events(f) &
						   (uint16_t)fds[k].events);
		else if (fds[k].fd >= 0)
			fds[k].revents = POLLNVAL;
		ready += fds[k].revents != 0;
	}
	return ready;
}

static bool bit_get(const uint64_t *set, int k)
{
	return set && (set[k / 64] >> (k % 64) & 1);
}

/* Keeps the bits of set whose files are ready for events. -EBADF for a bit
 * that is no file. */
static long select_now(uint64_t *set, int n, uint32_t events)
{
	long ready = 0;

	for (int k = 0; k < n; k++) {
		struct kernel_file *f = kernel_file_get(k);

		if (!bit_get(set, k))
			continue;
		if (!f)
			return -EBADF;
		if (ready_events(f) & events)
			ready++;
		else
			set[k / 64] &= ~(UINT64_C(1) << (k % 64));
	}
	return ready;
}

KERNEL_NEVER_WAITS_END

/* Sleeps the time that is given; for ever is a mistake. */
static long wait_for_nothing(const struct abi_timespec *timeout)
{
	uint64_t ns;
	int status;

	if (!timeout)
		kernel_panic("deadlock: the program's only thread waits for "
			     "ever for what it alone could do");
	status = kernel_timespec_ns(timeout, &ns);
	if (status)
		return status;
	kernel_wait_ns(ns);
	return 0;
}

long sys_ppoll(struct abi_pollfd *fds, uint64_t n,
	       const struct abi_timespec *timeout)
{
	long ready;

	if (n > KERNEL_FILES)
		return -EINVAL;
	ready = poll_now(fds, n);
	return ready ? ready : wait_for_nothing(timeout);
}

long sys_pselect6(int n, uint64_t *in, uint64_t *out, uint64_t *except,
		  const struct abi_timespec *timeout)
{
	long readable, writable;

	if (n < 0 || n > KERNEL_FILES)
		return -EINVAL;
	readable = select_now(in, n, POLLIN);
	if (readable < 0)
		return readable;
	writable = select_now(out, n, POLLOUT);
	if (writable < 0)
		return writable;
	if (except)
		memset(except, 0, ((uint64_t)n + 63) / 64 * 8);
	if (readable + writable)
		return readable + writable;
	return wait_for_nothing(timeout);
}
