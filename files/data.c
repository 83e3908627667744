/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing what handles stand for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "files/op.h"

/* Whether reading or writing it may wait: pipes, terminals, sockets. */
static bool files_may_wait(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && !S_ISREG(st.st_mode) &&
	       !S_ISDIR(st.st_mode) && !S_ISBLK(st.st_mode);
}

/* 1 when fd is ready (or broken: the operation will say how), else 0. */
static int files_ready(int fd, short events, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = events };

	return poll(&p, 1, timeout_ms) > 0;
}

int64_t files_read(struct files_op *op)
{
	int fd = files_handle_fd(op);
	int64_t offset = op->arg[1];
	ssize_t n;

	if (fd < 0)
		return fd;
	if (offset < HEXO_IO_STREAM)
		return -EINVAL;
	if (files_may_wait(fd)) {
		if (offset >= 0)
			return -ESPIPE;
		if (!files_ready(fd, POLLIN, FILES_WAIT_MS))
			return -EAGAIN;
	}
	if (offset >= 0)
		n = pread(fd, op->out, op->out_room, offset);
	else
		n = read(fd, op->out, op->out_room);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	op->out_len = (size_t)n;
	return n;
}

/* The descriptor may be shared with others and must stay blocking, so each
 * piece is one that a pipe or terminal which is ready takes whole. */
static int64_t files_write_slow(int fd, const char *data, size_t len)
{
	size_t done = 0;

	while (done < len) {
		size_t piece = len - done < PIPE_BUF ? len - done : PIPE_BUF;
		ssize_t n;

		if (!files_ready(fd, POLLOUT, done ? 0 : FILES_WAIT_MS))
			break;
		n = write(fd, data + done, piece);
		if (n < 0 && (errno == EINTR || errno == EAGAIN))
			break;
		if (n < 0)
			return done ? (int64_t)done : -errno;
		done += (size_t)n;
	}
	return done || !len ? (int64_t)done : -EAGAIN;
}

static ssize_t files_write_once(int fd, const char *from, size_t len,
				int64_t offset)
{
	struct iovec data = { (void *)from, len };
	ssize_t n;

	if (offset >= 0)
		n = pwrite(fd, from, len, offset);
	else if (offset == HEXO_IO_APPEND)
		n = pwritev2(fd, &data, 1, -1, RWF_APPEND);
	else
		n = write(fd, from, len);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
}

/* HEXO_IO_WHOLE, see <hexo/io.h>. */
static int64_t files_write_whole(struct files_op *op, int fd)
{
	struct files_handle *h = files_handle(op);
	int64_t offset = op->arg[1];
	size_t done = 0;

	if (files_may_wait(fd) || offset == HEXO_IO_STREAM)
		return -EINVAL;
	while (!h->failed && done < op->len) {
		int64_t at = offset < 0 ? offset : offset + (int64_t)done;
		ssize_t n = files_write_once(fd, op->data + done,
					     op->len - done, at);

		if (n > 0)
			done += (size_t)n;
		else if (n != -EAGAIN)
			h->failed = n < 0 ? (int)n : -EIO;
	}
	if (h->failed)
		return h->failed;
	/* No other handle has this position. */
	return offset < 0 ? lseek(fd, 0, SEEK_CUR) : (int64_t)done;
}

int64_t files_write(struct files_op *op)
{
	int fd = files_handle_fd(op);
	int64_t offset = op->arg[1];

	if (fd < 0)
		return fd;
	if (offset < HEXO_IO_APPEND)
		return -EINVAL;
	if (op->arg[2] == HEXO_IO_WHOLE)
		return files_write_whole(op, fd);
	files_handle(op)->failed = 0;
	if (files_may_wait(fd)) {
		if (offset >= 0)
			return -ESPIPE;
		return files_write_slow(fd, op->data, op->len);
	}
	return files_write_once(fd, op->data, op->len, offset);
}

int64_t files_truncate(struct files_op *op)
{
	int fd = files_handle_fd(op);

	if (fd < 0)
		return fd;
	return ftruncate(fd, op->arg[1]) < 0 ? -errno : 0;
}

int64_t files_fsync(struct files_op *op)
{
	int fd = files_handle_fd(op);

	if (fd == -EISDIR)
		return 0;
	if (fd < 0)
		return fd;
	return (op->arg[1] ? fdatasync(fd) : fsync(fd)) < 0 ? -errno : 0;
}
