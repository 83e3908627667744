/* SPDX-License-Identifier: Apache-2.0 */
/* Between the files of this directory only: one request being served. */
#ifndef HEXO_FILES_OP_H
#define HEXO_FILES_OP_H

#include <stdbool.h>
#include <sys/stat.h>

#include "files/files.h"
#include "hexo/io.h"

struct files_op {
	struct files *files;
	const int64_t *arg;
	const char *data; /* len bytes and a NUL of our own after them */
	size_t len;
	char *out;
	size_t out_room; /* what the guest has room for */
	size_t out_len;  /* the answer's length, <= out_room */
	bool local;      /* what it asks for is in a local volume */
};

/* Bits of modes that programs may set. */
enum { FILES_MODE = 0777 | S_ISVTX };

typedef int64_t files_operation(struct files_op *op);

/* Handles: arg[0] holds one. NULL if it is not open. */
struct files_handle *files_handle(struct files_op *op);
/* Its descriptor; -EBADF, or -EISDIR for a directory above volumes. */
int files_handle_fd(struct files_op *op);
/* The same, where its mode or times may be changed; -EROFS or -EPERM if not. */
int files_handle_change(struct files_op *op);
/* Gives fd (taken over) or the path of a directory above volumes (copied) a
 * handle, of the kind that op->local says; -EMFILE. */
int64_t files_handle_new(struct files_op *op, int fd, const char *above,
			 bool readonly);

/* The path that is all of the request's data. */
int files_path(struct files_op *op, struct files_path *path);

/* Puts size bytes into the answer; -ERANGE if there is no room. */
int files_answer(struct files_op *op, const void *data, size_t size);

struct stat;
int files_answer_stat(struct files_op *op, const struct stat *st);

/* files/path.c */
files_operation files_open, files_stat, files_unlink, files_mkdir, files_rename,
	files_link, files_symlink, files_readlink, files_access, files_chmod,
	files_utimens;
/* files/dir.c */
files_operation files_readdir;
/* A directory above volumes, as stat shows it. */
void files_above_stat(const struct files_volumes *volumes, const char *path,
		      struct stat *st);
/* files/data.c */
files_operation files_read, files_write, files_truncate, files_fsync;

#endif
