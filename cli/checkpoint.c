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

static uint64_t padded(uint64_t len)
{
	return len + cli_checkpoint_padding(len);
}

static uint64_t head_checksum(const struct hexo_checkpoint_head *head)
{
	return migrate_hash(head,
			    offsetof(struct hexo_checkpoint_head, checksum), 0);
}

static int check_head(const struct hexo_checkpoint_head *head, uint64_t size,
		      struct hexo_error *err)
{
	if (head->magic != HEXO_CHECKPOINT_MAGIC)
		return hexo_fail(err, -EINVAL, "it is no checkpoint");
	if (head->format != HEXO_CHECKPOINT_FORMAT)
		return hexo_fail(err, -ENOTSUP,
				 "its format is %u, this hexo knows %d",
				 head->format, HEXO_CHECKPOINT_FORMAT);
	if (head->checksum != head_checksum(head))
		return hexo_fail(err, -EBADMSG, "its head is damaged");
	if (head->reserved || !head->state_len ||
	    head->state_len > HEXO_CHECKPOINT_STATE_MAX || head->data_len % 8 ||
	    head->data_len > size || !head->stream_len ||
	    head->stream_len > size ||
	    sizeof(*head) + padded(head->stream_len) + padded(head->state_len) +
			    head->data_len >
		    size)
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

static int read_state(struct cli_checkpoint *c,
		      const struct hexo_checkpoint_head *head,
		      struct hexo_error *err)
{
	cleanup_free char *text = base_alloc(head->state_len);
	json_error_t why;
	int r = read_at(c->fd, text, head->state_len,
			sizeof(*head) + padded(head->stream_len), err);

	if (r < 0)
		return r;
	if (migrate_hash(text, head->state_len, 0) != head->state_checksum)
		return hexo_fail(err, -EBADMSG, "its state is damaged");
	c->state =
		json_loadb(text, head->state_len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(c->state))
		return hexo_fail(err, -EBADMSG, "its state is not JSON: %s",
				 why.text);
	return 0;
}

int cli_checkpoint_open(struct cli_checkpoint *c, const char *path,
			struct hexo_error *err)
{
	struct hexo_checkpoint_head head;
	struct stat st;
	int r;

	*c = (struct cli_checkpoint){ .fd = open(path, O_RDONLY | O_CLOEXEC) };
	if (c->fd < 0)
		return hexo_fail_errno(err, "cannot open %s", path);
	if (fstat(c->fd, &st) < 0 || !S_ISREG(st.st_mode))
		return hexo_fail(err, -EINVAL, "%s is not a regular file",
				 path);
	r = read_at(c->fd, &head, sizeof(head), 0, err);
	if (r == 0)
		r = check_head(&head, (uint64_t)st.st_size, err);
	if (r == 0)
		r = read_state(c, &head, err);
	if (r < 0)
		return hexo_fail_context(err, "%s", path);
	c->stream_at = sizeof(head);
	c->stream_len = head.stream_len;
	c->data_at =
		c->stream_at + padded(c->stream_len) + padded(head.state_len);
	return 0;
}

void cli_checkpoint_close(struct cli_checkpoint *c)
{
	if (c->fd >= 0)
		close(c->fd);
	json_decref(c->state);
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

int cli_checkpoint_end(const json_t *state, uint64_t stream_len,
		       uint64_t data_len, struct hexo_checkpoint_head *head,
		       cli_checkpoint_put *put, void *ctx,
		       struct hexo_error *err)
{
	static const char padding[8];
	cleanup_free char *text = json_dumps(state, JSON_COMPACT);
	int r;

	if (!text || strlen(text) > HEXO_CHECKPOINT_STATE_MAX)
		return hexo_fail(err, -E2BIG,
				 "the job has too many files open");
	*head = (struct hexo_checkpoint_head){
		.magic = HEXO_CHECKPOINT_MAGIC,
		.format = HEXO_CHECKPOINT_FORMAT,
		.stream_len = stream_len,
		.state_len = strlen(text),
		.data_len = data_len,
	};
	head->state_checksum = migrate_hash(text, head->state_len, 0);
	head->checksum = head_checksum(head);
	r = put(ctx, padding, cli_checkpoint_padding(stream_len), err);
	if (r == 0)
		r = put(ctx, text, head->state_len, err);
	if (r == 0)
		r = put(ctx, padding, cli_checkpoint_padding(head->state_len),
			err);
	return r;
}
