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

struct kernel_file {
	uint32_t refs;
	uint32_t flags; /* HEXO_O_* */
	uint32_t kind;  /* enum kernel_file_kind */
	int32_t handle; /* at home; -1 if it has none */
	int64_t offset; /* regular: position; directory: cookie */
	char *path;     /* of a directory: a page of its own */
	struct kernel_pipe *pipe;
};

/* Opens stdin, stdout and stderr. */
void kernel_file_init(void);

/* fd.c: descriptors */
struct kernel_file *kernel_file_get(int fd); /* NULL: no such descriptor */
struct kernel_file *kernel_file_new(uint32_t kind, uint32_t flags); /* NULL */
void kernel_file_put(struct kernel_file *f);
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
