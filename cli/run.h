/* SPDX-License-Identifier: Apache-2.0 */
/* The options of hexo run, for hexo restore, which shares most of them. */
#ifndef HEXO_CLI_RUN_H
#define HEXO_CLI_RUN_H

#include "cli/job.h"
#include "cli/options.h"

enum run_option {
	RUN_ISA,
	RUN_NODE,
	RUN_BACKEND,
	RUN_MEMORY,
	RUN_STACK,
	RUN_VOLUME,
	RUN_VOLUME_LOCAL,
	RUN_ENV,
	RUN_HOP,
	RUN_HOP_EVERY,
	RUN_LOCAL,
	RUN_TIMEOUT,
	RUN_MODE,
	RUN_DOWNTIME,
	RUN_RATE,
	RUN_COMPRESS,
	RUN_LINK_TIMEOUT,
	RUN_STATS,
	RUN_COUNT,
	RUN_PROBE,
	RUN_NAME,
	RUN_SAVE_STREAMS,
	RUN_RESUME,
	RUN_CHECKPOINT_EVERY,
	RUN_CHECKPOINT,
	RUN_CHECKPOINT_COMPRESS,
	RUN_HELP,
	RUN_OPTIONS
};

/* A cli_option_set of them; ctx is a struct cli_job. */
int cli_run_set(void *ctx, int option, const char *value,
		struct hexo_error *err);

#endif
