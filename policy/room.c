/* SPDX-License-Identifier: Apache-2.0 */
#include "policy/room.h"

#include <stdlib.h>

bool policy_room_init(struct policy_room *r, uint32_t nodes)
{
	r->leaves = 1;
	while (r->leaves < nodes)
		r->leaves *= 2;
	r->most = calloc(2 * (size_t)r->leaves, sizeof(*r->most));
	return r->most != NULL;
}

void policy_room_free(struct policy_room *r)
{
	free(r->most);
	*r = (struct policy_room){ 0 };
}

void policy_room_set(struct policy_room *r, uint32_t node, uint64_t memory)
{
	uint32_t at = r->leaves + node;

	r->most[at] = memory;
	while ((at /= 2)) {
		uint64_t left = r->most[2 * at], right = r->most[2 * at + 1];

		r->most[at] = left > right ? left : right;
	}
}

uint32_t policy_room_first(const struct policy_room *r, uint64_t memory)
{
	uint32_t at = 1;

	if (r->most[1] < memory || !memory)
		return POLICY_NOBODY;
	while (at < r->leaves)
		at = 2 * at + (r->most[2 * at] < memory);
	return at - r->leaves;
}
