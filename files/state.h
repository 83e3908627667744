/* SPDX-License-Identifier: Apache-2.0 */
/* Open files with names, told so that they can be opened again: entries of
 * "files" in <hexo/checkpoint.h>. */
#ifndef HEXO_FILES_STATE_H
#define HEXO_FILES_STATE_H

#include <jansson.h>

#include "base/base.h"
#include "files/files.h"

/*
 * Adds an open handle to entry. Returns 1 if nothing leads to its file by name
 * any more: what "guest" or "deleted" would say is missing then, and *path (the
 * caller frees it) is where its directory was on this machine, as far as is
 * known. -EXDEV if the file is in no volume any more.
 */
int files_state_save(const struct files *files, int number, json_t *entry,
		     char **path, struct hexo_error *err);

/* All handles of local volumes, a new array. What is written there is synced
 * first: on a network file system the next machine has to see it. */
json_t *files_state_local(const struct files *files, struct hexo_error *err);

/* Whether an entry is of a handle in a local volume. */
bool files_state_is_local(const json_t *entry);

/* The handle of an entry, which must be free: NULL if it is not. */
struct files_handle *files_state_handle(struct files *files,
					const json_t *entry,
					struct hexo_error *err);

/* How an entry's file is to be opened: O_RDONLY, ... or -EINVAL. */
int files_state_access(const json_t *entry, struct hexo_error *err);

/* Opening again. */
struct files_reopen {
	bool keep; /* files that grew are not to be cut */
	/* Gets a line on each file that has changed since; NULL: none. */
	struct base_buffer *notes;
};

/* Opens the file of an entry that has a name, or is a directory above
 * volumes. */
int files_state_open(struct files *files, const json_t *entry,
		     const struct files_reopen *how, struct hexo_error *err);

/* Has an open file cut back to size by files_state_cut(), and says so. */
void files_state_plan(struct files_handle *h, const struct files_reopen *how,
		      const char *name, uint64_t size, uint64_t now);

/* Does all that was planned. */
int files_state_cut(struct files *files, struct hexo_error *err);

#endif
