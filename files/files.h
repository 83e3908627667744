/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The job's files: serves the operations of <hexo/io.h>. The handles belong
 * to the job, not to a VM, so they stay open across moves. What a request
 * holds comes from the guest by way of a VM and is checked here.
 */
#ifndef HEXO_FILES_FILES_H
#define HEXO_FILES_FILES_H

#include <stddef.h>
#include <stdint.h>

#include "files/volume.h"
#include "hexo/channel.h"

enum {
	FILES_HANDLES_MAX = 2 * HEXO_LOCAL_HANDLE, /* local ones from half on */
	FILES_WAIT_MS = 20, /* longest wait for a pipe or terminal */
};

/* What a handle stands for. */
struct files_handle {
	int fd;      /* -1: the handle is free, or a directory above volumes */
	char *above; /* path of such a directory, else NULL */
	bool readonly; /* lies in a read-only volume */
	int failed;    /* -errno of a whole write that no other one followed */
	bool cut;      /* restored: is to be cut to this size */
	uint64_t size;
};

struct files {
	struct files_volumes *volumes;
	struct files_handle at[FILES_HANDLES_MAX];
};

/* Whether a request is one to a local volume, by its path or its handle: then
 * who serves those has to answer it. data: as for files_serve(). */
bool files_is_local(const struct files_volumes *volumes,
		    const struct hexo_msg_io *io, const void *data, size_t len);

/* Closes all handles of local volumes. */
void files_close_local(struct files *files);

/* Handles 0, 1, 2 become this process's descriptors 0, 1, 2 (those that are
 * open); they stay its own. */
void files_init(struct files *files, struct files_volumes *volumes);
void files_free(struct files *files);

/*
 * Serves one request: data is the len bytes that followed it, and a NUL of
 * the caller's after them (as in a struct migrate_msg). The answer's data goes
 * to out (HEXO_IO_MAX bytes of room), its length to *out_len. Returns the
 * operation's result, -errno of generic Linux if it failed.
 */
int64_t files_serve(struct files *files, const struct hexo_msg_io *io,
		    const void *data, size_t len, void *out, size_t *out_len);

#endif
