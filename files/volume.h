/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Volumes: directories of this machine that the job sees below a path of
 * its own. Every path of the guest is resolved by the kernel inside the
 * volume's root (openat2, RESOLVE_IN_ROOT): neither ".." nor a symbolic
 * link, absolute or not, leads out of it.
 */
#ifndef HEXO_FILES_VOLUME_H
#define HEXO_FILES_VOLUME_H

#include <limits.h>
#include <stdbool.h>
#include <stddef.h>

#include "base/base.h"
#include "hexo/error.h"

enum { FILES_VOLUMES_MAX = 64 };

struct files_volume {
	char *prefix; /* in the guest: "/" or "/data", normalised */
	char *local;  /* a local volume: its directory on each machine; else
			 NULL */
	int root;     /* O_PATH descriptor of the directory; -1: another
			 process serves it */
	bool readonly;
};

struct files_volumes {
	struct files_volume at[FILES_VOLUMES_MAX];
	int count;
};

/* Adds "HOST:GUEST" or "HOST:GUEST:ro" (":rw" is the default); local: as a
 * local volume. */
int files_volume_add(struct files_volumes *volumes, const char *text,
		     bool local, struct hexo_error *err);
int files_volume_add_at(struct files_volumes *volumes, const char *host,
			const char *guest, bool readonly,
			struct hexo_error *err);
/* One that is closed. host NULL: another process serves the volume, which is
 * no local one; else an absolute, normalised path. */
int files_volume_add_local(struct files_volumes *volumes, const char *host,
			   const char *guest, bool readonly,
			   struct hexo_error *err);
void files_volumes_free(struct files_volumes *volumes);

/* Whether it is absolute, without empty parts, "." and "..". */
bool files_path_is_normalised(const char *path);
/* Where path goes on below prefix: "" if they are equal, NULL if path is not
 * below it. Both are normalised. */
const char *files_path_rest(const char *path, const char *prefix);
/* Where a descriptor's file is on this machine; 1: was, it has no name now. */
int files_descriptor_path(int fd, char path[PATH_MAX]);

/* Local volumes: opens this machine's directories, those that are not open
 * yet; none stays open after an error. */
int files_volumes_open_local(struct files_volumes *volumes,
			     struct hexo_error *err);
void files_volumes_close_local(struct files_volumes *volumes);
bool files_volumes_have_local(const struct files_volumes *volumes);

/* All volumes as struct hexo_msg_volume, if there is a local one; and back, as
 * they come from another machine: none is open, -EPROTO or -EINVAL. */
void files_volumes_list(const struct files_volumes *volumes,
			struct base_buffer *list);
int files_volumes_parse(struct files_volumes *volumes, const void *list,
			size_t len, struct hexo_error *err);

/* The volume at just this path of the guest's, or NULL. */
const struct files_volume *files_volume_at(const struct files_volumes *volumes,
					   const char *guest);

/* Where its directory is on this machine, NULL if nowhere or if it is not
 * open; the caller frees it. */
char *files_volume_host(const struct files_volume *v);

/* The guest path of a directory of this machine (a real path), from the
 * innermost volume that shows it, of the local ones or the others; NULL if none
 * does. The caller frees it. */
char *files_volume_show(const struct files_volumes *volumes, const char *host,
			bool local);

/* A guest path, taken apart. */
struct files_path {
	const struct files_volume *volume; /* NULL: it lies in none */
	const char *rest; /* in the volume, relative; "" is its root */
};

/*
 * Finds the volume with the longest prefix of path. path must be absolute
 * and normalised (no empty, "." or ".." component, no slash at the end), as
 * the guest kernel sends it; else -EINVAL. rest points into path.
 */
int files_volume_find(const struct files_volumes *volumes, const char *path,
		      struct files_path *found);

/* Opens within the volume, never blocking; flags and mode as for openat().
 * Returns a close-on-exec descriptor or -errno, -EIO if it is not open. */
int files_volume_open(const struct files_path *path, int flags, unsigned mode);

/* Opens the directory that holds path's last component (O_PATH) and gives
 * that component. -EBUSY for the root of a volume. */
int files_volume_parent(const struct files_path *path, const char **name);

/*
 * Directories that exist only because volumes lie below them, "/" first:
 * whether path is one, and the index-th name in it (owned by nobody; its
 * length in *len), NULL after the last.
 */
bool files_volume_is_above(const struct files_volumes *volumes,
			   const char *path);
const char *files_volume_above_name(const struct files_volumes *volumes,
				    const char *path, unsigned index,
				    size_t *len);

#endif
