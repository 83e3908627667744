/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A heap of numbered items with the least key first, from which any item can
 * be taken. Equal keys: the lesser number first, so that decisions are the
 * same everywhere. Room for all items is allocated once.
 */
#ifndef HEXO_POLICY_HEAP_H
#define HEXO_POLICY_HEAP_H

#include <stdbool.h>
#include <stdint.h>

#define POLICY_NOBODY UINT32_MAX

struct policy_heap {
	uint32_t *item; /* in heap order */
	uint32_t *at;   /* of each item: its index; POLICY_NOBODY: not in it */
	double *key;    /* of each item */
	uint32_t count;
};

/* For the items 0 to room - 1. False: no memory, nothing to free. */
bool policy_heap_init(struct policy_heap *h, uint32_t room);
void policy_heap_free(struct policy_heap *h);

/* Puts the item in, or gives it another key. O(log count). */
void policy_heap_put(struct policy_heap *h, uint32_t item, double key);

/* Takes it out, if it is in. O(log count). */
void policy_heap_drop(struct policy_heap *h, uint32_t item);

/* The item with the least key, POLICY_NOBODY without any. */
uint32_t policy_heap_top(const struct policy_heap *h);

/* The item with the least key of those that fit says yes to, looking at no
 * more than POLICY_HEAP_LOOKS of the least. */
enum { POLICY_HEAP_LOOKS = 16 };

typedef bool policy_heap_fit(const void *ctx, uint32_t item);

uint32_t policy_heap_find(const struct policy_heap *h, policy_heap_fit *fit,
			  const void *ctx);

#endif
