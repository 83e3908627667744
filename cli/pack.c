/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/pack.h"

#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include <zstd.h>

#include "base/base.h"

/* Levels above this one cost more time than the disk saves. */
enum { LEVEL = 1, ROOM = 128 << 10 };

struct cli_pack {
	ZSTD_CCtx *zstd;
	char out[ROOM];
};

struct cli_pack *cli_pack_new(void)
{
	struct cli_pack *pack = base_alloc(sizeof(*pack));

	pack->zstd = ZSTD_createCCtx();
	if (!pack->zstd) {
		free(pack);
		return NULL;
	}
	ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_compressionLevel, LEVEL);
	/* Without threads in this libzstd the caller packs itself. */
	(void)ZSTD_CCtx_setParameter(pack->zstd, ZSTD_c_nbWorkers, 1);
	return pack;
}

void cli_pack_free(struct cli_pack *pack)
{
	if (!pack)
		return;
	ZSTD_freeCCtx(pack->zstd);
	free(pack);
}

int cli_pack_put(struct cli_pack *pack, const void *data, size_t len, bool end,
		 cli_checkpoint_put *put, void *ctx, struct hexo_error *err)
{
	ZSTD_inBuffer in = { data, len, 0 };
	size_t left;

	do {
		ZSTD_outBuffer out = { pack->out, ROOM, 0 };
		int r = 0;

		left = ZSTD_compressStream2(pack->zstd, &out, &in,
					    end ? ZSTD_e_end : ZSTD_e_continue);
		if (ZSTD_isError(left))
			return hexo_fail(err, -EIO, "cannot pack it: %s",
					 ZSTD_getErrorName(left));
		if (out.pos)
			r = put(ctx, pack->out, out.pos, err);
		if (r < 0)
			return r;
	} while (in.pos < in.size || (end && left));
	return 0;
}

struct cli_unpack {
	ZSTD_DCtx *zstd;
	int fd;
	uint64_t at, left; /* of the frame in the file */
	ZSTD_inBuffer in;
	bool done;
	char data[ROOM];
};

struct cli_unpack *cli_unpack_new(int fd)
{
	struct cli_unpack *unpack = base_alloc(sizeof(*unpack));

	unpack->zstd = ZSTD_createDCtx();
	if (!unpack->zstd) {
		free(unpack);
		return NULL;
	}
	unpack->fd = fd;
	ZSTD_DCtx_setParameter(unpack->zstd, ZSTD_d_windowLogMax,
			       HEXO_CHECKPOINT_WINDOW);
	return unpack;
}

void cli_unpack_free(struct cli_unpack *unpack)
{
	if (!unpack)
		return;
	ZSTD_freeDCtx(unpack->zstd);
	free(unpack);
}

void cli_unpack_begin(struct cli_unpack *unpack, uint64_t at, uint64_t size)
{
	ZSTD_DCtx_reset(unpack->zstd, ZSTD_reset_session_only);
	unpack->at = at;
	unpack->left = size;
	unpack->in = (ZSTD_inBuffer){ unpack->data, 0, 0 };
	unpack->done = false;
}

/* More of the frame into memory. */
static int unpack_fill(struct cli_unpack *unpack, struct hexo_error *err)
{
	size_t want = unpack->left < ROOM ? (size_t)unpack->left : ROOM;
	ssize_t n;

	n = pread(unpack->fd, unpack->data, want, (off_t)unpack->at);
	if (n < 0)
		return hexo_fail_errno(err, "cannot read it");
	if (!n)
		return hexo_fail(err, -EBADMSG, "it has become shorter");
	unpack->at += (uint64_t)n;
	unpack->left -= (uint64_t)n;
	unpack->in = (ZSTD_inBuffer){ unpack->data, (size_t)n, 0 };
	return 0;
}

ssize_t cli_unpack_read(struct cli_unpack *unpack, void *data, size_t len,
			struct hexo_error *err)
{
	ZSTD_outBuffer out = { data, len, 0 };
	size_t more;

	while (!unpack->done && !out.pos) {
		/* What is unpacked already may still be in there. */
		if (unpack->in.pos == unpack->in.size && unpack->left) {
			int r = unpack_fill(unpack, err);

			if (r < 0)
				return r;
		}
		more = ZSTD_decompressStream(unpack->zstd, &out, &unpack->in);
		if (ZSTD_isError(more))
			return hexo_fail(err, -EBADMSG,
					 "a packed piece is damaged: %s",
					 ZSTD_getErrorName(more));
		unpack->done = !more;
		if (more && !out.pos && !unpack->left &&
		    unpack->in.pos == unpack->in.size)
			return hexo_fail(err, -EBADMSG,
					 "a packed piece is cut off");
	}
	if (unpack->done && (unpack->left || unpack->in.pos < unpack->in.size))
		return hexo_fail(err, -EBADMSG,
				 "a packed piece has bytes behind its end");
	return (ssize_t)out.pos;
}
