/* SPDX-License-Identifier: Apache-2.0 */
#include "files/files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "files/op.h"

struct files_handle *files_handle(struct files_op *op)
{
	struct files_handle *h;

	if (op->arg[0] < 0 || op->arg[0] >= FILES_HANDLES_MAX)
		return NULL;
	h = &op->files->at[op->arg[0]];
	return h->fd >= 0 || h->above ? h : NULL;
}

int files_handle_fd(struct files_op *op)
{
	struct files_handle *h = files_handle(op);

	if (!h)
		return -EBADF;
	return h->above ? -EISDIR : h->fd;
}

int files_handle_change(struct files_op *op)
{
	const struct files_handle *h = files_handle(op);

	if (!h)
		return -EBADF;
	if (h->above || h->readonly)
		return -EROFS;
	return h->fd <= STDERR_FILENO ? -EPERM : h->fd;
}

int64_t files_handle_new(struct files_op *op, int fd, const char *above,
			 bool readonly)
{
	int first = op->local ? HEXO_LOCAL_HANDLE : STDERR_FILENO + 1;
	int end = op->local ? FILES_HANDLES_MAX : HEXO_LOCAL_HANDLE;

	for (int i = first; i < end; i++) {
		struct files_handle *h = &op->files->at[i];

		if (h->fd >= 0 || h->above)
			continue;
		h->fd = fd;
		h->above = above ? base_strdup(above) : NULL;
		h->readonly = readonly;
		return i;
	}
	if (fd >= 0)
		close(fd);
	return -EMFILE;
}

int files_path(struct files_op *op, struct files_path *path)
{
	if (op->len >= HEXO_IO_PATH_MAX)
		return -ENAMETOOLONG;
	if (strlen(op->data) != op->len)
		return -EINVAL;
	return files_volume_find(op->files->volumes, op->data, path);
}

int files_answer(struct files_op *op, const void *data, size_t size)
{
	if (size > op->out_room - op->out_len)
		return -ERANGE;
	memcpy(op->out + op->out_len, data, size);
	op->out_len += size;
	return 0;
}

/* Machines number their devices alike: programs that compare must not take a
 * file of one for that of another. */
#define FILES_LOCAL_DEV (UINT64_C(1) << 63)

int files_answer_stat(struct files_op *op, const struct stat *st)
{
	const struct hexo_io_stat s = {
		.dev = st->st_dev | (op->local ? FILES_LOCAL_DEV : 0),
		.ino = st->st_ino,
		.mode = st->st_mode,
		.nlink = (uint32_t)st->st_nlink,
		.uid = st->st_uid,
		.gid = st->st_gid,
		.rdev = st->st_rdev,
		.size = st->st_size,
		.blksize = st->st_blksize,
		.blocks = st->st_blocks,
		.atime_sec = st->st_atim.tv_sec,
		.atime_nsec = st->st_atim.tv_nsec,
		.mtime_sec = st->st_mtim.tv_sec,
		.mtime_nsec = st->st_mtim.tv_nsec,
		.ctime_sec = st->st_ctim.tv_sec,
		.ctime_nsec = st->st_ctim.tv_nsec,
	};

	return files_answer(op, &s, sizeof(s));
}

static void files_handle_release(struct files_handle *h)
{
	if (h->fd > STDERR_FILENO)
		close(h->fd);
	free(h->above);
	*h = (struct files_handle){ .fd = -1 };
}

static int64_t files_close(struct files_op *op)
{
	struct files_handle *h = files_handle(op);

	if (!h)
		return -EBADF;
	files_handle_release(h);
	return 0;
}

static int64_t files_fstat(struct files_op *op)
{
	struct files_handle *h = files_handle(op);
	struct stat st;

	if (!h)
		return -EBADF;
	if (h->above)
		files_above_stat(op->files->volumes, h->above, &st);
	else if (fstat(h->fd, &st) < 0)
		return -errno;
	return files_answer_stat(op, &st);
}

static int64_t files_winsize(struct files_op *op)
{
	int fd = files_handle_fd(op);
	struct winsize w;
	uint16_t size[2];

	if (fd < 0)
		return fd == -EISDIR ? -ENOTTY : fd;
	if (ioctl(fd, TIOCGWINSZ, &w) < 0)
		return -ENOTTY;
	size[0] = w.ws_row;
	size[1] = w.ws_col;
	return files_answer(op, size, sizeof(size));
}

static int64_t files_fchmod(struct files_op *op)
{
	int fd = files_handle_change(op);

	if (fd < 0)
		return fd;
	if (fchmod(fd, (mode_t)op->arg[1] & FILES_MODE) < 0)
		return -errno;
	return 0;
}

static files_operation *const files_table[HEXO_IO_OPS] = {
	[HEXO_IO_OPEN] = files_open,
	[HEXO_IO_CLOSE] = files_close,
	[HEXO_IO_READ] = files_read,
	[HEXO_IO_WRITE] = files_write,
	[HEXO_IO_FSTAT] = files_fstat,
	[HEXO_IO_STAT] = files_stat,
	[HEXO_IO_READDIR] = files_readdir,
	[HEXO_IO_TRUNCATE] = files_truncate,
	[HEXO_IO_FSYNC] = files_fsync,
	[HEXO_IO_UNLINK] = files_unlink,
	[HEXO_IO_MKDIR] = files_mkdir,
	[HEXO_IO_RENAME] = files_rename,
	[HEXO_IO_LINK] = files_link,
	[HEXO_IO_SYMLINK] = files_symlink,
	[HEXO_IO_READLINK] = files_readlink,
	[HEXO_IO_ACCESS] = files_access,
	[HEXO_IO_CHMOD] = files_chmod,
	[HEXO_IO_UTIMENS] = files_utimens,
	[HEXO_IO_WINSIZE] = files_winsize,
	[HEXO_IO_FCHMOD] = files_fchmod,
};

void files_init(struct files *files, struct files_volumes *volumes)
{
	files->volumes = volumes;
	for (int i = 0; i < FILES_HANDLES_MAX; i++) {
		bool standard = i <= STDERR_FILENO && fcntl(i, F_GETFD) >= 0;

		files->at[i] = (struct files_handle){ .fd = standard ? i : -1 };
	}
}

void files_close_local(struct files *files)
{
	for (int i = HEXO_LOCAL_HANDLE; i < FILES_HANDLES_MAX; i++)
		files_handle_release(&files->at[i]);
}

void files_free(struct files *files)
{
	for (int i = 0; i < FILES_HANDLES_MAX; i++)
		files_handle_release(&files->at[i]);
}

int64_t files_serve(struct files *files, const struct hexo_msg_io *io,
		    const void *data, size_t len, void *out, size_t *out_len)
{
	struct files_op op = {
		.files = files,
		.arg = io->arg,
		.data = data,
		.len = len,
		.out = out,
		.out_room = io->out_len,
		.local = files_is_local(files->volumes, io, data, len),
	};
	int64_t result;

	*out_len = 0;
	if (io->op >= HEXO_IO_OPS || !files_table[io->op])
		return -ENOSYS;
	if (len > HEXO_IO_MAX || io->out_len > HEXO_IO_MAX)
		return -EINVAL;
	result = files_table[io->op](&op);
	if (result >= 0)
		*out_len = op.out_len;
	return result;
}
