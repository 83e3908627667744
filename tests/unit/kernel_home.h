/* SPDX-License-Identifier: Apache-2.0 */
/* For tests of the guest's files: a home that has one file, one directory and
 * standard streams. */
#ifndef HEXO_TESTS_KERNEL_HOME_H
#define HEXO_TESTS_KERNEL_HOME_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "guest/kernel/file.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/path.h"
#include "guest/kernel/syscall.h"

/* The host's header would clash with the guest's numbers. */
void *mmap(void *at, size_t len, int prot, int flags, int fd, long off);

enum { MEMORY = 4 << 20, FILE_MAX = 3 << 20, HANDLE_FILE = 7, HANDLE_DIR = 8 };

static char job[] = "./job";
char **kernel_argv = (char *[]){ job, NULL };

static struct {
	char data[FILE_MAX];
	int64_t size;
	char path[HEXO_IO_PATH_MAX + 1]; /* of the last operation */
	unsigned operations, open, waits, busy, reads, syncs;
	int signal;
	int full; /* -errno: there is no room for more data */
	unsigned logs;
} home;

/* Answers to what was posted. */
static struct {
	int64_t result[HEXO_IO_POSTS_MAX];
	unsigned count, most;
} posted;

void hexo_poll_wait(void)
{
	home.waits++;
}

void kernel_signal_send(int signal)
{
	home.signal = signal;
}

static int64_t home_read(struct hexo_hc_io *io)
{
	int64_t off = io->arg[1], n;

	if (io->arg[0] == 0) {
		assert_int_equal(off, HEXO_IO_STREAM);
		if (home.busy) {
			home.busy--;
			return -EAGAIN;
		}
		memcpy((void *)io->out_addr, "in\n", 3);
		return 3;
	}
	assert_int_equal(io->arg[0], HANDLE_FILE);
	assert_true(off >= 0);
	home.reads++;
	n = home.size > off ? home.size - off : 0;
	if ((uint64_t)n > io->out_len)
		n = (int64_t)io->out_len;
	memcpy((void *)io->out_addr, home.data + off, (uint64_t)n);
	return n;
}

static int64_t home_write(struct hexo_hc_io *io)
{
	int64_t off = io->arg[1];

	if (io->arg[0] == 1)
		return -EPIPE;
	assert_int_equal(io->arg[0], HANDLE_FILE);
	if (home.full)
		return home.full;
	if (off == HEXO_IO_APPEND)
		off = home.size;
	assert_true(off >= 0 && off + (int64_t)io->in_len <= FILE_MAX);
	memcpy(home.data + off, (void *)io->in_addr, io->in_len);
	if (home.size < off + (int64_t)io->in_len)
		home.size = off + (int64_t)io->in_len;
	if (io->arg[1] == HEXO_IO_APPEND && io->arg[2] == HEXO_IO_WHOLE)
		return home.size;
	return (int64_t)io->in_len;
}

static int64_t home_stat(struct hexo_hc_io *io, bool directory)
{
	struct hexo_io_stat *st = (void *)io->out_addr;

	*st = (struct hexo_io_stat){ .mode = directory ? 0040755 : 0100644,
				     .uid = 5,
				     .size = home.size };
	return 0;
}

static int64_t home_io(struct hexo_hc_io *io)
{
	bool is_dir = false;

	home.operations++;
	assert_true(io->in_len <= HEXO_IO_MAX && io->out_len <= HEXO_IO_MAX);
	if (io->op != HEXO_IO_WRITE && io->in_len) {
		memcpy(home.path, (void *)io->in_addr, io->in_len);
		home.path[io->in_len] = 0;
		is_dir = home.path[io->in_len - 1] == 'd';
	}
	switch (io->op) {
	case HEXO_IO_OPEN:
		home.open++;
		return is_dir ? HANDLE_DIR : HANDLE_FILE;
	case HEXO_IO_CLOSE:
		home.open--;
		return 0;
	case HEXO_IO_READ:
		return home_read(io);
	case HEXO_IO_WRITE:
		return home_write(io);
	case HEXO_IO_FSTAT:
		return home_stat(io, io->arg[0] == HANDLE_DIR);
	case HEXO_IO_STAT:
		return home_stat(io, is_dir);
	case HEXO_IO_TRUNCATE:
		home.size = io->arg[1];
		return 0;
	case HEXO_IO_FSYNC:
		home.syncs++;
		return 0;
	default:
		return 0;
	}
}

static int64_t post(struct hexo_hc_io *io)
{
	assert_in_range(posted.count, 0, HEXO_IO_POSTS_MAX - 1);
	assert_int_equal(io->op, HEXO_IO_WRITE);
	assert_int_equal(io->arg[2], HEXO_IO_WHOLE);
	posted.result[posted.count++] = home_io(io);
	if (posted.most < posted.count)
		posted.most = posted.count;
	return 0;
}

static int64_t take(const struct hexo_hc_buffer *b)
{
	unsigned n = (unsigned)(b->len / sizeof(int64_t));

	assert_in_range(n, 1, posted.count);
	memcpy((void *)b->addr, posted.result, b->len);
	posted.count -= n;
	memmove(posted.result, posted.result + n,
		posted.count * sizeof(int64_t));
	return (int64_t)b->len;
}

int64_t hexo_hypercall(uint32_t number, void *request)
{
	struct hexo_hc_buffer *b = request;

	if (number == HEXO_HC_IO_POST)
		return post(request);
	if (number == HEXO_HC_IO_TAKE)
		return take(b);
	if (number == HEXO_HC_LOG)
		home.logs++;
	if (number == HEXO_HC_IO)
		return home_io(request);
	if (number == HEXO_HC_DISCARD)
		memset((void *)b->addr, 0, b->len);
	assert_int_not_equal(number, HEXO_HC_PANIC);
	return 0;
}

static inline int open_file(uint32_t flags)
{
	return (int)sys_openat(AT_FDCWD, "f", (int)flags, 0);
}

static inline int set_up(void **state)
{
	struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	mmap(c, HEXO_PAGE_SIZE, 3, 0x100022, -1, 0);
	mmap((void *)HEXO_PORTABLE_BASE, MEMORY, 3, 0x100022, -1, 0);
	c->memory = MEMORY;
	kernel_mem_init(HEXO_PORTABLE_BASE, HEXO_PORTABLE_BASE + MEMORY);
	kernel_file_init();
	return 0;
}

#endif
