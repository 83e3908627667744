/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"
#include "base/sandbox.h"
#include "node/storage_serve.h"

/* The kernel's interface: libc's headers may be older than the kernel. */
#define LANDLOCK_VERSION UINT32_C(1)

struct landlock_ruleset {
	uint64_t fs;
};

struct landlock_beneath {
	uint64_t allowed;
	int32_t parent;
} __attribute__((packed));

enum {
	LANDLOCK_RULE_BENEATH = 1,
	/* Before, what is confined cannot rename between directories. */
	LANDLOCK_MOVES = 2,
	LANDLOCK_TRUNCATES = 3,
	LANDLOCK_FS = 0x3fff, /* all rights of version 2 */
	LANDLOCK_TRUNCATE = 0x4000,
	LANDLOCK_READ = 0xc, /* files and directories */
	/* No programs, devices, sockets and pipes. */
	LANDLOCK_CHANGE = 0x31b2 | LANDLOCK_READ,
};

static int landlock_allow(int ruleset, const struct files_volume *v,
			  uint64_t change)
{
	const struct landlock_beneath rule = {
		.allowed = v->readonly ? LANDLOCK_READ : change,
		.parent = v->root,
	};

	return (int)syscall(SYS_landlock_add_rule, ruleset,
			    LANDLOCK_RULE_BENEATH, &rule, 0);
}

/* Where the kernel has it. */
static void confine_files(const struct files_volumes *volumes)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	bool truncates = version >= LANDLOCK_TRUNCATES;
	uint64_t more = truncates ? LANDLOCK_TRUNCATE : 0;
	const struct landlock_ruleset all = { LANDLOCK_FS | more };
	cleanup_close int fd = -1;

	if (version < LANDLOCK_MOVES)
		return;
	fd = (int)syscall(SYS_landlock_create_ruleset, &all, sizeof(all), 0);
	for (int i = 0; fd >= 0 && i < volumes->count; i++)
		if (volumes->at[i].root >= 0 &&
		    landlock_allow(fd, &volumes->at[i],
				   LANDLOCK_CHANGE | more) < 0)
			return;
	if (fd >= 0)
		(void)syscall(SYS_landlock_restrict_self, fd, 0);
}

static const int calls[] = {
	SCMP_SYS(read),         SCMP_SYS(write),
	SCMP_SYS(pread64),      SCMP_SYS(pwrite64),
	SCMP_SYS(pwritev2),     SCMP_SYS(lseek),
	SCMP_SYS(recvfrom),     SCMP_SYS(sendto),
	SCMP_SYS(sendmsg),      SCMP_SYS(poll),
	SCMP_SYS(ppoll),        SCMP_SYS(openat2),
	SCMP_SYS(close),        SCMP_SYS(fcntl),
	SCMP_SYS(fstat),        SCMP_SYS(newfstatat),
	SCMP_SYS(statx),        SCMP_SYS(getdents64),
	SCMP_SYS(readlink),     SCMP_SYS(readlinkat),
	SCMP_SYS(faccessat),    SCMP_SYS(faccessat2),
	SCMP_SYS(ftruncate),    SCMP_SYS(fsync),
	SCMP_SYS(fdatasync),    SCMP_SYS(syncfs),
	SCMP_SYS(unlinkat),     SCMP_SYS(mkdirat),
	SCMP_SYS(renameat),     SCMP_SYS(renameat2),
	SCMP_SYS(linkat),       SCMP_SYS(symlinkat),
	SCMP_SYS(chmod),        SCMP_SYS(fchmod),
	SCMP_SYS(fchmodat),     SCMP_SYS(utimensat),
	SCMP_SYS(brk),          SCMP_SYS(munmap),
	SCMP_SYS(mremap),       SCMP_SYS(madvise),
	SCMP_SYS(futex),        SCMP_SYS(getrandom),
	SCMP_SYS(getpid),       SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
};

int node_storage_confine(const struct files_volumes *volumes,
			 struct hexo_error *err)
{
	static const int none[] = { SCMP_SYS(ioctl) };
	struct base_sandbox s;

	confine_files(volumes);
	base_sandbox_begin(&s);
	base_sandbox_calls(&s, SCMP_ACT_ALLOW, calls,
			   sizeof(calls) / sizeof(calls[0]));
	/* There are no terminals and no devices. */
	base_sandbox_calls(&s, SCMP_ACT_ERRNO(ENOTTY), none, 1);
	base_sandbox_memory(&s, false);
	return base_sandbox_enter(&s, err);
}
