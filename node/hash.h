/* SPDX-License-Identifier: Apache-2.0 */
/* The hash that names an ELF between nodes: XXH128, high half first. */
#ifndef HEXO_NODE_HASH_H
#define HEXO_NODE_HASH_H

#include <stddef.h>
#include <stdint.h>

void node_hash(const void *data, size_t size, uint64_t hash[2]);

/* The same piece by piece. node_hash_begin() returns NULL when memory is
 * out; node_hash_free() takes NULL, too. */
struct node_hasher;

struct node_hasher *node_hash_begin(void);
void node_hash_add(struct node_hasher *hasher, const void *data, size_t len);
void node_hash_end(const struct node_hasher *hasher, uint64_t hash[2]);
void node_hash_free(struct node_hasher *hasher);

#endif
