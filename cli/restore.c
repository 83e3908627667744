/* SPDX-License-Identifier: Apache-2.0 */
/* hexo restore: a job goes on from its checkpoint. */
#include "cli/commands.h"
#include "cli/run.h"

/* Those that hexo run has, too, come first. */
enum { RESTORE_IMAGE = 16, RESTORE_KEEP };

static const enum run_option restore_shared[RESTORE_IMAGE] = {
	RUN_ISA,
	RUN_NODE,
	RUN_BACKEND,
	RUN_VOLUME,
	RUN_VOLUME_LOCAL,
	RUN_HOP,
	RUN_LOCAL,
	RUN_TIMEOUT,
	RUN_LINK_TIMEOUT,
	RUN_STATS,
	RUN_COUNT,
	RUN_NAME,
	RUN_CHECKPOINT,
	RUN_CHECKPOINT_EVERY,
	RUN_CHECKPOINT_COMPRESS,
	RUN_HELP,
};

static const struct cli_option restore_options[] = {
	{ "isa", "ISA", "go on on this ISA (default: this machine's)" },
	{ "node", "NODE", "go on on this node" },
	{ "backend", "BACKEND", "kvm or process" },
	{ "volume", "HOST:GUEST[:ro]",
	  "another directory for GUEST than at the checkpoint, or\n"
	  "one more" },
	{ "volume-local", "HOST:GUEST[:ro]", "the same for a local volume" },
	{ "hop", "POLLS:WHERE", "as for hexo run" },
	{ "local", NULL, "as for hexo run" },
	{ "timeout", "SECONDS", "as for hexo run" },
	{ "link-timeout", "TIME", "as for hexo run" },
	{ "stats", "FILE", "write figures about the run as JSON" },
	{ "count", NULL, "as for hexo run" },
	{ "name", "NAME", "what hexo ps shows (default: as before)" },
	{ "checkpoint", "FILE", "as for hexo run" },
	{ "checkpoint-every", "TIME", "as for hexo run" },
	{ "checkpoint-compress", NULL, "as for hexo run" },
	{ "help", NULL, "show this" },
	[RESTORE_IMAGE] = { "image", "JOB",
			    "the image, if it is no longer where it was" },
	[RESTORE_KEEP] = { "keep-files", NULL,
			   "do not cut files that the job writes back to what\n"
			   "they had at the checkpoint" },
	{ 0 },
};

struct restore {
	struct cli_job job;
	const char *image;
};

static int restore_set(void *ctx, int option, const char *value,
		       struct hexo_error *err)
{
	struct restore *r = ctx;

	switch (option) {
	case RESTORE_IMAGE:
		r->image = value;
		return 0;
	case RESTORE_KEEP:
		r->job.home.keep_files = true;
		return 0;
	default:
		return cli_run_set(&r->job, (int)restore_shared[option], value,
				   err);
	}
}

static int restore_main(int argc, char **argv, struct hexo_error *err)
{
	struct cli_operands operands;
	struct restore r = { 0 };
	int status = CLI_RUN_FAILED;

	cli_job_init(&r.job);
	if (cli_parse(&cli_restore_command, argc, argv, restore_set, &r,
		      &operands, err) == 0 &&
	    cli_job_check(&r.job, "hexo restore", err) == 0)
		status = cli_job_restore(&r.job, operands.at[0], r.image, err);
	cli_job_free(&r.job);
	return status;
}

const struct cli_command cli_restore_command = {
	.name = "restore",
	.operands = "FILE",
	.summary = "Go on with a job from its checkpoint.",
	.details =
		"The job has its open files and volumes again. Standard input "
		"and output are those\nof this command; where they are the "
		"files they were, the job goes on in them where\nit was. What "
		"has changed since is said. A file that the job writes and "
		"that has\ngrown is cut back: it will be written again. The "
		"exit status is as of hexo run.",
	.options = restore_options,
	.operands_min = 1,
	.operands_max = 1,
	.main = restore_main,
};
