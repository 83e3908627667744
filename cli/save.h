/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A file that has its name only when it is whole and on the disk: written
 * beside it under a temporary name, then synced and renamed by a thread, so
 * that the home goes on meanwhile. The thread is there from the start on and
 * has the disk begin with what was written so far.
 */
#ifndef HEXO_CLI_SAVE_H
#define HEXO_CLI_SAVE_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/loop.h"
#include "files/volume.h"

enum cli_save_order {
	CLI_SAVE_BEGIN,  /* more will be written */
	CLI_SAVE_FINISH, /* it is whole */
	CLI_SAVE_FORGET, /* it never will be */
};

struct cli_save {
	char *path, *temporary; /* NULL: nothing is being saved */
	int fd;
	uint64_t bytes; /* written */
	bool syncing;   /* all was: the thread has not been heard of */
	pthread_t thread;
	pthread_mutex_t lock; /* of what follows */
	pthread_cond_t changed;
	uint64_t ready; /* bytes that the disk may begin with */
	enum cli_save_order order;
	struct cli_watch done; /* its owner's: readable when the thread ends */
	int volumes[FILES_VOLUMES_MAX], count; /* to sync before */
	struct hexo_error why;                 /* code 0: it worked */
};

int cli_save_open(struct cli_save *save, const char *path,
		  struct hexo_error *err);

/* Is one open, or being synced? */
bool cli_save_is_open(const struct cli_save *save);

/* A cli_checkpoint_put. */
int cli_save_write(void *save, const void *data, size_t len,
		   struct hexo_error *err);

/* The same, over what the file begins with. */
int cli_save_begin_with(struct cli_save *save, const void *data, size_t len,
			struct hexo_error *err);

/*
 * Everything was written: begins to sync it, and before it what was written
 * to volumes, which it speaks of. When save->done is readable,
 * cli_save_result() says how that went; nothing is open then.
 */
int cli_save_sync(struct cli_save *save, const struct files_volumes *volumes,
		  struct hexo_error *err);
int cli_save_result(struct cli_save *save, struct hexo_error *err);

/* Gives up what is not being synced, and waits for what is. */
void cli_save_close(struct cli_save *save);

#endif
