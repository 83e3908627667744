/* SPDX-License-Identifier: Apache-2.0 */
/* The checksum of messages, streams and checkpoints: XXH3, 64 bits of it; and
 * XXH128, to tell pages apart by. */
#ifndef HEXO_MIGRATE_HASH_H
#define HEXO_MIGRATE_HASH_H

#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

uint64_t migrate_hash(const void *data, size_t len, uint64_t seed);

struct migrate_hash128 {
	uint64_t low, high;
};

struct migrate_hash128 migrate_hash128(const void *data, size_t len);

/* The first piece by piece. */
struct migrate_hash_state {
	_Alignas(64) uint64_t opaque[72];
};

void migrate_hash_begin(struct migrate_hash_state *state, uint64_t seed);
void migrate_hash_add(struct migrate_hash_state *state, const void *data,
		      size_t len);
uint64_t migrate_hash_end(const struct migrate_hash_state *state);

/* Over the concatenation of the parts. */
uint64_t migrate_hash_parts(const struct iovec *parts, int count,
			    uint64_t seed);

#endif
