/* SPDX-License-Identifier: Apache-2.0 */
/* From a number to a system call. */
#include "guest/kernel/syscall.h"

#include "guest/kernel/kernel.h"

enum { NUMBERS = 512 };

KERNEL_NEVER_WAITS

static const char *missing_name(long number)
{
	switch (number) {
#define X(number, name) \
	case number:    \
		return #name;
		KERNEL_MISSING_CALLS(X)
#undef X
	default:
		return NULL;
	}
}

static bool is_optional(long number)
{
	switch (number) {
#define X(number, name) \
	case number:    \
		return true;
		KERNEL_OPTIONAL_CALLS(X)
#undef X
	default:
		return false;
	}
}

/* Says so once for each number. */
static __attribute__((noinline, cold)) long missing(long number)
{
	static uint64_t said[NUMBERS / 64];
	unsigned long n = (unsigned long)number;
	struct kernel_line l = { 0 };
	const char *name = missing_name(number);

	if (is_optional(number))
		return -ENOSYS;
	if (n < NUMBERS) {
		if (said[n / 64] >> (n % 64) & 1)
			return -ENOSYS;
		said[n / 64] |= UINT64_C(1) << (n % 64);
	}
	kernel_line_text(&l, "system call ");
	kernel_line_number(&l, n);
	if (name) {
		kernel_line_text(&l, " (");
		kernel_line_text(&l, name);
		kernel_line_text(&l, ")");
	}
	kernel_line_text(&l, " is not implemented");
	kernel_line_log(&l);
	return -ENOSYS;
}

KERNEL_NEVER_WAITS_END

#define P(word) ((void *)(word))

/* Direct calls, so that a constant number leaves one of them. */
long hexo_syscall(long number, long a, long b, long c, long d, long e, long f)
{
	switch (number) {
#define X(number, name, parameters, arguments) \
	case number:                           \
		return sys_##name arguments;
		KERNEL_SYSCALLS(X)
#undef X
	default:
		return missing(number);
	}
}
