/* SPDX-License-Identifier: Apache-2.0 */
/* The pieces of a checkpoint's stream as one file, to be read once. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/checkpoint.h"
#include "cli/pack.h"

struct pieces {
	int fd;
	uint64_t count, next;
	uint64_t done;             /* bytes of the piece before `next` */
	struct cli_unpack *unpack; /* NULL: they are not packed */
	struct hexo_error *err;
	struct hexo_checkpoint_piece piece[];
};

static int pieces_close(void *ctx)
{
	struct pieces *p = ctx;

	close(p->fd);
	cli_unpack_free(p->unpack);
	free(p);
	return 0;
}

static ssize_t piece_read(struct pieces *p,
			  const struct hexo_checkpoint_piece *piece, char *data,
			  size_t len)
{
	ssize_t n;

	if (p->unpack)
		return cli_unpack_read(p->unpack, data, len, p->err);
	n = pread(p->fd, data, len, (off_t)(piece->at + p->done));
	return n < 0 ? hexo_fail_errno(p->err, "cannot read it") : n;
}

/* A packed piece must be as long as the index says, and no longer. */
static int piece_end(struct pieces *p)
{
	char more;
	ssize_t n =
		p->unpack ? cli_unpack_read(p->unpack, &more, 1, p->err) : 0;

	if (n > 0)
		n = hexo_fail(p->err, -EBADMSG,
			      "a packed piece is longer than its index says");
	return (int)n;
}

static ssize_t pieces_read(void *ctx, char *data, size_t len)
{
	struct pieces *p = ctx;
	const struct hexo_checkpoint_piece *piece = &p->piece[p->next];
	ssize_t n;

	if (p->next == p->count || !len)
		return 0;
	if (!p->done && p->unpack)
		cli_unpack_begin(p->unpack, piece->at, piece->size);
	if (len > piece->len - p->done)
		len = piece->len - p->done;
	n = piece_read(p, piece, data, len);
	if (n == 0)
		n = hexo_fail(p->err, -EBADMSG,
			      "a piece of its stream is shorter than its "
			      "index says");
	if (n > 0)
		p->done += (uint64_t)n;
	if (n > 0 && p->done == piece->len) {
		int r = piece_end(p);

		p->next++;
		p->done = 0;
		n = r < 0 ? r : n;
	}
	if (n < 0)
		errno = EIO;
	return n < 0 ? -1 : n;
}

FILE *cli_checkpoint_stream(const struct cli_checkpoint *c,
			    struct hexo_error *err)
{
	static const cookie_io_functions_t functions = {
		.read = pieces_read,
		.close = pieces_close,
	};
	const size_t bytes = c->head.pieces * sizeof(*c->piece);
	struct pieces *p = base_alloc(sizeof(*p) + bytes);
	FILE *file;

	p->fd = fcntl(c->fd, F_DUPFD_CLOEXEC, 0);
	p->count = c->head.pieces;
	memcpy(p->piece, c->piece, bytes);
	p->err = err;
	if (c->head.flags & HEXO_CHECKPOINT_ZSTD)
		p->unpack = cli_unpack_new(p->fd);
	file = p->fd >= 0 && (!(c->head.flags & HEXO_CHECKPOINT_ZSTD) ||
			      p->unpack)
		       ? fopencookie(p, "r", functions)
		       : NULL;
	if (!file) {
		hexo_fail_errno(err, "cannot read it");
		pieces_close(p);
	}
	return file;
}
