/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "trace/trace.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

/* The descriptors that are there can be read and written. */
static const int calls[] = {
	SCMP_SYS(read),       SCMP_SYS(pread64), SCMP_SYS(write),
	SCMP_SYS(lseek),      SCMP_SYS(close),   SCMP_SYS(dup),
	SCMP_SYS(fcntl),      SCMP_SYS(fstat),   SCMP_SYS(newfstatat),
	SCMP_SYS(futex),      SCMP_SYS(brk),     SCMP_SYS(munmap),
	SCMP_SYS(mremap),     SCMP_SYS(madvise), SCMP_SYS(getrandom),
	SCMP_SYS(exit_group),
};

/* libdw asks where its files are, and files for further ones: it is told that
 * nothing is there. */
static const int denied[] = {
	SCMP_SYS(readlink), SCMP_SYS(readlinkat), SCMP_SYS(open),
	SCMP_SYS(openat),   SCMP_SYS(access),     SCMP_SYS(getcwd),
};

static int add_rules(scmp_filter_ctx filter)
{
	int r = 0;

	for (size_t k = 0; r == 0 && k < COUNT(calls); k++)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, calls[k], 0);
	for (size_t k = 0; r == 0 && k < COUNT(denied); k++)
		r = seccomp_rule_add(filter, SCMP_ACT_ERRNO(ENOENT), denied[k],
				     0);
	/* memory and files, but never code */
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mmap), 1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	if (r == 0)
		r = seccomp_rule_add(filter, SCMP_ACT_ALLOW, SCMP_SYS(mprotect),
				     1,
				     SCMP_A2(SCMP_CMP_MASKED_EQ, PROT_EXEC, 0));
	return r;
}

int trace_sandbox_enter(struct hexo_error *err)
{
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_KILL_PROCESS);
	int r = filter ? add_rules(filter) : -ENOMEM;

	if (r == 0)
		r = seccomp_load(filter);
	seccomp_release(filter);
	if (r < 0)
		return hexo_fail(err, r, "cannot enter the sandbox: %s",
				 strerror(-r));
	return 0;
}
