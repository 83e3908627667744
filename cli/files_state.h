/* SPDX-License-Identifier: Apache-2.0 */
/* A job's open files in a checkpoint: "files", "streams" and "volumes" of
 * <hexo/checkpoint.h>. */
#ifndef HEXO_CLI_FILES_STATE_H
#define HEXO_CLI_FILES_STATE_H

#include "base/base.h"
#include "cli/checkpoint.h"
#include "files/state.h"

/* Adds them to state; *data_len is what cli_files_put_data() will write. The
 * job is parked: nothing changes in between. */
int cli_files_save(const struct files *files, json_t *state, uint64_t *data_len,
		   struct hexo_error *err);

/* Writes the contents of files that have no name any more. */
int cli_files_put_data(const struct files *files, const json_t *state,
		       cli_checkpoint_put *put, void *ctx,
		       struct hexo_error *err);

/* The volumes of a checkpoint, but for those that exist already. */
int cli_files_restore_volumes(struct files_volumes *volumes,
			      const json_t *state, struct hexo_error *err);

/* Opens the files again, as they were, in files that were just initialised;
 * local: those of local volumes, too.
 * Those that the job writes will be cut back to what they had, unless keep is
 * set. Where one has changed since, a line is added to notes. Nothing is
 * changed before files_state_cut(), when it is sure that the job runs. */
int cli_files_restore(struct files *files, const struct cli_checkpoint *c,
		      bool local, bool keep, struct base_buffer *notes,
		      struct hexo_error *err);

#endif
