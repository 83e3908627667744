/* SPDX-License-Identifier: Apache-2.0 */
/* Directories and the names in them. */
#include "guest/kernel/file.h"
#include "guest/kernel/path.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

/* Where an entry's name begins in the home's format, and in the program's. */
#define NAME_AT     20
#define ABI_NAME_AT 19

/* Makes the home's entries, len bytes, those that a program reads, in place:
 * both have the same size. Returns how many bytes are well-formed; *next is
 * the cookie of the last of them. */
static uint64_t convert(char *entries, uint64_t len, int64_t *next)
{
	uint64_t at = 0;

	while (len - at >= NAME_AT) {
		struct hexo_io_dirent *from = (void *)(entries + at);
		struct abi_dirent *to = (void *)from;
		uint64_t ino = from->ino, cookie = from->cookie;
		uint16_t size = from->size;
		uint8_t type = from->type, name_len = from->name_len;

		if (size % 8 || size > len - at || size < NAME_AT + name_len)
			break;
		memmove(to->name, from->name, name_len);
		memset(to->name + name_len, 0,
		       size - ABI_NAME_AT - (uint64_t)name_len);
		to->ino = ino;
		to->next = (int64_t)cookie;
		to->size = size;
		to->type = type;
		*next = (int64_t)cookie;
		at += size;
	}
	return at;
}

_Static_assert(offsetof(struct hexo_io_dirent, name) == NAME_AT, "in place");
_Static_assert(offsetof(struct abi_dirent, name) == ABI_NAME_AT, "in place");

long sys_getdents64(int fd, char *buf, uint64_t len)
{
	struct kernel_file *f = kernel_file_get(fd);
	uint64_t used;
	int64_t status;

	if (!f)
		return -EBADF;
	if (f->kind != KERNEL_FILE_DIRECTORY)
		return -ENOTDIR;
	if (len > HEXO_IO_MAX)
		len = HEXO_IO_MAX;
	status =
		kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_READDIR,
						.arg = { f->handle, f->offset },
						.out_addr = kernel_address(buf),
						.out_len = len },
			  &used);
	if (status < 0)
		return status;
	return (long)convert(buf, used < len ? used : len, &f->offset);
}

/* An operation on one path. */
static long path_io(uint32_t op, int64_t arg, int dirfd, const char *name)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(dirfd, name, path);

	if (status)
		return status;
	return kernel_io(&(struct hexo_hc_io){ .op = op,
					       .arg = { arg },
					       .in_addr = kernel_address(
						       path->text),
					       .in_len = path->len },
			 NULL);
}

/* An operation on two texts, "first NUL second". */
static long pair_io(uint32_t op, const char *first, size_t first_len,
		    const char *second, size_t second_len)
{
	static char both[2 * HEXO_IO_PATH_MAX];

	memcpy(both, first, first_len);
	both[first_len] = 0;
	memcpy(both + first_len + 1, second, second_len);
	return kernel_io(&(struct hexo_hc_io){ .op = op,
					       .in_addr = kernel_address(both),
					       .in_len = first_len + 1 +
							 second_len },
			 NULL);
}

static long two_paths_io(uint32_t op, int from_dir, const char *from,
			 int to_dir, const char *to)
{
	struct kernel_path *a = &kernel_path[0], *b = &kernel_path[1];
	long status = kernel_path_resolve(from_dir, from, a);

	if (!status)
		status = kernel_path_resolve(to_dir, to, b);
	return status ? status : pair_io(op, a->text, a->len, b->text, b->len);
}

long sys_unlinkat(int dirfd, const char *name, int flags)
{
	return path_io(HEXO_IO_UNLINK, (flags & AT_REMOVEDIR) != 0, dirfd,
		       name);
}

long sys_renameat2(int from_dir, const char *from, int to_dir, const char *to,
		   uint32_t flags)
{
	if (flags)
		return -EINVAL;
	return two_paths_io(HEXO_IO_RENAME, from_dir, from, to_dir, to);
}

long sys_renameat(int from_dir, const char *from, int to_dir, const char *to)
{
	return sys_renameat2(from_dir, from, to_dir, to, 0);
}

long sys_linkat(int from_dir, const char *from, int to_dir, const char *to)
{
	return two_paths_io(HEXO_IO_LINK, from_dir, from, to_dir, to);
}

long sys_symlinkat(const char *target, int dirfd, const char *name)
{
	struct kernel_path *path = &kernel_path[0];
	size_t len = strlen(target);
	long status = kernel_path_resolve(dirfd, name, path);

	if (!len)
		return -ENOENT;
	if (len >= HEXO_IO_PATH_MAX)
		return -ENAMETOOLONG;
	return status ? status
		      : pair_io(HEXO_IO_SYMLINK, target, len, path->text,
				path->len);
}

/* /proc/self/exe: the name that the program was started by. */
static long read_self(char *buf, uint64_t len)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(AT_FDCWD, kernel_argv[0], path);

	if (status)
		return status;
	if (len > path->len)
		len = path->len;
	memcpy(buf, path->text, len);
	return (long)len;
}

long sys_readlinkat(int dirfd, const char *name, char *buf, uint64_t len)
{
	struct kernel_path *path = &kernel_path[0];
	long status = kernel_path_resolve(dirfd, name, path);
	uint64_t used;

	if (status)
		return status;
	if (!len)
		return -EINVAL;
	if (path->len == 14 && memcmp(path->text, "/proc/self/exe", 14) == 0)
		return read_self(buf, len);
	if (len > HEXO_IO_PATH_MAX)
		len = HEXO_IO_PATH_MAX;
	status =
		kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_READLINK,
						.in_addr = kernel_address(
							path->text),
						.in_len = path->len,
						.out_addr = kernel_address(buf),
						.out_len = len },
			  &used);
	return status < 0 ? status : (long)(used < len ? used : len);
}

KERNEL_NEVER_WAITS_END
