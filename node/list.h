/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of keys, one text file each, in a directory that is its owner's
 * alone. A line is a fingerprint and two words: of a node its name and
 * address (in the client's directory), of an accepted client its name and
 * "-" (in hexod's), of a refused one its address and the time, in seconds
 * since 1970.
 */
#ifndef HEXO_NODE_LIST_H
#define HEXO_NODE_LIST_H

#include <stddef.h>

#include "node/key.h"

#define NODE_LIST_NODES   "nodes"
#define NODE_LIST_CLIENTS "clients"
#define NODE_LIST_REFUSED "refused"

enum {
	NODE_LIST_MAX = 256,   /* entries */
	NODE_REFUSED_MAX = 32, /* the oldest make room */
	NODE_LIST_WORD_MAX = 120,
};

struct node_list_entry {
	struct node_key key;
	char word[2][NODE_LIST_WORD_MAX + 1]; /* printable, no blanks */
};

struct node_list {
	unsigned count;
	struct node_list_entry entry[NODE_LIST_MAX];
};

/* The directory of a user's keys, $XDG_CONFIG_HOME/hexo, and that of a
 * hexod's, $XDG_STATE_HOME/hexod; the caller's to free(). -ENOENT if the
 * environment names no home. */
int node_config_directory(char **path, struct hexo_error *err);
int node_state_directory(char **path, struct hexo_error *err);

/* Makes the directory (0700) and those above it; refuses one that another
 * can change. */
int node_own_directory(const char *path, struct hexo_error *err);

/* Reads a list; one that is not there is empty. Anything malformed, too long
 * or changeable by others is refused. The list is the caller's to free(). */
int node_list_read(const char *directory, const char *name,
		   struct node_list **list, struct hexo_error *err);

struct node_list_entry *node_list_find(struct node_list *list,
				       const struct node_key *key);
struct node_list_entry *node_list_find_word(struct node_list *list, int which,
					    const char *word);

/*
 * Changes a list on the disk, as one step towards other processes: removes
 * the entry with the key or (key NULL) the first word of *entry, and adds
 * *entry at the end if add is set; a list longer than max then loses its
 * oldest. Returns whether there was one to remove, or -errno.
 */
int node_list_change(const char *directory, const char *name,
		     const struct node_list_entry *entry, bool by_key, bool add,
		     unsigned max, struct hexo_error *err);

#endif
