/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/hash.h"

#define XXH_INLINE_ALL
#include <xxhash.h>

_Static_assert(sizeof(struct migrate_hash_state) == sizeof(XXH3_state_t) &&
		       _Alignof(struct migrate_hash_state) ==
			       _Alignof(XXH3_state_t),
	       "room for the state");

static XXH3_state_t *hash_state(const struct migrate_hash_state *state)
{
	return (XXH3_state_t *)state->opaque;
}

uint64_t migrate_hash(const void *data, size_t len, uint64_t seed)
{
	return XXH3_64bits_withSeed(data, len, seed);
}

struct migrate_hash128 migrate_hash128(const void *data, size_t len)
{
	XXH128_hash_t hash = XXH3_128bits(data, len);

	return (struct migrate_hash128){ hash.low64, hash.high64 };
}

void migrate_hash_begin(struct migrate_hash_state *state, uint64_t seed)
{
	XXH3_INITSTATE(hash_state(state));
	XXH3_64bits_reset_withSeed(hash_state(state), seed);
}

void migrate_hash_add(struct migrate_hash_state *state, const void *data,
		      size_t len)
{
	/* An empty piece may have no address. */
	if (len)
		XXH3_64bits_update(hash_state(state), data, len);
}

uint64_t migrate_hash_end(const struct migrate_hash_state *state)
{
	return XXH3_64bits_digest(hash_state(state));
}

uint64_t migrate_hash_parts(const struct iovec *parts, int count, uint64_t seed)
{
	struct migrate_hash_state state;
	int i;

	migrate_hash_begin(&state, seed);
	for (i = 0; i < count; i++)
		migrate_hash_add(&state, parts[i].iov_base, parts[i].iov_len);
	return migrate_hash_end(&state);
}
