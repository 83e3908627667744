/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Paths: the working directory, and the absolute, normalised form that the
 * job's home wants. ".." is folded by name: the home resolves links.
 */
#ifndef KERNEL_PATH_H
#define KERNEL_PATH_H

#include "guest/kernel/kernel.h"

struct kernel_path {
	uint32_t len; /* without the NUL */
	char text[HEXO_IO_PATH_MAX];
};

/* Two for the use of the system call that is running. */
extern struct kernel_path kernel_path[2];

/*
 * Makes path absolute, seen from the directory dirfd (or AT_FDCWD). 0 or
 * -ENOENT (empty), -ENAMETOOLONG, -EBADF, -ENOTDIR.
 */
int kernel_path_resolve(int dirfd, const char *path, struct kernel_path *to);

void kernel_path_set_cwd(const char *path); /* absolute */

#endif
