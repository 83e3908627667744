/* SPDX-License-Identifier: Apache-2.0 */
/* Reading, writing and positions. */
#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

/* Vectors up to this size go to the home as one operation: what stdio hands
 * over is mostly two small pieces. */
enum { GATHER_MAX = 16384 };

static char gather[GATHER_MAX];

/* One operation of at most HEXO_IO_MAX bytes; waits while the home has
 * nothing (or no room), unless the file is non-blocking. */
static long transfer(struct kernel_file *f, uint32_t op, char *data,
		     uint64_t len, int64_t off)
{
	struct hexo_hc_io io = { .op = op, .arg = { f->handle, off } };
	int64_t done;

	if (len > HEXO_IO_MAX)
		len = HEXO_IO_MAX;
	if (op == HEXO_IO_READ) {
		io.out_addr = kernel_address(data);
		io.out_len = len;
	} else {
		io.in_addr = kernel_address(data);
		io.in_len = len;
	}
	for (;;) {
		done = kernel_io(&io, NULL);
		if (done != -EAGAIN || (f->flags & HEXO_O_NONBLOCK))
			break;
		hexo_poll_wait();
	}
	return done > (int64_t)len ? -EIO : done;
}

/* Where a file is after an append the home says. */
static HEXO_NO_POLL int64_t offset_of(struct kernel_file *f)
{
	if (f->at_end)
		kernel_post_settle();
	f->at_end = false;
	return f->offset;
}

static long read_regular(struct kernel_file *f, char *to, uint64_t len,
			 int64_t off)
{
	bool here = off == KERNEL_FILE_HERE;
	uint64_t done = 0;
	long n = 0;

	if (here)
		off = offset_of(f);
	while (done < len) {
		uint64_t piece =
			len - done < HEXO_IO_MAX ? len - done : HEXO_IO_MAX;

		n = kernel_ahead_read(f, to + done, piece, off + (int64_t)done);
		if (n > 0)
			done += (uint64_t)n;
		if (n < (int64_t)piece)
			break;
	}
	if (here)
		f->offset = off + (int64_t)done;
	return done ? (long)done : n;
}

/* Waits only if the program has been told of an error: it is to know now
 * whether that is still so. */
static long write_piece(struct kernel_file *f, char *from, uint64_t len,
			int64_t off)
{
	struct hexo_io_stat st;
	long n;

	if (!f->retry)
		return kernel_post_write(f, from, len, off);
	n = transfer(f, HEXO_IO_WRITE, from, len, off);
	if (n > 0)
		f->retry = false;
	if (n > 0 && off == HEXO_IO_APPEND && !kernel_file_stat(f, &st))
		f->offset = st.size;
	return n;
}

/* What O_SYNC and O_DSYNC promise. */
static long sync_written(struct kernel_file *f)
{
	if (!(f->flags & HEXO_O_DSYNC))
		return 0;
	return kernel_post_sync(f, (f->flags & HEXO_O_SYNC) != HEXO_O_SYNC);
}

static long write_regular(struct kernel_file *f, char *from, uint64_t len,
			  int64_t off)
{
	bool here = off == KERNEL_FILE_HERE;
	bool append = here && (f->flags & HEXO_O_APPEND);
	uint64_t done = 0;
	long n = kernel_post_error(f);

	if (n)
		return n;
	if (here && !append)
		off = offset_of(f);
	kernel_ahead_changed(f);
	while (done < len) {
		n = write_piece(f, from + done, len - done,
				append ? HEXO_IO_APPEND : off + (int64_t)done);
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	if (here && !append)
		f->offset = off + (int64_t)done;
	if (!done)
		return f->error ? kernel_post_error(f) : n;
	n = sync_written(f);
	return n < 0 ? n : (long)done;
}

static long write_stream(struct kernel_file *f, char *from, uint64_t len)
{
	uint64_t done = 0;
	long n = 0;

	while (done < len) {
		n = transfer(f, HEXO_IO_WRITE, from + done, len - done,
			     HEXO_IO_STREAM);
		if (n <= 0)
			break;
		done += (uint64_t)n;
	}
	return done ? (long)done : n;
}

long kernel_file_read(struct kernel_file *f, char *to, uint64_t len,
		      int64_t off)
{
	if (!kernel_file_reads(f))
		return -EBADF;
	if (len > INT64_MAX)
		return -EINVAL;
	if (off != KERNEL_FILE_HERE && f->kind != KERNEL_FILE_REGULAR &&
	    f->kind != KERNEL_FILE_ZERO)
		return f->kind == KERNEL_FILE_DIRECTORY ? -EISDIR : -ESPIPE;
	switch (f->kind) {
	case KERNEL_FILE_REGULAR:
		return read_regular(f, to, len, off);
	case KERNEL_FILE_STREAM:
		return len ? transfer(f, HEXO_IO_READ, to, len, HEXO_IO_STREAM)
			   : 0;
	case KERNEL_FILE_PIPE:
		return kernel_pipe_read(f, to, len);
	case KERNEL_FILE_NULL:
		return 0;
	case KERNEL_FILE_ZERO:
		memset(to, 0, len);
		return (long)len;
	case KERNEL_FILE_RANDOM:
		return kernel_random(to, len);
	default:
		return -EISDIR;
	}
}

static long write_kind(struct kernel_file *f, char *data, uint64_t len,
		       int64_t off)
{
	switch (f->kind) {
	case KERNEL_FILE_REGULAR:
		return write_regular(f, data, len, off);
	case KERNEL_FILE_STREAM:
		return write_stream(f, data, len);
	case KERNEL_FILE_PIPE:
		return kernel_pipe_write(f, data, len);
	default:
		return (long)len;
	}
}

long kernel_file_write(struct kernel_file *f, const char *from, uint64_t len,
		       int64_t off)
{
	long done;

	if (!kernel_file_writes(f))
		return -EBADF;
	if (len > INT64_MAX)
		return -EINVAL;
	if (off != KERNEL_FILE_HERE && f->kind != KERNEL_FILE_REGULAR)
		return -ESPIPE;
	done = write_kind(f, (char *)(uintptr_t)from, len, off);
	if (done == -EPIPE)
		kernel_signal_send(SIGPIPE);
	return done;
}

long sys_read(int fd, char *buf, uint64_t len)
{
	struct kernel_file *f = kernel_file_get(fd);

	return f ? kernel_file_read(f, buf, len, KERNEL_FILE_HERE) : -EBADF;
}

long sys_write(int fd, const char *buf, uint64_t len)
{
	struct kernel_file *f = kernel_file_get(fd);

	return f ? kernel_file_write(f, buf, len, KERNEL_FILE_HERE) : -EBADF;
}

long sys_pread64(int fd, char *buf, uint64_t len, int64_t off)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (off < 0)
		return -EINVAL;
	return f ? kernel_file_read(f, buf, len, off) : -EBADF;
}

long sys_pwrite64(int fd, const char *buf, uint64_t len, int64_t off)
{
	struct kernel_file *f = kernel_file_get(fd);

	if (off < 0)
		return -EINVAL;
	return f ? kernel_file_write(f, buf, len, off) : -EBADF;
}

static HEXO_NO_POLL int64_t vector_size(const struct abi_iovec *v, int n)
{
	uint64_t total = 0;

	if (n < 0 || n > 1024)
		return -EINVAL;
	for (int k = 0; k < n; k++) {
		if (v[k].len > INT64_MAX - total)
			return -EINVAL;
		total += v[k].len;
	}
	return (int64_t)total;
}

/* Copies between the vector and the first len bytes of `gather`. */
static HEXO_NO_POLL void vector_copy(const struct abi_iovec *v, uint64_t len,
				     bool out)
{
	uint64_t done = 0;

	for (int k = 0; done < len; k++) {
		uint64_t n = v[k].len < len - done ? v[k].len : len - done;

		if (!n)
			continue;
		if (out)
			memcpy(v[k].base, gather + done, n);
		else
			memcpy(gather + done, v[k].base, n);
		done += n;
	}
}

static long read_vector(int fd, const struct abi_iovec *v, int n, int64_t off)
{
	struct kernel_file *f = kernel_file_get(fd);
	int64_t size = vector_size(v, n);
	long done = 0, got;

	if (!f || size < 0)
		return f ? size : -EBADF;
	if (n > 1 && size <= GATHER_MAX) {
		got = kernel_file_read(f, gather, (uint64_t)size, off);
		if (got > 0)
			vector_copy(v, (uint64_t)got, true);
		return got;
	}
	for (int k = 0; k < n; k++) {
		if (!v[k].len)
			continue;
		got = kernel_file_read(f, v[k].base, v[k].len,
				       off < 0 ? off : off + done);
		if (got < 0)
			return done ? done : got;
		done += got;
		if ((uint64_t)got < v[k].len)
			break;
		/* More might not be there yet, and read() has some. */
		if (f->kind == KERNEL_FILE_STREAM)
			break;
	}
	return done;
}

static long write_vector(int fd, const struct abi_iovec *v, int n, int64_t off)
{
	struct kernel_file *f = kernel_file_get(fd);
	int64_t size = vector_size(v, n);
	long done = 0, put;

	if (!f || size < 0)
		return f ? size : -EBADF;
	if (n > 1 && size <= GATHER_MAX) {
		vector_copy(v, (uint64_t)size, false);
		return kernel_file_write(f, gather, (uint64_t)size, off);
	}
	for (int k = 0; k < n; k++) {
		put = kernel_file_write(f, v[k].base, v[k].len,
					off < 0 ? off : off + done);
		if (put < 0)
			return done ? done : put;
		done += put;
		if ((uint64_t)put < v[k].len)
			break;
	}
	return done;
}

long sys_readv(int fd, const struct abi_iovec *v, int n)
{
	return read_vector(fd, v, n, KERNEL_FILE_HERE);
}

long sys_writev(int fd, const struct abi_iovec *v, int n)
{
	return write_vector(fd, v, n, KERNEL_FILE_HERE);
}

long sys_preadv(int fd, const struct abi_iovec *v, int n, int64_t off)
{
	return off < 0 ? -EINVAL : read_vector(fd, v, n, off);
}

long sys_pwritev(int fd, const struct abi_iovec *v, int n, int64_t off)
{
	return off < 0 ? -EINVAL : write_vector(fd, v, n, off);
}

long sys_lseek(int fd, int64_t off, int whence)
{
	struct kernel_file *f = kernel_file_get(fd);
	struct hexo_io_stat st;
	int64_t from = 0;
	long status;

	if (!f)
		return -EBADF;
	if (f->kind == KERNEL_FILE_NULL || f->kind == KERNEL_FILE_ZERO)
		return 0;
	if (f->kind != KERNEL_FILE_REGULAR && f->kind != KERNEL_FILE_DIRECTORY)
		return -ESPIPE;
	if (whence == SEEK_CUR) {
		from = offset_of(f);
	} else if (whence == SEEK_END) {
		status = kernel_file_stat(f, &st);
		if (status)
			return status;
		from = st.size;
	} else if (whence != SEEK_SET) {
		return -EINVAL;
	}
	if (__builtin_add_overflow(from, off, &from))
		return -EOVERFLOW;
	if (from < 0)
		return -EINVAL;
	f->offset = from;
	f->at_end = false;
	return from;
}
