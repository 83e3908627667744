/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writing checkpoints, see <hexo/checkpoint.h>: a whole one, or a later state
 * of the job behind those that a file has. What is put here goes to a
 * cli_save, which has it on the disk before the head counts.
 */
#ifndef HEXO_CLI_RECORD_H
#define HEXO_CLI_RECORD_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/stat.h>

#include "cli/pack.h"
#include "cli/save.h"
#include "hexo/checkpoint.h"

struct cli_record {
	struct hexo_checkpoint_head head;
	/* What the next state has in common with this one, then the piece that
	 * is being written. */
	struct hexo_checkpoint_piece piece[HEXO_CHECKPOINT_PIECES];
	unsigned kept;         /* how many are in common */
	uint64_t whole, added; /* bytes of the first state, of the last one */
	struct cli_pack *pack; /* NULL: nothing is packed */
};

/* Begins a file of its own, just opened in save. The caller closes it, after a
 * failure, too. */
int cli_record_begin(struct cli_record *r, struct cli_save *save, bool pack,
		     struct hexo_error *err);
void cli_record_close(struct cli_record *r);

/* Begins the state after the one in r, in save, which appends to its file.
 * What came after the last cli_record_keep() is not part of it. */
void cli_record_more(struct cli_record *r, const struct cli_save *save);

/* Whether that is worth while, and possible: there is room in the index, and
 * the file would not come to more than twice its first state, about. */
bool cli_record_may_grow(const struct cli_record *r, uint64_t size);

/* Bytes of the stream. */
int cli_record_stream(struct cli_record *r, struct cli_save *save,
		      const void *data, size_t len, struct hexo_error *err);

/* The next state will have the stream so far in common with this one. Once for
 * a state, when there are bytes. -E2BIG if the index has no room. */
int cli_record_keep(struct cli_record *r, struct cli_save *save,
		    struct hexo_error *err);

/* The stream is over; puts the JSON text. data_len bytes of data must follow,
 * in save; then cli_record_end() puts the index and the head. */
int cli_record_state(struct cli_record *r, struct cli_save *save,
		     const json_t *state, uint64_t data_len,
		     struct hexo_error *err);
int cli_record_end(struct cli_record *r, struct cli_save *save,
		   struct hexo_error *err);

#endif
