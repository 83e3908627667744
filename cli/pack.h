/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The packed form of a checkpoint's pieces: frames of Zstandard. Packing is
 * done by a thread of libzstd, as long as it keeps up. Unpacking uses as much
 * memory whatever the frame claims to be.
 */
#ifndef HEXO_CLI_PACK_H
#define HEXO_CLI_PACK_H

#include <stdbool.h>
#include <stdint.h>

#include "cli/checkpoint.h"

/* NULL if there is no memory for it. The caller frees it; NULL is none. */
struct cli_pack *cli_pack_new(void);
void cli_pack_free(struct cli_pack *pack);

/* Packs len bytes more; what comes out goes to put. end: they are the last of
 * the frame. Another frame may follow. */
int cli_pack_put(struct cli_pack *pack, const void *data, size_t len, bool end,
		 cli_checkpoint_put *put, void *ctx, struct hexo_error *err);

/* Unpacks frames that lie in fd. NULL, and the free, as above. */
struct cli_unpack *cli_unpack_new(int fd);
void cli_unpack_free(struct cli_unpack *unpack);

/* From the frame that these bytes of the file are. */
void cli_unpack_begin(struct cli_unpack *unpack, uint64_t at, uint64_t size);

/* The next bytes, at least one: their number. 0: it was all. -EBADMSG if it is
 * no frame, or not exactly one. */
ssize_t cli_unpack_read(struct cli_unpack *unpack, void *data, size_t len,
			struct hexo_error *err);

#endif
