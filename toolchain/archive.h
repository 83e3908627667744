/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading `ar` archives, GNU's and LLVM's, with or without a symbol index.
 * Nothing in the file is trusted: all offsets are checked when it is opened.
 */
#ifndef HEXO_TOOLCHAIN_ARCHIVE_H
#define HEXO_TOOLCHAIN_ARCHIVE_H

#include <stdbool.h>
#include <stddef.h>

#include "hexo/error.h"

struct tc_member {
	char *name;       /* owned */
	const char *data; /* in the archive's data */
	size_t size;
	size_t offset; /* of its header: how the index refers to it */
	bool indexed;  /* the index names a symbol of it */
	bool loaded;   /* for the user of the archive */
};

struct tc_index_entry {
	const char *symbol; /* in the archive's data */
	size_t member;
};

struct tc_archive {
	char *path; /* owned, as is data */
	char *data;
	size_t len;
	struct tc_member *members;
	size_t n_members;
	struct tc_index_entry *index; /* n_index 0: there is none */
	size_t n_index;
};

bool tc_archive_is(const char *data, size_t len);

/* Takes over data (malloc'ed), also on failure: free a in any case. */
int tc_archive_open(struct tc_archive *a, const char *path, char *data,
		    size_t len, struct hexo_error *err);
void tc_archive_free(struct tc_archive *a);

#endif
