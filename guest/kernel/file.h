/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Open files and the descriptors that name them.
 *
 * An open file may have several descriptors (dup); the last close closes it.
 * Regular files keep their offset here, so that it does not matter where the
 * job's home reads them; streams (terminals, pipes of the home, and whatever
 * stdin, stdout and stderr are) have theirs at home.
 */
#ifndef KERNEL_FILE_H
#define KERNEL_FILE_H

#include "guest/kernel/kernel.h"

enum { KERNEL_FILES = 1024 };

enum kernel_file_kind {
	KERNEL_FILE_NONE,
	KERNEL_FILE_REGULAR,
	KERNEL_FILE_DIRECTORY,
	KERNEL_FILE_STREAM,
	KERNEL_FILE_NULL,
	KERNEL_FILE_ZERO,
	KERNEL_FILE_RANDOM,
	KERNEL_FILE_PIPE,
};

struct kernel_pipe;
struct kernel_ahead;

struct kernel_file {
	uint32_t refs;
	uint32_t flags; /* HEXO_O_* */
	uint32_t kind;  /* enum kernel_file_kind */
	int32_t handle; /* at home; -1 if it has none */
	int64_t offset; /* regular: position; directory: cookie */
	char *path;     /* of a directory: a page of its own */
	struct kernel_pipe *pipe;

	/* Regular files. */
	bool at_end;     /* offset is not known before an append is done */
	bool retry;      /* an error was told: the next write is waited for */
	int error;       /* -errno of a write that was posted */
	int64_t next;    /* where the last read ended */
	uint32_t window; /* how much to read there at least; 0: not known */
	uint32_t epoch;  /* of dev and ino, see ahead.c */
	uint64_t dev, ino;
	struct kernel_ahead *ahead; /* NULL: nothing is read ahead */
};

/* Opens stdin, stdout and stderr. */
void kernel_file_init(void);

/* fd.c: descriptors */
struct kernel_file *kernel_file_get(int fd); /* NULL: no such descriptor */
struct kernel_file *kernel_file_new(uint32_t kind, uint32_t flags); /* NULL */
/* Drops a reference; the last one closes the file, and returns -errno if what
 * was written to it is lost. */
long kernel_file_put(struct kernel_file *f);
/* The lowest free descriptor from `from` on names f, whose reference it takes
 * over; on failure (-EMFILE) the reference is dropped. */
int kernel_file_install(struct kernel_file *f, int from, bool cloexec);

/*
 * file.c: reading and writing, movable while they wait. off is a position or
 * KERNEL_FILE_HERE: at the file's offset, which moves on. Return bytes or
 * -errno, as read() and write() do.
 */
#define KERNEL_FILE_HERE (-1)
long kernel_file_read(struct kernel_file *f, char *to, uint64_t len,
		      int64_t off);
long kernel_file_write(struct kernel_file *f, const char *from, uint64_t len,
		       int64_t off);

/*
 * post.c: writes at most HEXO_IO_MAX bytes to a regular file without waiting
 * for the result. Returns how many were taken, or -errno; an error of an
 * earlier write is returned, but not yet told.
 */
long kernel_post_write(struct kernel_file *f, const char *from, uint64_t len,
		       int64_t off);
/* The error of an earlier write that the program is to be told now, or 0. */
long kernel_post_error(struct kernel_file *f);
/* fsync(), which tells such errors. */
long kernel_post_sync(struct kernel_file *f, bool data_only);

/*
 * ahead.c: reads at most HEXO_IO_MAX bytes of a regular file. Returns bytes or
 * -errno; fewer than were asked for only at the file's end.
 */
long kernel_ahead_read(struct kernel_file *f, char *to, uint64_t len,
		       int64_t off);
/* The program has changed what is in this file. */
void kernel_ahead_changed(struct kernel_file *f);
/* Gives up what was read ahead by f, which is being closed. */
void kernel_ahead_close(struct kernel_file *f);

/* stat.c: 0 or -errno. */
long kernel_file_stat(struct kernel_file *f, struct hexo_io_stat *st);
long kernel_path_stat(const char *path, bool nofollow, struct hexo_io_stat *st);

/* pipe.c */
long kernel_pipe_read(struct kernel_file *f, char *to, uint64_t len);
long kernel_pipe_write(struct kernel_file *f, const char *from, uint64_t len);
bool kernel_pipe_is_ready(const struct kernel_file *f);
void kernel_pipe_close(struct kernel_file *f);
uint64_t kernel_pipe_bytes(const struct kernel_file *f);

static inline bool kernel_file_reads(const struct kernel_file *f)
{
	return (f->flags & HEXO_O_ACCMODE) != HEXO_O_WRONLY;
}

static inline bool kernel_file_writes(const struct kernel_file *f)
{
	return (f->flags & HEXO_O_ACCMODE) != HEXO_O_RDONLY;
}

#endif
