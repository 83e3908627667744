/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading ahead. A regular file that is read from one place to the next is
 * asked for in pieces that double up to AHEAD_MAX. What was read ahead is
 * forgotten when the file is read elsewhere, when the program writes to it by
 * any descriptor, after half a second, since others may write to it, and when
 * the VM parks, so that no move carries it. The end of a file is never
 * remembered.
 *
 * To forget may be necessary while the VM parks: no locals whose address is
 * taken on that way.
 */
#include "guest/kernel/file.h"

KERNEL_NEVER_WAITS

enum {
	AHEAD_MIN = 4096,
	AHEAD_MAX = 256 << 10,
	AHEAD_FILES = 16, /* at a time */
};

struct kernel_ahead {
	struct kernel_file *file; /* whose it is; NULL: free */
	char *data;               /* AHEAD_MAX bytes */
	int64_t at;               /* their place in the file */
	uint64_t len;             /* how many there are */
	uint64_t turn;            /* which filling this was */
};

static struct kernel_ahead slots[AHEAD_FILES];
static uint64_t turns;

/* Files are told apart by what the home said since the VM parked last: a
 * checkpoint may be restored with other ones. */
static uint32_t epoch = 1;

static void release(struct kernel_ahead *a)
{
	kernel_mem_give(kernel_address(a->data), AHEAD_MAX);
	a->file->ahead = NULL;
	a->file = NULL;
}

void kernel_ahead_close(struct kernel_file *f)
{
	if (f->ahead)
		release(f->ahead);
}

bool kernel_ahead_forget_all(void)
{
	bool any = false;

	epoch++;
	for (int k = 0; k < AHEAD_FILES; k++) {
		if (!slots[k].file)
			continue;
		release(&slots[k]);
		any = true;
	}
	return any;
}

/* See fresh in <hexo/hypercall.h>. */
static void check_age(void)
{
	volatile struct hexo_control *c = kernel_control();

	if (c->fresh)
		return;
	for (int k = 0; k < AHEAD_FILES; k++)
		slots[k].len = 0;
	c->fresh = 1;
}

static bool identify(struct kernel_file *f)
{
	struct hexo_io_stat st;

	if (f->epoch == epoch)
		return true;
	if (kernel_file_stat(f, &st))
		return false;
	f->dev = st.dev;
	f->ino = st.ino;
	f->epoch = epoch;
	return true;
}

void kernel_ahead_changed(struct kernel_file *f)
{
	for (int k = 0; k < AHEAD_FILES; k++) {
		struct kernel_file *other = slots[k].file;

		if (!other || !slots[k].len)
			continue;
		if (!identify(f) || !identify(other) ||
		    (f->dev == other->dev && f->ino == other->ino))
			slots[k].len = 0;
	}
}

/* A slot for f: a free one, else that which was filled longest ago. NULL if
 * there is no memory to spare. */
static struct kernel_ahead *acquire(struct kernel_file *f)
{
	struct kernel_ahead *a = &slots[0];

	for (int k = 0; k < AHEAD_FILES && a->file; k++)
		if (!slots[k].file || slots[k].turn < a->turn)
			a = &slots[k];
	if (a->file)
		release(a);
	if (kernel_mem_free() / 8 < AHEAD_MAX || !identify(f))
		return NULL;
	a->data = (char *)kernel_mem_try(AHEAD_MAX);
	if (!a->data)
		return NULL;
	a->file = f;
	a->len = 0;
	f->ahead = a;
	return a;
}

static int64_t fetch(struct kernel_file *f, char *to, uint64_t len, int64_t off)
{
	struct hexo_hc_io io = { .op = HEXO_IO_READ,
				 .arg = { f->handle, off },
				 .out_addr = kernel_address(to),
				 .out_len = len };
	int64_t n;

	do
		n = kernel_io(&io, NULL);
	while (n == -EAGAIN);
	return n > (int64_t)len ? -EIO : n;
}

/* What is there of the len bytes at off. */
static uint64_t copy_out(struct kernel_ahead *a, char *to, uint64_t len,
			 int64_t off)
{
	uint64_t skip = (uint64_t)(off - a->at);

	if (off < a->at || skip >= a->len)
		return 0;
	if (len > a->len - skip)
		len = a->len - skip;
	memcpy(to, a->data + skip, len);
	return len;
}

/* Reads on where the last read ended and nothing more is there. */
static int64_t read_on(struct kernel_file *f, char *to, uint64_t len,
		       int64_t off)
{
	struct kernel_ahead *a;
	int64_t n;

	if (f->window < AHEAD_MAX)
		f->window = f->window ? f->window * 2 : AHEAD_MIN;
	if (len >= f->window)
		return fetch(f, to, len, off);
	a = f->ahead ? f->ahead : acquire(f);
	if (!a)
		return fetch(f, to, len, off);
	a->len = 0;
	a->at = off;
	a->turn = ++turns;
	n = fetch(f, a->data, f->window, off);
	if (n <= 0)
		return n;
	a->len = (uint64_t)n;
	if (len > a->len)
		len = a->len;
	memcpy(to, a->data, len);
	return (int64_t)len;
}

long kernel_ahead_read(struct kernel_file *f, char *to, uint64_t len,
		       int64_t off)
{
	uint64_t done = 0;
	int64_t n = 0;

	if (len > HEXO_IO_MAX)
		len = HEXO_IO_MAX;
	check_age();
	if (off != f->next) {
		f->window = 0;
		if (f->ahead)
			f->ahead->len = 0;
	}
	if (f->ahead)
		done = copy_out(f->ahead, to, len, off);
	if (done < len && off == f->next)
		n = read_on(f, to + done, len - done, off + (int64_t)done);
	else if (done < len)
		n = fetch(f, to + done, len - done, off + (int64_t)done);
	if (n > 0)
		done += (uint64_t)n;
	if (done)
		f->next = off + (int64_t)done;
	return done ? (long)done : n;
}

KERNEL_NEVER_WAITS_END
