/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/record.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "migrate/hash.h"

_Static_assert(sizeof(struct hexo_checkpoint_head) <= CLI_SAVE_HEAD_MAX,
	       "room for the head");

int cli_record_begin(struct cli_record *r, struct cli_save *save, bool pack,
		     struct hexo_error *err)
{
	static const char heads[HEXO_CHECKPOINT_BEGIN];

	*r = (struct cli_record){
		.head.magic = HEXO_CHECKPOINT_MAGIC,
		.head.format = HEXO_CHECKPOINT_FORMAT,
		.head.generation = 1,
		.head.pieces = 1,
		.piece[0].at = HEXO_CHECKPOINT_BEGIN,
	};
	if (pack) {
		r->head.flags = HEXO_CHECKPOINT_ZSTD;
		r->pack = cli_pack_new();
		if (!r->pack)
			return hexo_fail(err, -ENOMEM, "no memory to pack it");
	}
	return cli_save_write(save, heads, sizeof(heads), err);
}

void cli_record_close(struct cli_record *r)
{
	cli_pack_free(r->pack);
	r->pack = NULL;
	r->kept = 0;
}

static uint64_t stream_len(const struct cli_record *r)
{
	uint64_t len = 0;

	for (uint64_t i = 0; i < r->head.pieces; i++)
		len += r->piece[i].len;
	return len;
}

void cli_record_more(struct cli_record *r, const struct cli_save *save)
{
	r->head.generation++;
	r->head.pieces = r->kept + 1;
	r->piece[r->kept] = (struct hexo_checkpoint_piece){ .at = save->bytes };
}

bool cli_record_may_grow(const struct cli_record *r, uint64_t size)
{
	/* It takes two more: what will be kept, and the rest. */
	return r->kept && r->kept + 2 <= HEXO_CHECKPOINT_PIECES &&
	       size + (size > r->whole ? r->added : 0) <= 2 * r->whole;
}

/* Puts bytes of the piece at hand; end: the last ones. */
static int record_put(struct cli_record *r, struct cli_save *save,
		      const void *data, size_t len, bool end,
		      struct hexo_error *err)
{
	struct hexo_checkpoint_piece *piece = &r->piece[r->head.pieces - 1];
	int e;

	if (r->pack)
		e = cli_pack_put(r->pack, data, len, end, cli_save_write, save,
				 err);
	else
		e = len ? cli_save_write(save, data, len, err) : 0;
	piece->len += len;
	piece->size = save->bytes - piece->at;
	return e;
}

int cli_record_stream(struct cli_record *r, struct cli_save *save,
		      const void *data, size_t len, struct hexo_error *err)
{
	return record_put(r, save, data, len, false, err);
}

int cli_record_keep(struct cli_record *r, struct cli_save *save,
		    struct hexo_error *err)
{
	int e = record_put(r, save, NULL, 0, true, err);

	if (e < 0)
		return e;
	if (r->head.pieces == HEXO_CHECKPOINT_PIECES ||
	    !r->piece[r->head.pieces - 1].len)
		return hexo_fail(err, -E2BIG, "too many pieces");
	r->kept = (unsigned)r->head.pieces++;
	r->piece[r->kept] = (struct hexo_checkpoint_piece){ .at = save->bytes };
	return 0;
}

static int record_pad(struct cli_save *save, struct hexo_error *err)
{
	static const char padding[8];
	size_t len = cli_checkpoint_padding(save->bytes);

	return len ? cli_save_write(save, padding, len, err) : 0;
}

int cli_record_state(struct cli_record *r, struct cli_save *save,
		     const json_t *state, uint64_t data_len,
		     struct hexo_error *err)
{
	cleanup_free char *text = json_dumps(state, JSON_COMPACT);
	struct hexo_checkpoint_head *head = &r->head;
	int e;

	if (!text || strlen(text) > HEXO_CHECKPOINT_STATE_MAX)
		return hexo_fail(err, -E2BIG,
				 "the job has too many files open");
	if (!r->piece[head->pieces - 1].len)
		return hexo_fail(err, -EPROTO, "its stream is empty");
	e = record_put(r, save, NULL, 0, true, err);
	if (e == 0)
		e = record_pad(save, err);
	if (e < 0)
		return e;
	head->stream_len = stream_len(r);
	head->state_at = save->bytes;
	head->state_len = strlen(text);
	head->state_checksum = migrate_hash(text, head->state_len, 0);
	head->data_len = data_len;
	e = cli_save_write(save, text, head->state_len, err);
	if (e == 0)
		e = record_pad(save, err);
	head->data_at = save->bytes;
	return e;
}

int cli_record_end(struct cli_record *r, struct cli_save *save,
		   struct hexo_error *err)
{
	struct hexo_checkpoint_head *head = &r->head;
	const size_t bytes = head->pieces * sizeof(*r->piece);
	int e;

	head->index_at = save->bytes;
	head->index_checksum = migrate_hash(r->piece, bytes, 0);
	head->checksum = cli_checkpoint_checksum(head);
	e = cli_save_write(save, r->piece, bytes, err);
	if (e < 0)
		return e;
	r->added = save->bytes - save->begin;
	if (head->generation == 1)
		r->whole = save->bytes;
	cli_save_head(save, head, sizeof(*head),
		      head->generation % 2 ? 0 : HEXO_CHECKPOINT_SECOND);
	return 0;
}
