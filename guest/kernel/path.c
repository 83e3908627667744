/* SPDX-License-Identifier: Apache-2.0 */
#include "guest/kernel/path.h"

#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

struct kernel_path kernel_path[2];

static struct kernel_path cwd = { 1, "/" };

/* Takes the last name off. */
static void path_up(struct kernel_path *p)
{
	while (p->len > 1 && p->text[--p->len] != '/')
		;
}

static int path_add(struct kernel_path *p, const char *name, size_t len)
{
	bool slash = p->len > 1;

	if (p->len + slash + len + 1 > sizeof(p->text))
		return -ENAMETOOLONG;
	if (slash)
		p->text[p->len++] = '/';
	memcpy(p->text + p->len, name, len);
	p->len += (uint32_t)len;
	return 0;
}

/* p is absolute and normal already, or "/". */
static int path_append(struct kernel_path *p, const char *path)
{
	int status = 0;

	while (*path && !status) {
		size_t len = 0;

		while (path[len] && path[len] != '/')
			len++;
		if (len == 2 && path[0] == '.' && path[1] == '.')
			path_up(p);
		else if (len && !(len == 1 && path[0] == '.'))
			status = path_add(p, path, len);
		path += len + (path[len] == '/');
	}
	p->text[p->len] = 0;
	return status;
}

static void path_root(struct kernel_path *p)
{
	p->len = 1;
	p->text[0] = '/';
	p->text[1] = 0;
}

int kernel_path_resolve(int dirfd, const char *path, struct kernel_path *to)
{
	struct kernel_file *f;

	if (!*path)
		return -ENOENT;
	path_root(to);
	if (*path != '/' && dirfd == AT_FDCWD) {
		memcpy(to->text, cwd.text, cwd.len + 1);
		to->len = cwd.len;
	} else if (*path != '/') {
		f = kernel_file_get(dirfd);
		if (!f)
			return -EBADF;
		if (f->kind != KERNEL_FILE_DIRECTORY)
			return -ENOTDIR;
		to->len = (uint32_t)strlen(f->path);
		memcpy(to->text, f->path, to->len + 1);
	}
	return path_append(to, path);
}

void kernel_path_set_cwd(const char *path)
{
	path_root(&cwd);
	if (path_append(&cwd, path))
		path_root(&cwd);
}

long sys_getcwd(char *buf, uint64_t size)
{
	if (size < cwd.len + 1)
		return -ERANGE;
	memcpy(buf, cwd.text, cwd.len + 1);
	return cwd.len + 1;
}

long sys_chdir(const char *path)
{
	struct kernel_path *p = &kernel_path[0];
	struct hexo_io_stat st;
	long status = kernel_path_resolve(AT_FDCWD, path, p);

	if (status)
		return status;
	status = kernel_path_stat(p->text, false, &st);
	if (status)
		return status;
	if ((st.mode & S_IFMT) != S_IFDIR)
		return -ENOTDIR;
	kernel_path_set_cwd(p->text);
	return 0;
}

long sys_fchdir(int fd)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (!f)
		return -EBADF;
	if (f->kind != KERNEL_FILE_DIRECTORY)
		return -ENOTDIR;
	kernel_path_set_cwd(f->path);
	return 0;
}

KERNEL_NEVER_WAITS_END
