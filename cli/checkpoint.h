/* SPDX-License-Identifier: Apache-2.0 */
/* Reading and writing checkpoints, see <hexo/checkpoint.h>; apart from the
 * stream, which the home relays as it is. */
#ifndef HEXO_CLI_CHECKPOINT_H
#define HEXO_CLI_CHECKPOINT_H

#include <jansson.h>
#include <stdint.h>

#include "hexo/checkpoint.h"
#include "hexo/error.h"

struct cli_checkpoint {
	int fd;
	json_t *state;
	uint64_t stream_at, stream_len; /* where it is in the file */
	uint64_t data_at;
};

/* Opens a checkpoint and checks head and state. The caller closes it,
 * after a failure, too. */
int cli_checkpoint_open(struct cli_checkpoint *c, const char *path,
			struct hexo_error *err);
void cli_checkpoint_close(struct cli_checkpoint *c);

/* A text or number of the state, checked: -EINVAL names what is missing. */
int cli_checkpoint_text(const json_t *o, const char *key, const char **text,
			struct hexo_error *err);
int cli_checkpoint_number(const json_t *o, const char *key, uint64_t *number,
			  struct hexo_error *err);

/* Where what is written goes; 0 or -errno. */
typedef int cli_checkpoint_put(void *ctx, const void *data, size_t len,
			       struct hexo_error *err);

/* Bytes up to the next multiple of 8. */
uint64_t cli_checkpoint_padding(uint64_t len);

/* Gives size bytes of fd, from an offset on, to put (NULL: to nobody), and
 * their XXH3. -EBADMSG if there are not so many. */
int cli_checkpoint_copy(int fd, uint64_t from, uint64_t size,
			cli_checkpoint_put *put, void *ctx, uint64_t *checksum,
			struct hexo_error *err);

/* Behind the stream, of so many bytes: puts padding and the state; data_len
 * bytes of data must follow. Makes the head that stands before the stream. */
int cli_checkpoint_end(const json_t *state, uint64_t stream_len,
		       uint64_t data_len, struct hexo_checkpoint_head *head,
		       cli_checkpoint_put *put, void *ctx,
		       struct hexo_error *err);

#endif
