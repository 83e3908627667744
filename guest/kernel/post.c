/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes that nobody waits for. A write to a regular file goes to the home at
 * once and in its turn, and the program goes on; the result is looked at later.
 * So no data is held back: whatever comes after it, another operation, the
 * program's end or a fault, comes after it at home, too.
 *
 * All of this may be called while the VM parks: nothing here has locals whose
 * address is taken, which would lie on the portable stack.
 */
#include "guest/kernel/file.h"

KERNEL_NEVER_WAITS

static struct {
	struct kernel_file *file[HEXO_IO_POSTS_MAX]; /* a ring */
	uint32_t len[HEXO_IO_POSTS_MAX];
	bool append[HEXO_IO_POSTS_MAX];
	uint32_t first, count;
	uint64_t bytes; /* of all of them */
	int64_t results[HEXO_IO_POSTS_MAX];
	uint32_t failed; /* files whose error the program does not know */
	int error;       /* the last such one */
} posts;

static void fail(struct kernel_file *f, int64_t error)
{
	/* It was told; what was posted before that fails for the same reason.
	 */
	if (f->retry)
		return;
	if (!f->error)
		posts.failed++;
	f->error = posts.error = error < 0 ? (int)error : -EIO;
}

/* The oldest one has this result. */
static void finish(int64_t result)
{
	struct kernel_file *f = posts.file[posts.first];
	uint32_t len = posts.len[posts.first];

	if (posts.append[posts.first] && result >= len) {
		if (f->at_end)
			f->offset = result;
	} else if (result != len) {
		fail(f, result);
	}
	posts.bytes -= len;
	posts.first = (posts.first + 1) % HEXO_IO_POSTS_MAX;
	posts.count--;
}

/* Waits for the n oldest ones. */
static void take(uint32_t n)
{
	int64_t got = kernel_buffer(HEXO_HC_IO_TAKE, posts.results,
				    n * sizeof(int64_t));

	for (uint32_t k = 0; k < n; k++)
		finish(got < 0 ? got : posts.results[k]);
}

void kernel_post_settle(void)
{
	if (posts.count)
		take(posts.count);
}

long kernel_post_error(struct kernel_file *f)
{
	long error = f->error;

	if (!error)
		return 0;
	posts.failed--;
	f->error = 0;
	f->retry = true;
	return error;
}

long kernel_post_write(struct kernel_file *f, const char *from, uint64_t len,
		       int64_t off)
{
	static struct hexo_hc_io io = { .op = HEXO_IO_WRITE };
	uint32_t at;
	int64_t status;

	if (len > HEXO_IO_MAX)
		len = HEXO_IO_MAX;
	/* Half of them, so that it is seldom that somebody waits. */
	while (posts.count == HEXO_IO_POSTS_MAX ||
	       (posts.count && posts.bytes + len > HEXO_IO_MAX))
		take((posts.count + 1) / 2);
	if (f->error)
		return f->error;
	io.arg[0] = f->handle;
	io.arg[1] = off;
	io.arg[2] = HEXO_IO_WHOLE;
	io.in_addr = kernel_address(from);
	io.in_len = len;
	status = kernel_io_post(&io);
	if (status < 0)
		return status;
	at = (posts.first + posts.count++) % HEXO_IO_POSTS_MAX;
	posts.file[at] = f;
	posts.len[at] = (uint32_t)len;
	posts.append[at] = off == HEXO_IO_APPEND;
	posts.bytes += len;
	if (off == HEXO_IO_APPEND)
		f->at_end = true;
	return (long)len;
}

long kernel_post_sync(struct kernel_file *f, bool data_only)
{
	int64_t status = kernel_io(&(struct hexo_hc_io){ .op = HEXO_IO_FSYNC,
							 .arg = { f->handle,
								  data_only } },
				   NULL);

	return f->error ? kernel_post_error(f) : status;
}

void kernel_post_end(void)
{
	struct kernel_line l = { 0 };

	kernel_post_settle();
	if (!posts.failed)
		return;
	kernel_line_text(&l, "the program wrote to a file and ended before it "
			     "was told that this had failed: error ");
	kernel_line_number(&l, (uint64_t)-posts.error);
	kernel_line_log(&l);
}

KERNEL_NEVER_WAITS_END
