/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/heap.h"

#include <stdlib.h>

bool policy_heap_init(struct policy_heap *h, uint32_t room)
{
	uint32_t i;

	*h = (struct policy_heap){
		.item = calloc(room, sizeof(*h->item)),
		.at = calloc(room, sizeof(*h->at)),
		.key = calloc(room, sizeof(*h->key)),
	};
	if (!h->item || !h->at || !h->key) {
		policy_heap_free(h);
		return false;
	}
	for (i = 0; i < room; i++)
		h->at[i] = POLICY_NOBODY;
	return true;
}

void policy_heap_free(struct policy_heap *h)
{
	free(h->item);
	free(h->at);
	free(h->key);
	*h = (struct policy_heap){ 0 };
}

static bool heap_less(const struct policy_heap *h, uint32_t a, uint32_t b)
{
	return h->key[a] < h->key[b] || (h->key[a] == h->key[b] && a < b);
}

static void heap_set(struct policy_heap *h, uint32_t at, uint32_t item)
{
	h->item[at] = item;
	h->at[item] = at;
}

/* Moves the item at an index to where it belongs. */
static void heap_settle(struct policy_heap *h, uint32_t at)
{
	uint32_t item = h->item[at], next;

	while (at && heap_less(h, item, h->item[(at - 1) / 2])) {
		heap_set(h, at, h->item[(at - 1) / 2]);
		at = (at - 1) / 2;
	}
	while ((next = 2 * at + 1) < h->count) {
		if (next + 1 < h->count &&
		    heap_less(h, h->item[next + 1], h->item[next]))
			next++;
		if (!heap_less(h, h->item[next], item))
			break;
		heap_set(h, at, h->item[next]);
		at = next;
	}
	heap_set(h, at, item);
}

void policy_heap_put(struct policy_heap *h, uint32_t item, double key)
{
	h->key[item] = key;
	if (h->at[item] == POLICY_NOBODY)
		heap_set(h, h->count++, item);
	heap_settle(h, h->at[item]);
}

void policy_heap_drop(struct policy_heap *h, uint32_t item)
{
	uint32_t at = h->at[item];

	if (at == POLICY_NOBODY)
		return;
	h->at[item] = POLICY_NOBODY;
	if (at == --h->count)
		return;
	heap_set(h, at, h->item[h->count]);
	heap_settle(h, at);
}

uint32_t policy_heap_top(const struct policy_heap *h)
{
	return h->count ? h->item[0] : POLICY_NOBODY;
}

uint32_t policy_heap_find(const struct policy_heap *h, policy_heap_fit *fit,
			  const void *ctx)
{
	/* Indices whose parents were looked at, and which were not. */
	uint32_t open[POLICY_HEAP_LOOKS + 1], n = 0;
	int looks;

	if (h->count)
		open[n++] = 0;
	for (looks = 0; n && looks < POLICY_HEAP_LOOKS; looks++) {
		uint32_t best = 0, at, i;

		for (i = 1; i < n; i++)
			if (heap_less(h, h->item[open[i]], h->item[open[best]]))
				best = i;
		at = open[best];
		if (fit(ctx, h->item[at]))
			return h->item[at];
		open[best] = open[--n];
		for (i = 2 * at + 1; i <= 2 * at + 2 && i < h->count; i++)
			open[n++] = i;
	}
	return POLICY_NOBODY;
}
