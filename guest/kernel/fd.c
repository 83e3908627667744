/* SPDX-License-Identifier: Apache-2.0 */
/* Descriptors: a table of references to open files. */
#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

static struct {
	struct kernel_file *file;
	bool cloexec;
} table[KERNEL_FILES];

static struct kernel_file files[KERNEL_FILES];

void kernel_file_init(void)
{
	for (int fd = 0; fd < 3; fd++) {
		struct kernel_file *f =
			kernel_file_new(KERNEL_FILE_STREAM,
					fd == 0 ? HEXO_O_RDONLY
						: HEXO_O_WRONLY);

		f->handle = fd;
		kernel_file_install(f, fd, false);
	}
}

struct kernel_file *kernel_file_get(int fd)
{
	return fd >= 0 && fd < KERNEL_FILES ? table[fd].file : NULL;
}

struct kernel_file *kernel_file_new(uint32_t kind, uint32_t flags)
{
	for (int k = 0; k < KERNEL_FILES; k++) {
		struct kernel_file *f = &files[k];

		if (f->refs)
			continue;
		*f = (struct kernel_file){ .refs = 1,
					   .kind = kind,
					   .flags = flags & ~HEXO_O_CLOEXEC,
					   .handle = -1 };
		return f;
	}
	return NULL;
}

long kernel_file_put(struct kernel_file *f)
{
	if (--f->refs)
		return 0;
	kernel_ahead_close(f);
	if (f->kind == KERNEL_FILE_PIPE)
		kernel_pipe_close(f);
	if (f->path)
		kernel_mem_give(kernel_address(f->path), HEXO_PAGE_SIZE);
	if (f->handle >= 0)
		kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_CLOSE,
						.arg = { f->handle } },
			  NULL);
	return kernel_post_error(f);
}

int kernel_file_install(struct kernel_file *f, int from, bool cloexec)
{
	for (int fd = from; fd < KERNEL_FILES; fd++) {
		if (table[fd].file)
			continue;
		table[fd].file = f;
		table[fd].cloexec = cloexec;
		return fd;
	}
	kernel_file_put(f);
	return -EMFILE;
}

long sys_close(int fd)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	table[fd].file = NULL;
	return kernel_file_put(f);
}

long sys_close_range(uint32_t first, uint32_t last, uint32_t flags)
{
	if (flags || first > last)
		return -EINVAL;
	for (uint32_t fd = first; fd <= last && fd < KERNEL_FILES; fd++)
		sys_close((int)fd);
	return 0;
}

static long duplicate(int fd, int from, bool cloexec)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	if (from < 0 || from >= KERNEL_FILES)
		return -EINVAL;
	f->refs++;
	return kernel_file_install(f, from, cloexec);
}

long sys_dup(int fd)
{
	return duplicate(fd, 0, false);
}

long sys_dup3(int fd, int to, int flags)
{
	if (to < 0 || to >= KERNEL_FILES)
		return -EBADF;
	if (fd == to)
		return -EINVAL;
	if (!kernel_file_get(fd))
		return -EBADF;
	sys_close(to);
	return duplicate(fd, to, flags & HEXO_O_CLOEXEC);
}

/* There is no other process whose locks could be in the way. */
static long get_lock(struct abi_flock *lock)
{
	lock->type = F_UNLCK;
	return 0;
}

long sys_fcntl(int fd, int command, uint64_t arg)
{
	const uint32_t settable = HEXO_O_APPEND | HEXO_O_NONBLOCK;
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	switch (command) {
	case F_DUPFD:
	case F_DUPFD_CLOEXEC:
		return duplicate(fd, (int)arg, command == F_DUPFD_CLOEXEC);
	case F_GETFD:
		return table[fd].cloexec ? FD_CLOEXEC : 0;
	case F_SETFD:
		table[fd].cloexec = arg & FD_CLOEXEC;
		return 0;
	case F_GETFL:
		return f->flags;
	case F_SETFL:
		f->flags = (f->flags & ~settable) | ((uint32_t)arg & settable);
		return 0;
	case F_GETLK:
		return get_lock((struct abi_flock *)arg);
	case F_SETLK:
	case F_SETLKW:
		return 0;
	default:
		return -EINVAL;
	}
}

long sys_flock(int fd, int operation)
{
	return kernel_file_get(fd) ? 0 : -EBADF;
}

KERNEL_NEVER_WAITS_END
