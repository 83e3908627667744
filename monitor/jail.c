/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/jail.h"

#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/base.h"

/* The kernel's interface: libc's headers may be older than the kernel. */
#define LANDLOCK_VERSION UINT32_C(1)

struct landlock_ruleset {
	uint64_t fs, net, scoped;
};

/* All rights that each version knows; none is granted to anything. */
static const struct landlock_ruleset landlock_all[] = {
	{ 0x1fff, 0, 0 }, /* version 1 */
	{ 0x3fff, 0, 0 }, /* and moving between directories */
	{ 0x7fff, 0, 0 }, /* and truncating */
	{ 0x7fff, 3, 0 }, /* and TCP */
	{ 0xffff, 3, 0 }, /* and devices' requests */
	{ 0xffff, 3, 3 }, /* and abstract sockets, signals */
};

enum {
	LANDLOCK_VERSIONS = sizeof(landlock_all) / sizeof(landlock_all[0]),
};

int vm_jail_prepare(struct hexo_error *err)
{
	const struct rlimit none = { 0 };

	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    setrlimit(RLIMIT_CORE, &none) < 0)
		return hexo_fail_errno(err, "cannot drop privileges");
	return 0;
}

/*
 * Changing the root is enough: nothing that is open leads back, and who has
 * no capability cannot change it again. To unmount the old one costs up to
 * 4 ms, as the kernel waits for all its CPUs. /proc is a directory that
 * exists wherever hexo-vm runs.
 */
static void jail_files(void)
{
	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWIPC) < 0)
		return;
	if (mount("none", "/proc", "tmpfs",
		  MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
		  "size=4k,mode=555") < 0)
		return;
	if (chdir("/proc") == 0 && chroot(".") == 0)
		(void)chdir("/");
}

static void jail_landlock(void)
{
	long version =
		syscall(SYS_landlock_create_ruleset, NULL, 0, LANDLOCK_VERSION);
	cleanup_close int fd = -1;

	if (version < 1)
		return;
	if (version > LANDLOCK_VERSIONS)
		version = LANDLOCK_VERSIONS;
	/* Older kernels refuse fields they do not know unless these are 0. */
	fd = (int)syscall(SYS_landlock_create_ruleset,
			  &landlock_all[version - 1],
			  sizeof(struct landlock_ruleset), 0);
	if (fd >= 0)
		(void)syscall(SYS_landlock_restrict_self, fd, 0);
}

/* Root's own, and those that a user namespace gave. */
static int jail_capabilities(struct hexo_error *err)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3,
	};
	const struct __user_cap_data_struct none[2] = { 0 };

	if (syscall(SYS_capset, &head, none) < 0)
		return hexo_fail_errno(err, "cannot drop capabilities");
	return 0;
}

/* What it does none of. A line for standard error that is a file is dropped,
 * not the process. New processes are for the filters to forbid: KVM makes a
 * thread of its own when a vCPU first runs, which RLIMIT_NPROC counts. */
static int jail_limits(unsigned descriptors, struct hexo_error *err)
{
	const struct {
		int resource;
		rlim_t most;
	} limits[] = {
		{ RLIMIT_NOFILE, descriptors },
		{ RLIMIT_FSIZE, 0 },
		{ RLIMIT_MEMLOCK, 0 },
		{ RLIMIT_MSGQUEUE, 0 },
		{ RLIMIT_NICE, 0 },
		{ RLIMIT_RTPRIO, 0 },
	};

	signal(SIGXFSZ, SIG_IGN);
	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		const struct rlimit limit = { limits[i].most, limits[i].most };

		if (setrlimit(limits[i].resource, &limit) < 0)
			return hexo_fail_errno(err, "cannot limit resources");
	}
	return 0;
}

int vm_jail_enter(unsigned descriptors, struct hexo_error *err)
{
	int death = 0, r;

	/* New credentials may clear it: an orphan has to end. */
	(void)prctl(PR_GET_PDEATHSIG, &death);
	jail_files();
	jail_landlock();
	if (death)
		(void)prctl(PR_SET_PDEATHSIG, death);
	r = jail_limits(descriptors, err);
	return r < 0 ? r : jail_capabilities(err);
}
