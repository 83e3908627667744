/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing what handles stand for. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#include "cli/files_op.h"

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
		if (!files_ready(fd, POLLIN, CLI_FILES_WAIT_MS))
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

		if (!files_ready(fd, POLLOUT, done ? 0 : CLI_FILES_WAIT_MS))
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

int64_t files_write(struct files_op *op)
{
	int fd = files_handle_fd(op);
	int64_t offset = op->arg[1];
	struct iovec data = { (void *)op->data, op->len };
	ssize_t n;

	if (fd < 0)
		return fd;
	if (offset < HEXO_IO_APPEND)
		return -EINVAL;
	if (files_may_wait(fd)) {
		if (offset >= 0)
			return -ESPIPE;
		return files_write_slow(fd, op->data, op->len);
	}
	if (offset >= 0)
		n = pwrite(fd, op->data, op->len, offset);
	else if (offset == HEXO_IO_APPEND)
		n = pwritev2(fd, &data, 1, -1, RWF_APPEND);
	else
		n = write(fd, op->data, op->len);
	if (n < 0)
		return errno == EINTR ? -EAGAIN : -errno;
	return n;
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
