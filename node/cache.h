/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The image cache of a node: ELF files by their content (XXH128), in one
 * directory that is ours alone. Several processes use it at once. What is in
 * it was checked when it came and is checked again when it is used. The
 * least recently used files make room for new ones.
 */
#ifndef HEXO_NODE_CACHE_H
#define HEXO_NODE_CACHE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hexo/channel.h"
#include "hexo/error.h"

#define NODE_ELF_MAX (UINT64_C(256) << 20)

struct node_hasher;

struct node_cache {
	int dir;
	uint64_t limit; /* bytes of all files together */
};

/* The directory is made (0700) if missing; what broken transfers left there
 * is removed. node_cache_close() at the end. */
int node_cache_open(struct node_cache *cache, const char *path, uint64_t limit,
		    struct hexo_error *err);
void node_cache_close(struct node_cache *cache);

/* Opens the ELF with that hash, read only, and marks it used; *size is its
 * size. -ENOENT if there is none; a file whose content is not what its name
 * says is removed and counts as none. */
int node_cache_get(const struct node_cache *cache, const uint64_t hash[2],
		   uint64_t *size, struct hexo_error *err);

/* An ELF on its way in, visible to nobody before node_put_end(). */
struct node_put {
	const struct node_cache *cache;
	struct hexo_msg_image image; /* what was announced */
	uint64_t done;
	struct node_hasher *hasher;
	int fd;
};

/* Makes room for the announced size. A process has one put at a time. After
 * any error of these functions: node_put_abort(), which may be called always
 * and twice. */
int node_put_begin(const struct node_cache *cache,
		   const struct hexo_msg_image *image, struct node_put *put,
		   struct hexo_error *err);
int node_put_data(struct node_put *put, const void *data, size_t len,
		  struct hexo_error *err);
/* Everything came: checks the hash and files it under its name. */
int node_put_end(struct node_put *put, struct hexo_error *err);
void node_put_abort(struct node_put *put);

/* Removes what the put of a process that ended left behind. */
void node_cache_sweep(const struct node_cache *cache, pid_t pid);

#endif
