/* SPDX-License-Identifier: Apache-2.0 */
#include "node/hash.h"

#include <xxhash.h>

static void hash_store(XXH128_hash_t h, uint64_t hash[2])
{
	hash[0] = h.high64;
	hash[1] = h.low64;
}

void node_hash(const void *data, size_t size, uint64_t hash[2])
{
	hash_store(XXH3_128bits(data, size), hash);
}

struct node_hasher *node_hash_begin(void)
{
	XXH3_state_t *state = XXH3_createState();

	if (state)
		XXH3_128bits_reset(state);
	return (struct node_hasher *)state;
}

void node_hash_add(struct node_hasher *hasher, const void *data, size_t len)
{
	XXH3_128bits_update((XXH3_state_t *)hasher, data, len);
}

void node_hash_end(const struct node_hasher *hasher, uint64_t hash[2])
{
	hash_store(XXH3_128bits_digest((const XXH3_state_t *)hasher), hash);
}

void node_hash_free(struct node_hasher *hasher)
{
	XXH3_freeState((XXH3_state_t *)hasher);
}
