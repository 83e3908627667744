/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint: the migration stream of a job (<hexo/stream.h>), which may
 * begin while the job runs; and what its home must know to start it again, as
 * it was when the job had parked.
 *
 *   struct hexo_checkpoint_head
 *   stream_len bytes: the stream, padding to 8
 *   state_len bytes of JSON text, padding to 8
 *   data_len bytes: contents of files that are open but have no name any
 *       more, in the order of the JSON; each with padding to 8
 *
 * Little-endian. The JSON is {
 *   "format": 2,                     HEXO_CHECKPOINT_FORMAT
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
 * A file is written under a temporary name, synced, and renamed: what has the
 * final name is whole.
 */
#ifndef HEXO_CHECKPOINT_H
#define HEXO_CHECKPOINT_H

#include <stdint.h>

#define HEXO_CHECKPOINT_MAGIC     UINT64_C(0x3154504b43584548) /* "HEXCKPT1" */
#define HEXO_CHECKPOINT_FORMAT    2
#define HEXO_CHECKPOINT_STATE_MAX (4u << 20) /* bytes of JSON, at most */

struct hexo_checkpoint_head {
	uint64_t magic;
	uint32_t format;
	uint32_t reserved;
	uint64_t stream_len, state_len, data_len;
	uint64_t state_checksum; /* XXH3 of the JSON text, seed 0 */
	uint64_t checksum;       /* XXH3 of the 48 bytes before */
};

_Static_assert(sizeof(struct hexo_checkpoint_head) == 56, "checkpoint format");

#endif
