/* SPDX-License-Identifier: Apache-2.0 */
/*
 * LZ4 for the pages of a migration stream: each section by itself, and only
 * where that makes the stream faster.
 */
#ifndef HEXO_MIGRATE_PACK_H
#define HEXO_MIGRATE_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "hexo/stream.h"

/* Sections that are measured together. Times are in nanoseconds. */
struct migrate_pack_window {
	uint64_t plain, wire; /* bytes before and after */
	uint64_t pack_ns;     /* of compressing */
	uint64_t put_ns;      /* until the channel had taken them */
};

/*
 * Packs, and with HEXO_COMPRESS_AUTO finds out whether that pays. A channel
 * takes what its buffers have room for at any speed, so speeds are compared
 * over more than that:
 *
 * - It begins with packing. As long as writing what was saved would have taken
 *   longer than packing did, it pays.
 * - Where that is not plain, some memory goes as it is, but for no longer than
 *   it would have taken packed. If it was sent by then, all the rest goes as
 *   it is too, until the channel becomes slower than packing was.
 */
struct migrate_packer {
	enum hexo_compress mode;
	bool off;             /* sections go as they are */
	bool probing;         /* to see how fast that is */
	unsigned skip, skips; /* sections that are not tried: yet to come */
	unsigned wait, waits; /* windows until the next probe: yet to come */
	double speed;         /* plain bytes a nanosecond, when packing */
	uint64_t pack_ns;     /* of the section at hand */
	struct migrate_pack_window window;
	uint64_t state[2052]; /* LZ4's own: it is to allocate nothing */
	char data[HEXO_SECTION_MAX];
};

void migrate_packer_begin(struct migrate_packer *p, enum hexo_compress mode);

/* Packs len bytes, at most HEXO_SECTION_MAX, to p->data: returns how many
 * these are, 0 if they are to go as they are. */
uint32_t migrate_pack(struct migrate_packer *p, const void *data, uint32_t len);

/* That section has been written: what it was, what it became, and how long the
 * channel took to take it. */
void migrate_packer_note(struct migrate_packer *p, uint32_t plain,
			 uint32_t wire, uint64_t put_ns);

/* The channel could not take anything for so long. */
void migrate_packer_waited(struct migrate_packer *p, uint64_t ns);

/* Whether len bytes unpack to exactly so many as are wanted, which are put to
 * plain then. Anything may stand in data. */
bool migrate_unpack(const void *data, uint32_t len, void *plain,
		    uint32_t wanted);

#endif
