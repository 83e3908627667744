/* SPDX-License-Identifier: Apache-2.0 */
/*
 * File operations between the guest kernel and the job's home.
 *
 * The monitor only passes them on (HEXO_HC_IO in, HEXO_MSG_IO to the home),
 * so files behave alike wherever the VM runs. The home is the `hexo run`
 * process; it owns the open files (handles) and resolves paths inside the
 * --volume roots. Handles 0, 1, 2 are the job's stdin, stdout, stderr.
 * The guest kernel owns descriptors, offsets, the working directory; paths
 * it sends are absolute, normalised ("." and ".." folded), not terminated.
 *
 * Nothing blocks at home: an operation that would (reading a terminal)
 * answers -EAGAIN after at most 20 ms, and the guest kernel polls for a
 * park request and asks again.
 *
 * All integers little-endian. errno numbers and open flags are those of
 * asm-generic Linux (x86-64's and AArch64's differ only in O_DIRECTORY,
 * O_NOFOLLOW, O_DIRECT, O_LARGEFILE: use the names below).
 */
#ifndef HEXO_IO_H
#define HEXO_IO_H

#include <stdint.h>

#define HEXO_IO_MAX      (1u << 20) /* bytes of data in one operation */
#define HEXO_IO_PATH_MAX 4096

/*
 *  op        arg[]                     in        out
 */
enum hexo_io_op {
	HEXO_IO_OPEN = 1, /* flags, mode    path      - ; result: handle */
	HEXO_IO_CLOSE,    /* handle                                      */
	HEXO_IO_READ,     /* handle, off              data; result: bytes */
	HEXO_IO_WRITE,    /* handle, off,   data      - ; result: bytes
			     whole                                   */
	HEXO_IO_FSTAT,    /* handle                   struct hexo_io_stat */
	HEXO_IO_STAT,     /* nofollow       path      struct hexo_io_stat */
	HEXO_IO_READDIR,  /* handle, cookie           entries            */
	HEXO_IO_TRUNCATE, /* handle, length                              */
	HEXO_IO_FSYNC,    /* handle, dataonly                            */
	HEXO_IO_UNLINK,   /* isdir          path                         */
	HEXO_IO_MKDIR,    /* mode           path                         */
	HEXO_IO_RENAME,   /*                old NUL new                  */
	HEXO_IO_LINK,     /*                old NUL new                  */
	HEXO_IO_SYMLINK,  /*                target NUL path              */
	HEXO_IO_READLINK, /*                path      target             */
	HEXO_IO_ACCESS,   /* mode           path                         */
	HEXO_IO_CHMOD,    /* mode           path                         */
	HEXO_IO_UTIMENS,  /* handle or -1   2 x {s64 sec, s64 nsec}, path */
	HEXO_IO_WINSIZE,  /* handle                   u16 rows, cols     */
	HEXO_IO_FCHMOD,   /* handle, mode                                */
	HEXO_IO_OPS
};

/* Offsets in READ and WRITE: >= 0 is a position; else: */
#define HEXO_IO_STREAM (-1) /* at the handle's own position (pipes, ttys) */
#define HEXO_IO_APPEND (-2) /* WRITE only: at the end */

/*
 * WRITE with arg[2] 1, for regular files: all of the data is written, or the
 * result is an error; at the end, the result is where that is then. After an
 * error all such writes to the handle give the same one and write nothing,
 * until a write without it comes: who posts writes ahead learns late of an
 * error, and what follows a gap must not be written.
 */
#define HEXO_IO_WHOLE 1

#define HEXO_O_RDONLY    0
#define HEXO_O_WRONLY    1
#define HEXO_O_RDWR      2
#define HEXO_O_ACCMODE   3
#define HEXO_O_CREAT     0100
#define HEXO_O_EXCL      0200
#define HEXO_O_NOCTTY    0400
#define HEXO_O_TRUNC     01000
#define HEXO_O_APPEND    02000
#define HEXO_O_NONBLOCK  04000
#define HEXO_O_DSYNC     010000 /* these two are for the guest's kernel */
#define HEXO_O_SYNC      04010000
#define HEXO_O_DIRECTORY 0200000
#define HEXO_O_NOFOLLOW  0400000
#define HEXO_O_CLOEXEC   02000000

struct hexo_io_stat {
	uint64_t dev, ino;
	uint32_t mode; /* Linux S_IF* and permission bits */
	uint32_t nlink;
	uint32_t uid, gid;
	uint64_t rdev;
	int64_t size, blksize, blocks;
	int64_t atime_sec, atime_nsec;
	int64_t mtime_sec, mtime_nsec;
	int64_t ctime_sec, ctime_nsec;
};

_Static_assert(sizeof(struct hexo_io_stat) == 112, "file protocol");

/* READDIR answers packed entries, each padded to 8 bytes; cookie goes back
 * in arg[1] to continue after it (0 starts); no entries: the end. */
struct hexo_io_dirent {
	uint64_t ino;
	uint64_t cookie;
	uint16_t size; /* of this entry, name and padding included */
	uint8_t type;  /* DT_* */
	uint8_t name_len;
	char name[]; /* name_len bytes, then NUL padding */
};

#endif
