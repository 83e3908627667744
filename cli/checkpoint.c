/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/checkpoint.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/checkpoint.h"
#include "migrate/hash.h"

enum { PIECE = 1 << 20 };

uint64_t cli_checkpoint_padding(uint64_t len)
{
	return -len & 7;
}

uint64_t cli_checkpoint_checksum(const struct hexo_checkpoint_head *head)
{
	return migrate_hash(head,
			    offsetof(struct hexo_checkpoint_head, checksum), 0);
}

/* Whether [at, at + len) lies behind the heads, in a file of that size. */
static bool range_ok(uint64_t at, uint64_t len, uint64_t size)
{
	return at >= HEXO_CHECKPOINT_BEGIN && at <= size && len <= size - at;
}

static int check_head(const struct hexo_checkpoint_head *h, uint64_t size,
		      struct hexo_error *err)
{
	if (h->magic != HEXO_CHECKPOINT_MAGIC)
		return hexo_fail(err, -EINVAL, "it is no checkpoint");
	if (h->format != HEXO_CHECKPOINT_FORMAT)
		return hexo_fail(err, -ENOTSUP,
				 "its format is %u, this hexo knows %d",
				 h->format, HEXO_CHECKPOINT_FORMAT);
	if (h->checksum != cli_checkpoint_checksum(h))
		return hexo_fail(err, -EBADMSG, "its head is damaged");
	if (h->flags & ~HEXO_CHECKPOINT_ZSTD)
		return hexo_fail(err, -ENOTSUP,
				 "its flags are 0x%x, this hexo knows 0x%x",
				 h->flags, HEXO_CHECKPOINT_ZSTD);
	if (!h->generation || !h->state_len ||
	    h->state_len > HEXO_CHECKPOINT_STATE_MAX || h->data_len % 8 ||
	    !h->pieces || h->pieces > HEXO_CHECKPOINT_PIECES ||
	    !range_ok(h->state_at, h->state_len, size) ||
	    !range_ok(h->data_at, h->data_len, size) ||
	    !range_ok(h->index_at,
		      h->pieces * sizeof(struct hexo_checkpoint_piece), size))
		return hexo_fail(err, -EBADMSG,
				 "its head promises more than the file has");
	return 0;
}

static int read_at(int fd, void *data, size_t len, uint64_t at,
		   struct hexo_error *err)
{
	ssize_t n = pread(fd, data, len, (off_t)at);

	if (n < 0)
		return hexo_fail_errno(err, "cannot read it");
	if ((size_t)n != len)
		return hexo_fail(err, -EBADMSG, "it ends at byte %" PRIu64,
				 at + (uint64_t)n);
	return 0;
}

static int read_index(struct cli_checkpoint *c, uint64_t size,
		      struct hexo_error *err)
{
	const struct hexo_checkpoint_head *h = &c->head;
	size_t bytes = h->pieces * sizeof(*c->piece);
	uint64_t len = 0;
	int r;

	c->piece = base_alloc(bytes);
	r = read_at(c->fd, c->piece, bytes, h->index_at, err);
	if (r < 0)
		return r;
	if (migrate_hash(c->piece, bytes, 0) != h->index_checksum)
		return hexo_fail(err, -EBADMSG, "its index is damaged");
	for (uint64_t i = 0; i < h->pieces; i++) {
		const struct hexo_checkpoint_piece *p = &c->piece[i];

		if (!p->size || !p->len || p->len > h->stream_len - len ||
		    !range_ok(p->at, p->size, size) ||
		    (p->len != p->size && !(h->flags & HEXO_CHECKPOINT_ZSTD)))
			return hexo_fail(err, -EBADMSG,
					 "its index promises more than the "
					 "file has");
		len += p->len;
	}
	if (len != h->stream_len)
		return hexo_fail(err, -EBADMSG,
				 "its index promises another stream than its "
				 "head");
	return 0;
}

static int read_state(struct cli_checkpoint *c, struct hexo_error *err)
{
	const struct hexo_checkpoint_head *h = &c->head;
	cleanup_free char *text = base_alloc(h->state_len);
	json_error_t why;
	int r = read_at(c->fd, text, h->state_len, h->state_at, err);

	if (r < 0)
		return r;
	if (migrate_hash(text, h->state_len, 0) != h->state_checksum)
		return hexo_fail(err, -EBADMSG, "its state is damaged");
	c->state = json_loadb(text, h->state_len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(c->state))
		return hexo_fail(err, -EBADMSG, "its state is not JSON: %s",
				 why.text);
	return 0;
}

static void forget_state(struct cli_checkpoint *c)
{
	json_decref(c->state);
	free(c->piece);
	c->state = NULL;
	c->piece = NULL;
}

/* All that one of the heads speaks of, but for the stream. */
static int open_state(struct cli_checkpoint *c,
		      const struct hexo_checkpoint_head *head, uint64_t size,
		      struct hexo_error *err)
{
	int r = check_head(head, size, err);

	forget_state(c);
	c->head = *head;
	if (r == 0)
		r = read_index(c, size, err);
	return r < 0 ? r : read_state(c, err);
}

/* Which of two heads counts. */
static unsigned newer_head(const struct hexo_checkpoint_head *head,
			   uint64_t size)
{
	struct hexo_error why;

	if (check_head(&head[1], size, &why) < 0)
		return 0;
	return check_head(&head[0], size, &why) < 0 ||
	       head[1].generation > head[0].generation;
}

static int open_states(struct cli_checkpoint *c, uint64_t size,
		       struct hexo_error *err)
{
	static const struct hexo_checkpoint_head unused;
	struct hexo_checkpoint_head head[2] = { 0 };
	const struct hexo_checkpoint_head *other;
	struct hexo_error why;
	unsigned newer;
	int r = read_at(c->fd, &head[0], sizeof(head[0]), 0, err);

	if (r == 0 && size >= HEXO_CHECKPOINT_BEGIN)
		r = read_at(c->fd, &head[1], sizeof(head[1]),
			    HEXO_CHECKPOINT_SECOND, err);
	if (r < 0)
		return r;
	newer = newer_head(head, size);
	other = &head[!newer];
	r = open_state(c, &head[newer], size, err);
	if (r == 0) {
		c->damaged = memcmp(other, &unused, sizeof(unused)) &&
			     check_head(other, size, &why) < 0;
		return 0;
	}
	c->damaged = open_state(c, other, size, &why) == 0;
	return c->damaged ? 0 : r;
}

int cli_checkpoint_open(struct cli_checkpoint *c, const char *path,
			struct hexo_error *err)
{
	struct stat st;
	int r;

	*c = (struct cli_checkpoint){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (c->fd < 0)
		return hexo_fail_errno(err, "cannot open %s", path);
	if (fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return hexo_fail(err, -EINVAL, "%s is not a regular file",
				 path);
	r = open_states(c, (uint64_t)st.st_size, err);
	return r < 0 ? hexo_fail_context(err, "%s", path) : 0;
}

void cli_checkpoint_close(struct cli_checkpoint *c)
{
	if (c->fd >= 0)
		close(c->fd);
	forget_state(c);
	*c = (struct cli_checkpoint){ .fd = -1 };
}

int cli_checkpoint_text(const json_t *o, const char *key, const char **text,
			struct hexo_error *err)
{
	*text = json_string_value(json_object_get(o, key));
	return *text ? 0
		     : hexo_fail(err, -EINVAL, "its state lacks \"%s\"", key);
}

int cli_checkpoint_number(const json_t *o, const char *key, uint64_t *number,
			  struct hexo_error *err)
{
	const json_t *value = json_object_get(o, key);

	if (!json_is_integer(value) || json_integer_value(value) < 0)
		return hexo_fail(err, -EINVAL, "its state lacks \"%s\"", key);
	*number = (uint64_t)json_integer_value(value);
	return 0;
}

int cli_checkpoint_copy(int fd, uint64_t from, uint64_t size,
			cli_checkpoint_put *put, void *ctx, uint64_t *checksum,
			struct hexo_error *err)
{
	cleanup_free char *data = base_alloc(PIECE);
	struct migrate_hash_state hash;

	migrate_hash_begin(&hash, 0);
	for (uint64_t at = 0; at < size;) {
		size_t want = size - at < PIECE ? size - at : PIECE;
		ssize_t n = pread(fd, data, want, (off_t)(from + at));
		int r = 0;

		if (n < 0)
			return hexo_fail_errno(err, "cannot read a file");
		if (n == 0)
			return hexo_fail(err, -EBADMSG,
					 "a file is shorter than it was");
		migrate_hash_add(&hash, data, (size_t)n);
		if (put)
			r = put(ctx, data, (size_t)n, err);
		if (r < 0)
			return r;
		at += (uint64_t)n;
	}
	*checksum = migrate_hash_end(&hash);
	return 0;
}
