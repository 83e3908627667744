/* SPDX-License-Identifier: Apache-2.0 */
/* A job from what the command line says to its end: hexo run and restore. */
#ifndef HEXO_CLI_JOB_H
#define HEXO_CLI_JOB_H

#include "cli/checkpoint.h"
#include "cli/home.h"

struct cli_job {
	struct cli_home_config home;
	struct cli_image image;
	struct files_volumes volumes;
	struct cli_plan plan;
	struct cli_environment env;
	struct base_buffer boot;
	struct cli_checkpoint checkpoint; /* that it is restored from */
	const char *isa, *node, *name, *stats;
	char *id, *checkpoints;
};

/* The defaults. */
void cli_job_init(struct cli_job *job);
void cli_job_free(struct cli_job *job);

/* What the options that are texts must be. command: for messages. */
int cli_job_check(const struct cli_job *job, const char *command,
		  struct hexo_error *err);

/* Run an image from its main, or from a checkpoint; image NULL: the one that
 * it names. Return the exit status of hexo. */
int cli_job_run(struct cli_job *job, int argc, char **argv,
		struct hexo_error *err);
int cli_job_restore(struct cli_job *job, const char *checkpoint,
		    const char *image, struct hexo_error *err);

#endif
