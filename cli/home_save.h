/* SPDX-License-Identifier: Apache-2.0 */
/* A home's checkpoints: what its table and its control socket call. */
#ifndef HEXO_CLI_HOME_SAVE_H
#define HEXO_CLI_HOME_SAVE_H

#include "cli/home_state.h"

/* The actions of a checkpoint. */
home_act save_ordered, save_copied, save_parked, save_stream, save_kept,
	save_shipped, save_return, save_call_off, save_done;

/* Asks for a checkpoint; the path is copied. -EBUSY if there is one already. */
int save_order(struct home *home, const struct home_save_order *order);

/* The same for the file of --checkpoint-every. */
int save_order_own(struct home *home);

/* The owner is another VM now, which does not know what a file has. */
void save_forget(struct home *home);

/* The handler of saving.file.done. */
void save_synced(void *ctx, uint32_t events);

/* --checkpoint-every, from the job's start on. */
int save_open(struct home *home, struct hexo_error *err);
void save_start(struct home *home);
/* finished: the program ended by itself, its checkpoints are of no use. */
void save_close(struct home *home, bool finished);

#endif
