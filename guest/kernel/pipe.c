/* SPDX-License-Identifier: Apache-2.0 */
/* Pipes inside the program. With one thread nobody else can fill or empty
 * one, so waiting for that would be for ever: it ends the program. */
#include "guest/kernel/file.h"
#include "guest/kernel/syscall.h"

KERNEL_NEVER_WAITS

enum { PIPE_SIZE = 0x10000 };

struct kernel_pipe {
	uint64_t head, tail; /* bytes ever read, ever written */
	bool has_reader, has_writer;
	char data[];
};

enum { PIPE_MEMORY = PIPE_SIZE + HEXO_PAGE_SIZE };

static bool is_reader(const struct kernel_file *f)
{
	return !kernel_file_writes(f);
}

uint64_t kernel_pipe_bytes(const struct kernel_file *f)
{
	return f->pipe->tail - f->pipe->head;
}

bool kernel_pipe_is_ready(const struct kernel_file *f)
{
	if (is_reader(f))
		return kernel_pipe_bytes(f) || !f->pipe->has_writer;
	return kernel_pipe_bytes(f) < PIPE_SIZE || !f->pipe->has_reader;
}

/* The longest piece from position `at` on that does not wrap. */
static uint64_t piece(uint64_t at, uint64_t len)
{
	uint64_t room = PIPE_SIZE - at % PIPE_SIZE;

	return len < room ? len : room;
}

long kernel_pipe_read(struct kernel_file *f, char *to, uint64_t len)
{
	struct kernel_pipe *p = f->pipe;
	uint64_t done = 0, n;

	if (len && !kernel_pipe_bytes(f) && p->has_writer) {
		if (f->flags & HEXO_O_NONBLOCK)
			return -EAGAIN;
		kernel_panic("deadlock: the program's only thread reads from "
			     "a pipe that it alone could fill");
	}
	while (done < len && p->head < p->tail) {
		n = piece(p->head, len - done);
		if (n > p->tail - p->head)
			n = p->tail - p->head;
		memcpy(to + done, p->data + p->head % PIPE_SIZE, n);
		p->head += n;
		done += n;
	}
	return (long)done;
}

long kernel_pipe_write(struct kernel_file *f, const char *from, uint64_t len)
{
	struct kernel_pipe *p = f->pipe;
	uint64_t room = PIPE_SIZE - kernel_pipe_bytes(f), done = 0, n;

	if (!p->has_reader)
		return -EPIPE;
	if (len > room) {
		if (!(f->flags & HEXO_O_NONBLOCK))
			kernel_panic("deadlock: the program's only thread "
				     "writes to a full pipe that it alone "
				     "could empty");
		if (!room)
			return -EAGAIN;
		len = room;
	}
	while (done < len) {
		n = piece(p->tail, len - done);
		memcpy(p->data + p->tail % PIPE_SIZE, from + done, n);
		p->tail += n;
		done += n;
	}
	return (long)done;
}

void kernel_pipe_close(struct kernel_file *f)
{
	struct kernel_pipe *p = f->pipe;

	if (is_reader(f))
		p->has_reader = false;
	else
		p->has_writer = false;
	if (!p->has_reader && !p->has_writer)
		kernel_mem_give(kernel_address(p), PIPE_MEMORY);
}

static struct kernel_file *new_end(struct kernel_pipe *p, uint32_t flags)
{
	struct kernel_file *f = kernel_file_new(KERNEL_FILE_PIPE, flags);

	if (f)
		f->pipe = p;
	return f;
}

long sys_pipe2(int fds[2], int flags)
{
	bool cloexec = flags & HEXO_O_CLOEXEC;
	uint32_t more = (uint32_t)flags & HEXO_O_NONBLOCK;
	struct kernel_pipe *p = (void *)kernel_mem_take(PIPE_MEMORY);
	struct kernel_file *reader, *writer;
	int from, to;

	if (!p)
		return -ENOMEM;
	p->has_reader = p->has_writer = true;
	reader = new_end(p, HEXO_O_RDONLY | more);
	writer = new_end(p, HEXO_O_WRONLY | more);
	if (!reader || !writer) {
		if (reader)
			reader->refs = 0;
		kernel_mem_give(kernel_address(p), PIPE_MEMORY);
		return -EMFILE;
	}
	from = kernel_file_install(reader, 0, cloexec);
	to = kernel_file_install(writer, 0, cloexec);
	if (from < 0 || to < 0) {
		if (from >= 0)
			sys_close(from);
		return -EMFILE;
	}
	fds[0] = from;
	fds[1] = to;
	return 0;
}

KERNEL_NEVER_WAITS_END
