/* SPDX-License-Identifier: Apache-2.0 */
/* Reading checkpoints, see <hexo/checkpoint.h>; record.h writes them. */
#ifndef HEXO_CLI_CHECKPOINT_H
#define HEXO_CLI_CHECKPOINT_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "hexo/checkpoint.h"
#include "hexo/error.h"

struct cli_checkpoint {
	int fd;
	json_t *state;
	struct hexo_checkpoint_head head;    /* the one that counts */
	struct hexo_checkpoint_piece *piece; /* head.pieces of the stream */
	bool damaged; /* it has a state or a head that is; this one may be older
		       */
};

/* Opens a checkpoint and checks heads, index and state; the newest state that
 * is whole counts. The caller closes it, after a failure, too. */
int cli_checkpoint_open(struct cli_checkpoint *c, const char *path,
			struct hexo_error *err);
void cli_checkpoint_close(struct cli_checkpoint *c);

/* The stream, to be read once from its begin; the caller closes it. What is
 * damaged or cut off makes ferror(), and *err says why: it has to last as long
 * as the file. NULL if there is no memory for it. */
FILE *cli_checkpoint_stream(const struct cli_checkpoint *c,
			    struct hexo_error *err);

/* A text or number of the state, checked: -EINVAL names what is missing. */
int cli_checkpoint_text(const json_t *o, const char *key, const char **text,
			struct hexo_error *err);
int cli_checkpoint_number(const json_t *o, const char *key, uint64_t *number,
			  struct hexo_error *err);

/* Where what is written goes; 0 or -errno. */
typedef int cli_checkpoint_put(void *ctx, const void *data, size_t len,
			       struct hexo_error *err);

/* What a head's own checksum is to be. */
uint64_t cli_checkpoint_checksum(const struct hexo_checkpoint_head *head);

/* Bytes up to the next multiple of 8. */
uint64_t cli_checkpoint_padding(uint64_t len);

/* Gives size bytes of fd, from an offset on, to put (NULL: to nobody), and
 * their XXH3. -EBADMSG if there are not so many. */
int cli_checkpoint_copy(int fd, uint64_t from, uint64_t size,
			cli_checkpoint_put *put, void *ctx, uint64_t *checksum,
			struct hexo_error *err);

#endif
