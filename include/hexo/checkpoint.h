/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A checkpoint: what a job's home must know to start it again, in front of
 * the migration stream of its parked VM (<hexo/stream.h>).
 *
 *   struct hexo_checkpoint_head
 *   state_len bytes of JSON text, padding to 8
 *   data_len bytes: contents of files that are open but have no name any
 *       more, in the order of the JSON; each with padding to 8
 *   the stream, to the end of the file
 *
 * Little-endian. The JSON is {
 *   "format": 1,                     HEXO_CHECKPOINT_FORMAT
 *   "id": "ep-3f2a", "job": "/home/u/ep",       name, and path of the image
 *   "isa": "x86-64", "polls": n, "time": seconds since 1970,
 *   "volumes": [ { "guest": "/", "host": "/home/u", "readonly": false } ],
 *   "files": [ { "handle": 3, "access": "rw" (or "r", "w"),
 *                "readonly": false,
 *                "guest": "/data/x",             or
 *                "deleted": "/data", "xxh64": "<16 hex>",  (its directory)
 *                "size": n, "mtime_ns": n, "ino": n },
 *              { "handle": 4, "above": "/" } ],  above all volumes
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
#define HEXO_CHECKPOINT_FORMAT    1
#define HEXO_CHECKPOINT_STATE_MAX (4u << 20) /* bytes of JSON, at most */

struct hexo_checkpoint_head {
	uint64_t magic;
	uint32_t format;
	uint32_t reserved;
	uint64_t state_len, data_len;
	uint64_t state_checksum; /* XXH64 of the JSON text, seed 0 */
	uint64_t checksum;       /* XXH64 of the 40 bytes before */
};

_Static_assert(sizeof(struct hexo_checkpoint_head) == 48, "checkpoint format");

#endif
