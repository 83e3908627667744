/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/sandbox.h"
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

int trace_sandbox_enter(struct hexo_error *err)
{
	struct base_sandbox s;

	base_sandbox_begin(&s);
	base_sandbox_calls(&s, SCMP_ACT_ALLOW, calls, COUNT(calls));
	base_sandbox_calls(&s, SCMP_ACT_ERRNO(ENOENT), denied, COUNT(denied));
	base_sandbox_memory(&s, true);
	return base_sandbox_enter(&s, err);
}
