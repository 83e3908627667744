/* SPDX-License-Identifier: Apache-2.0 */
/* What is known about files: stat, access, and changing it. */
#include "guest/kernel/file.h"
#include "guest/kernel/path.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

/* Files without a handle look like a character device, or a pipe. */
static void stat_own(const struct kernel_file *f, struct hexo_io_stat *st)
{
	*st = (struct hexo_io_stat){
		.dev = 1,
		.ino = f->kind,
		.mode = f->kind == KERNEL_FILE_PIPE ? S_IFIFO | 0600
						    : S_IFCHR | 0666,
		.nlink = 1,
		.uid = KERNEL_UID,
		.gid = KERNEL_GID,
		.blksize = HEXO_PAGE_SIZE,
	};
}

long kernel_file_stat(struct kernel_file *f, struct hexo_io_stat *st)
{
	int64_t status;

	if (f->handle < 0) {
		stat_own(f, st);
		return 0;
	}
	status = kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_FSTAT,
						 .arg = { f->handle },
						 .out_addr = kernel_address(st),
						 .out_len = sizeof(*st) },
			   NULL);
	return status < 0 ? status : 0;
}

long kernel_path_stat(const char *path, bool nofollow, struct hexo_io_stat *st)
{
	int64_t status =
		kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_STAT,
						.arg = { nofollow },
						.in_addr = kernel_address(path),
						.in_len = strlen(path),
						.out_addr = kernel_address(st),
						.out_len = sizeof(*st) },
			  NULL);

	return status < 0 ? status : 0;
}

static void stat_out(const struct hexo_io_stat *st, struct abi_stat *to)
{
	*to = (struct abi_stat){
		.dev = st->dev,
		.ino = st->ino,
		.mode = st->mode,
		.nlink = st->nlink,
		.uid = st->uid,
		.gid = st->gid,
		.rdev = st->rdev,
		.size = st->size,
		.blksize = (int32_t)st->blksize,
		.blocks = st->blocks,
		.atime = { st->atime_sec, st->atime_nsec },
		.mtime = { st->mtime_sec, st->mtime_nsec },
		.ctime = { st->ctime_sec, st->ctime_nsec },
	};
}

/* Of a path seen from dirfd, or of dirfd itself if that is asked for. */
static long stat_at(int dirfd, const char *name, int flags,
		    struct hexo_io_stat *st)
{
	struct kernel_path *path = &kernel_path[0];
	struct kernel_file *f;
	long fd, status;

	if ((flags & AT_EMPTY_PATH) && !*name) {
		f = kernel_file_get(dirfd);
		return f ? kernel_file_stat(f, st) : -EBADF;
	}
	status = kernel_path_resolve(dirfd, name, path);
	if (status)
		return status;
	status = kernel_path_stat(path->text, flags & AT_SYMLINK_NOFOLLOW, st);
	if (status != -ENOENT || memcmp(path->text, "/dev/", 5) != 0)
		return status;
	/* A device of our own that the home does not have. */
	fd = sys_openat(AT_FDCWD, name, HEXO_O_RDONLY, 0);
	if (fd < 0)
		return fd;
	status = kernel_file_stat(kernel_file_get((int)fd), st);
	sys_close((int)fd);
	return status;
}

long sys_newfstatat(int dirfd, const char *name, struct abi_stat *to, int flags)
{
	struct hexo_io_stat st;
	long status = stat_at(dirfd, name, flags, &st);

	if (!status)
		stat_out(&st, to);
	return status;
}

long sys_fstat(int fd, struct abi_stat *to)
{
	struct kernel_file *f = kernel_file_get(fd);
	struct hexo_io_stat st;
	long status;

	if (!f)
		return -EBADF;
	status = kernel_file_stat(f, &st);
	if (!status)
		stat_out(&st, to);
	return status;
}

long sys_faccessat2(int dirfd, const char *name, uint32_t mode, int flags)
{
	struct kernel_path *path = &kernel_path[0];
	struct hexo_io_stat st;
	long status = kernel_path_resolve(dirfd, name, path);

	if (status)
		return status;
	status = kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_ACCESS,
						 .arg = { mode },
						 .in_addr = kernel_address(
							 path->text),
						 .in_len = path->len },
			   NULL);
	if (status == -ENOENT)
		status = stat_at(dirfd, name, 0, &st);
	return status;
}

long sys_faccessat(int dirfd, const char *name, uint32_t mode)
{
	return sys_faccessat2(dirfd, name, mode, 0);
}

long sys_fchmod(int fd, uint32_t mode)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	if (f->handle < 0)
		return -EPERM;
	return kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_FCHMOD,
					       .arg = { f->handle,
							mode & 07777 } },
			 NULL);
}

long sys_fchmodat(int dirfd, const char *name, uint32_t mode)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(dirfd, name, path);

	if (status)
		return status;
	return kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_CHMOD,
					       .arg = { mode & 07777 },
					       .in_addr = kernel_address(
						       path->text),
					       .in_len = path->len },
			 NULL);
}

/* There is one user: only what changes nothing is allowed. */
static long change_owner(const struct hexo_io_stat *st, uint32_t uid,
			 uint32_t gid)
{
	if ((uid != UINT32_MAX && uid != st->uid) ||
	    (gid != UINT32_MAX && gid != st->gid))
		return -EPERM;
	return 0;
}

long sys_fchown(int fd, uint32_t uid, uint32_t gid)
{
	struct kernel_file *f = kernel_file_get(fd);
	struct hexo_io_stat st;
	long status = f ? kernel_file_stat(f, &st) : -EBADF;

	return status ? status : change_owner(&st, uid, gid);
}

long sys_fchownat(int dirfd, const char *name, uint32_t uid, uint32_t gid,
		  int flags)
{
	struct hexo_io_stat st;
	long status = stat_at(dirfd, name, flags, &st);

	return status ? status : change_owner(&st, uid, gid);
}

#define UTIME_NOW 0x3fffffff

/* What HEXO_IO_UTIMENS takes: the times, then the path. */
static struct {
	struct abi_timespec time[2];
	char path[HEXO_IO_PATH_MAX];
} utimens;

long sys_utimensat(int dirfd, const char *name,
		   const struct abi_timespec time[2], int flags)
{
	struct hexo_hc_io io = { .op = HEXO_IO_UTIMENS, .arg = { -1 } };
	struct kernel_path *path = &kernel_path[0];
	struct kernel_file *f;
	long status;

	utimens.time[0] = utimens.time[1] =
		(struct abi_timespec){ 0, UTIME_NOW };
	if (time)
		memcpy(utimens.time, time, sizeof(utimens.time));
	io.in_addr = kernel_address(&utimens);
	io.in_len = sizeof(utimens.time);
	if (!name) {
		f = kernel_file_get(dirfd);
		if (!f)
			return -EBADF;
		if (f->handle < 0)
			return -EPERM;
		io.arg[0] = f->handle;
		return kernel_io(&io, NULL);
	}
	/* The home has no way to change a link itself. */
	if (flags & AT_SYMLINK_NOFOLLOW)
		return -EOPNOTSUPP;
	status = kernel_path_resolve(dirfd, name, path);
	if (status)
		return status;
	memcpy(utimens.path, path->text, path->len);
	io.in_len += path->len;
	return kernel_io(&io, NULL);
}

KERNEL_NEVER_WAITS_END
