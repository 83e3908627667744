/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Local volumes of a VM at this node: a process between the VM and its relay
 * that answers what is asked of them, as <hexo/channel.h> says, and passes all
 * else on. It is nobody's in particular where hexod is root, and can reach
 * nothing but the volumes.
 */
#ifndef HEXO_NODE_STORAGE_H
#define HEXO_NODE_STORAGE_H

#include <sys/types.h>

#include "files/volume.h"

enum { NODE_STORAGE_DIRECTORIES = 32, NODE_STORAGE_NOBODY = 65534 };

/* What the node's operator allows. */
struct node_storage_policy {
	const char *directory[NODE_STORAGE_DIRECTORIES]; /* absolute */
	unsigned count;
	uid_t uid; /* whose rights count where hexod is root */
	gid_t gid;
};

/* "UID" or "UID:GID", the group's number being the user's else. */
int node_storage_user(struct node_storage_policy *policy, const char *text,
		      struct hexo_error *err);

/* Allows a directory and all below it; it must exist. */
int node_storage_allow(struct node_storage_policy *policy,
		       const char *directory, struct hexo_error *err);

struct node_storage {
	int vm, home; /* the process's ends of its channels: taken over */
	/* The relay's: a byte that is 1 or 0 says whether there is a link to
	 * the home. Without one nothing is done that others could see. */
	int control;
};

/* Starts the process for the local ones of volumes, and waits until it has
 * opened them. -EACCES if one is not allowed, with words for the client. */
int node_storage_start(const struct node_storage_policy *policy,
		       struct files_volumes *volumes,
		       struct node_storage *storage, struct hexo_error *err);

#endif
