/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint: the migration stream of a job (<hexo/stream.h>), which may
 * begin while the job runs; and what its home must know to start it again, as
 * it was when the job had parked.
 *
 *   two struct hexo_checkpoint_head, each in 4096 bytes of its own
 *   for each state of the job that was written, one behind the other:
 *     pieces of the stream, padding to 8
 *     state_len bytes of JSON text, padding to 8
 *     data_len bytes: contents of files that are open but have no name any
 *         more, in the order of the JSON; each with padding to 8
 *     the index: an array of struct hexo_checkpoint_piece
 *
 * The head with the higher generation counts. Its index lists the pieces of
 * the file that, one after the other, are the stream. A later state is put
 * behind what there is and shares its first pieces: it adds what has changed
 * since. It counts once it is on the disk and the older head, or the one that
 * is not used yet, is overwritten with its own. So nothing that a head speaks
 * of is ever changed, and one of the heads is always whole.
 *
 * Little-endian. The JSON is {
 *   "format": 3,                     HEXO_CHECKPOINT_FORMAT
 *   "id": "ep-3f2a", "job": "/home/u/ep",       name, and path of the image
 *   "isa": "x86-64", "polls": n, "time": seconds since 1970,
 *   "volumes": [ { "guest": "/", "host": "/home/u", "readonly": false,
 *                  "local": false } ],
 *   "files": [ { "handle": 3, "access": "rw" (or "r", "w"),
 *                "readonly": false,
 *                "guest": "/data/x",             or
 *                "deleted": "/data", "xxh3": "<16 hex>",  (its directory)
 *                "size": n, "mtime_ns": n, "ino": n },
 *              { "handle": 4, "above": "/" } ],  above all volumes; handles of
 *                  local volumes are HEXO_LOCAL_HANDLE and more
 *   "streams": [ { "handle": 0, "host": "/home/u/in", "ino": n,
 *                  "offset": n } ]        those that are files: of 0, 1, 2
 * }
 *
 * A new file is written under a temporary name, synced, and renamed: what has
 * the final name is whole.
 */
#ifndef HEXO_CHECKPOINT_H
#define HEXO_CHECKPOINT_H

#include <stdint.h>

#define HEXO_CHECKPOINT_MAGIC     UINT64_C(0x3154504b43584548) /* "HEXCKPT1" */
#define HEXO_CHECKPOINT_FORMAT    3
#define HEXO_CHECKPOINT_STATE_MAX (4u << 20) /* bytes of JSON, at most */
#define HEXO_CHECKPOINT_PIECES    512        /* of a stream, at most */

/* Where the second head and the first state begin. */
#define HEXO_CHECKPOINT_SECOND 4096u
#define HEXO_CHECKPOINT_BEGIN  8192u

/* flags: each piece is a frame of Zstandard (RFC 8878), whose window is of at
 * most 2^HEXO_CHECKPOINT_WINDOW bytes. */
#define HEXO_CHECKPOINT_ZSTD   1u
#define HEXO_CHECKPOINT_WINDOW 23

struct hexo_checkpoint_head {
	uint64_t magic;
	uint32_t format;
	uint32_t flags;
	uint64_t generation; /* from 1 on */
	uint64_t stream_len; /* of all pieces, unpacked */
	uint64_t state_at, state_len;
	uint64_t state_checksum; /* XXH3 of the JSON text, seed 0 */
	uint64_t data_at, data_len;
	uint64_t index_at, pieces;
	uint64_t index_checksum; /* XXH3 of the index, seed 0 */
	uint64_t checksum;       /* XXH3 of the 96 bytes before */
};

struct hexo_checkpoint_piece {
	uint64_t at, size; /* in the file */
	uint64_t len;      /* of the stream; size, unless it is packed */
};

_Static_assert(sizeof(struct hexo_checkpoint_head) == 104, "checkpoint format");
_Static_assert(sizeof(struct hexo_checkpoint_piece) == 24, "checkpoint format");

#endif
