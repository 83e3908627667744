/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which nodes have a free slot, and memory: the first one for so many bytes
 * is found, and a node is changed, in the logarithm of the number of nodes.
 */
#ifndef HEXO_POLICY_ROOM_H
#define HEXO_POLICY_ROOM_H

#include <stdbool.h>
#include <stdint.h>

#include "policy/heap.h"

struct policy_room {
	uint64_t *most; /* a tree of maxima: node n is at leaves + n */
	uint32_t leaves;
};

/* For nodes 0 to nodes - 1, none with room. False: no memory. */
bool policy_room_init(struct policy_room *r, uint32_t nodes);
void policy_room_free(struct policy_room *r);

/* memory: bytes free beside a free slot; 0: there is no room. */
void policy_room_set(struct policy_room *r, uint32_t node, uint64_t memory);

/* The least node with so much (at least 1) free, or POLICY_NOBODY. */
uint32_t policy_room_first(const struct policy_room *r, uint64_t memory);

#endif
