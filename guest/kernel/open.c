/* SPDX-License-Identifier: Apache-2.0 */
/* Opening files, and those that are no files at home. */
#include "guest/kernel/file.h"
#include "guest/kernel/path.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

static uint32_t umask_bits = 022;

/* What the kernel answers itself. */
static const struct device {
	char path[16];
	uint32_t kind;
	int32_t fd; /* KERNEL_FILE_NONE: another name of this descriptor */
} devices[] = {
	{ "/dev/null", KERNEL_FILE_NULL, -1 },
	{ "/dev/zero", KERNEL_FILE_ZERO, -1 },
	{ "/dev/random", KERNEL_FILE_RANDOM, -1 },
	{ "/dev/urandom", KERNEL_FILE_RANDOM, -1 },
	{ "/dev/stdin", KERNEL_FILE_NONE, 0 },
	{ "/dev/stdout", KERNEL_FILE_NONE, 1 },
	{ "/dev/stderr", KERNEL_FILE_NONE, 2 },
};

static const struct device *find_device(const char *path)
{
	size_t len = strlen(path) + 1;

	if (len > sizeof(devices[0].path))
		return NULL;
	for (size_t k = 0; k < sizeof(devices) / sizeof(devices[0]); k++)
		if (memcmp(devices[k].path, path, len) == 0)
			return &devices[k];
	return NULL;
}

static long open_device(const struct device *d, uint32_t flags)
{
	struct kernel_file *f;

	if (flags & HEXO_O_DIRECTORY)
		return -ENOTDIR;
	if (d->kind == KERNEL_FILE_NONE)
		return sys_fcntl(d->fd, F_DUPFD, 0);
	f = kernel_file_new(d->kind, flags);
	if (!f)
		return -EMFILE;
	return kernel_file_install(f, 0, flags & HEXO_O_CLOEXEC);
}

/* Finds out what f is and completes it. */
static long classify(struct kernel_file *f, const struct kernel_path *path)
{
	struct hexo_io_stat st;
	long status = kernel_file_stat(f, &st);

	if (status)
		return status;
	if ((st.mode & S_IFMT) == S_IFREG && (f->flags & HEXO_O_TRUNC))
		kernel_ahead_changed(f);
	if ((st.mode & S_IFMT) == S_IFDIR) {
		f->path = (char *)kernel_mem_take(HEXO_PAGE_SIZE);
		if (!f->path)
			return -ENOMEM;
		memcpy(f->path, path->text, path->len + 1);
		f->kind = KERNEL_FILE_DIRECTORY;
	} else if ((st.mode & S_IFMT) != S_IFREG) {
		f->kind = KERNEL_FILE_STREAM;
	}
	return 0;
}

long sys_openat(int dirfd, const char *name, int flags, uint32_t mode)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(dirfd, name, path);
	const struct device *device;
	struct kernel_file *f;

	if (status)
		return status;
	device = find_device(path->text);
	if (device)
		return open_device(device, (uint32_t)flags);
	f = kernel_file_new(KERNEL_FILE_REGULAR, (uint32_t)flags);
	if (!f)
		return -EMFILE;
	status = kernel_io(
		&(struct hexo_hc_io){
			.op = HEXO_IO_OPEN,
			.arg = { flags, mode & ~umask_bits & 07777 },
			.in_addr = kernel_address(path->text),
			.in_len = path->len },
		NULL);
	if (status >= 0) {
		f->handle = (int32_t)status;
		status = classify(f, path);
	}
	if (status) {
		kernel_file_put(f);
		return status;
	}
	f->flags &= ~(uint32_t)(HEXO_O_CREAT | HEXO_O_EXCL | HEXO_O_NOCTTY |
				HEXO_O_TRUNC);
	return kernel_file_install(f, 0, flags & HEXO_O_CLOEXEC);
}

long sys_umask(uint32_t mask)
{
	uint32_t old = umask_bits;

	umask_bits = mask & 0777;
	return old;
}

long sys_mkdirat(int dirfd, const char *name, uint32_t mode)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(dirfd, name, path);

	if (status)
		return status;
	return kernel_io(
		&(struct hexo_hc_io){ .op = HEXO_IO_MKDIR,
				      .arg = { mode & ~umask_bits & 07777 },
				      .in_addr = kernel_address(path->text),
				      .in_len = path->len },
		NULL);
}

static long truncate_file(struct kernel_file *f, int64_t length)
{
	int64_t status;

	if (length < 0)
		return -EINVAL;
	if (!kernel_file_writes(f) || f->handle < 0)
		return -EINVAL;
	status = kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_TRUNCATE,
						 .arg = { f->handle, length } },
			   NULL);
	kernel_ahead_changed(f);
	return f->error ? kernel_post_error(f) : status;
}

long sys_ftruncate(int fd, int64_t length)
{
	struct kernel_file *f = kernel_file_get(fd);

	return f ? truncate_file(f, length) : -EBADF;
}

long sys_truncate(const char *name, int64_t length)
{
	long fd = sys_openat(AT_FDCWD, name, HEXO_O_WRONLY, 0), status;

	if (fd < 0)
		return fd;
	status = sys_ftruncate((int)fd, length);
	sys_close((int)fd);
	return status;
}

static long sync_file(int fd, bool data_only)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	if (f->kind != KERNEL_FILE_REGULAR && f->kind != KERNEL_FILE_DIRECTORY)
		return -EINVAL;
	return kernel_post_sync(f, data_only);
}

long sys_fsync(int fd)
{
	return sync_file(fd, false);
}

long sys_fdatasync(int fd)
{
	return sync_file(fd, true);
}

long sys_sync(void)
{
	return 0;
}

long sys_fadvise64(int fd)
{
	return kernel_file_get(fd) ? 0 : -EBADF;
}

long sys_fallocate(int fd)
{
	return kernel_file_get(fd) ? -EOPNOTSUPP : -EBADF;
}

KERNEL_NEVER_WAITS_END
