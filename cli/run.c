/* SPDX-License-Identifier: Apache-2.0 */
/* hexo run: from the command line to a job's home. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/run.h"
#include "hexo/layout.h"
#include "hexo/session.h"

static const struct cli_option run_options[RUN_OPTIONS + 1] = {
	[RUN_ISA] = { "isa", "ISA",
		      "start on this ISA: x86-64, aarch64 (default: this\n"
		      "machine's if the image has it)" },
	[RUN_NODE] = { "node", "NODE",
		       "start on this node: its name, a board's, or an\n"
		       "address that hexo node list shows" },
	[RUN_BACKEND] = { "backend", "BACKEND",
			  "kvm or process (default: kvm where it can be "
			  "used)" },
	[RUN_MEMORY] = { "memory", "SIZE",
			 "the job's memory, like 512M (default: 256M)" },
	[RUN_STACK] = { "stack", "SIZE", "the job's stack (default: 64M)" },
	[RUN_VOLUME] = { "volume", "HOST:GUEST[:ro]",
			 "let the job use directory HOST as GUEST" },
	[RUN_VOLUME_LOCAL] = { "volume-local", "HOST:GUEST[:ro]",
			       "the same, but directory HOST of whatever "
			       "machine\nthe job runs on" },
	[RUN_ENV] = { "env", "NAME=VALUE",
		      "set a variable of the job's environment" },
	[RUN_HOP] = { "hop", "POLLS:WHERE",
		      "move the job at this poll since its start, or after a\n"
		      "time, like 20ms; WHERE is an ISA, a node, or 'server'" },
	[RUN_HOP_EVERY] = { "hop-every", "POLLS",
			    "move it every so many polls, round all ISAs of\n"
			    "the image" },
	[RUN_LOCAL] = { "local", NULL,
			"use no board for an ISA, but QEMU's user mode" },
	[RUN_TIMEOUT] = { "timeout", "SECONDS",
			  "give a move up that gets stuck for so long\n"
			  "(default: 10)" },
	[RUN_MODE] = { "mode", "MODE",
		       "how it moves at --hop TIME: stop, pre-copy, "
		       "post-copy,\n"
		       "or auto (default), as for hexo migrate" },
	[RUN_DOWNTIME] = { "downtime", "TIME",
			   "pre-copy goes on until the job need stop for so\n"
			   "long only (default: 50ms)" },
	[RUN_RATE] = { "bandwidth", "SIZE",
		       "bytes a second while it runs, at most, like 10M" },
	[RUN_COMPRESS] = { "compress", "WHEN",
			   "pack the memory that is sent: auto (default: to\n"
			   "and from nodes, while that is faster), never, "
			   "always" },
	[RUN_LINK_TIMEOUT] = { "link-timeout", "TIME",
			       "the job is lost when its node could not be\n"
			       "reached for so long; the node ends it then\n"
			       "(default: 1h)" },
	[RUN_STATS] = { "stats", "FILE",
			"write figures about the run as JSON" },
	[RUN_COUNT] = { "count", NULL,
			"count polls in the whole run (slower; --hop-every\n"
			"does, too, and --hop up to its poll)" },
	[RUN_PROBE] = { "probe-polls", "US",
			"write to --stats how long it takes until a poll is\n"
			"reached: asked every so many microseconds, about" },
	[RUN_NAME] = { "name", "NAME", "what hexo ps shows" },
	[RUN_SAVE_STREAMS] = { "save-streams", "DIR",
			       "keep each move's stream as DIR/hop-N.stream" },
	[RUN_RESUME] = { "resume", "STREAM",
			 "start from such a stream instead of from main" },
	[RUN_CHECKPOINT_EVERY] = { "checkpoint-every", "TIME",
				   "write a checkpoint every so often, like\n"
				   "30s, 10m or 2h, for hexo restore" },
	[RUN_CHECKPOINT] = { "checkpoint", "FILE",
			     "where to (default: NAME.checkpoint, here)" },
	[RUN_CHECKPOINT_COMPRESS] = { "checkpoint-compress", NULL,
				      "compress it" },
	[RUN_HELP] = { "help", NULL, "show this" },
};

static int run_parse_number(const char *text, uint64_t *value, uint64_t min,
			    uint64_t max, struct hexo_error *err)
{
	if (base_parse_u64(text, value) < 0 || *value < min || *value > max)
		return hexo_fail(err, -EINVAL,
				 "'%s' is not a number from %lu to %lu", text,
				 min, max);
	return 0;
}

/* Rounded up to what the guest's page tables are made of. */
static int run_parse_size(const char *text, uint64_t *value, uint64_t min,
			  uint64_t max, struct hexo_error *err)
{
	if (base_parse_size(text, value) < 0 || *value < min || *value > max)
		return hexo_fail(err, -EINVAL,
				 "'%s' is not a size from %luM to %luM, like "
				 "512M or 2G",
				 text, min >> 20, max >> 20);
	*value = (*value + HEXO_HUGE_SIZE - 1) & ~(HEXO_HUGE_SIZE - 1ul);
	return 0;
}

static int run_parse_backend(const char *text, enum cli_backend *backend,
			     struct hexo_error *err)
{
	if (!strcmp(text, "kvm"))
		*backend = CLI_BACKEND_KVM;
	else if (!strcmp(text, "process"))
		*backend = CLI_BACKEND_PROCESS;
	else
		return hexo_fail(err, -EINVAL,
				 "'%s' is neither kvm nor process", text);
	return 0;
}

static int run_parse_time(const char *text, uint64_t *ns,
			  struct hexo_error *err)
{
	if (base_parse_time(text, ns) < 0 || *ns < 1000000)
		return hexo_fail(err, -EINVAL,
				 "'%s' is not a time like 500ms, 30s, 10m, 2h",
				 text);
	return 0;
}

static int run_parse_link_timeout(const char *text, uint64_t *seconds,
				  struct hexo_error *err)
{
	uint64_t ns = 0;
	int r = run_parse_time(text, &ns, err);

	*seconds = (ns + 999999999) / 1000000000;
	if (r == 0 && *seconds > HEXO_SESSION_TIMEOUT_MAX)
		return hexo_fail(err, -ERANGE, "'%s' is more than %u h", text,
				 HEXO_SESSION_TIMEOUT_MAX / 3600);
	return r;
}

/* Where an option is kept whose text counts as it is; NULL for others. */
static const char **run_text(struct cli_job *job, enum run_option option)
{
	switch (option) {
	case RUN_ISA:
		return &job->isa;
	case RUN_NODE:
		return &job->node;
	case RUN_STATS:
		return &job->stats;
	case RUN_NAME:
		return &job->name;
	case RUN_SAVE_STREAMS:
		return &job->home.save_streams;
	case RUN_RESUME:
		return &job->home.resume;
	case RUN_CHECKPOINT:
		return &job->home.checkpoint;
	default:
		return NULL;
	}
}

int cli_run_set(void *ctx, int option, const char *value,
		struct hexo_error *err)
{
	struct cli_job *job = ctx;
	struct cli_home_config *home = &job->home;
	const char **text = run_text(job, (enum run_option)option);

	if (text) {
		*text = value;
		return 0;
	}
	switch ((enum run_option)option) {
	case RUN_BACKEND:
		return run_parse_backend(value, &home->vm.backend, err);
	case RUN_MEMORY:
		return run_parse_size(value, &home->vm.memory, HEXO_MEMORY_MIN,
				      HEXO_MEMORY_MAX, err);
	case RUN_STACK:
		return run_parse_size(value, &home->vm.stack, HEXO_STACK_MIN,
				      HEXO_STACK_MAX, err);
	case RUN_VOLUME:
		return files_volume_add(&job->volumes, value, false, err);
	case RUN_VOLUME_LOCAL:
		return files_volume_add(&job->volumes, value, true, err);
	case RUN_ENV:
		return cli_environment_set(&job->env, value, err);
	case RUN_HOP:
		return cli_plan_add(&job->plan, value, err);
	case RUN_HOP_EVERY:
		return run_parse_number(value, &job->plan.every, 1, UINT64_MAX,
					err);
	case RUN_TIMEOUT:
		return run_parse_number(value, &home->timeout_s, 1, 86400, err);
	case RUN_LINK_TIMEOUT:
		return run_parse_link_timeout(value, &home->vm.link_timeout_s,
					      err);
	case RUN_PROBE:
		return run_parse_number(value, &home->probe_us, 1, 1000000000,
					err);
	case RUN_CHECKPOINT_EVERY:
		return run_parse_time(value, &home->checkpoint_ns, err);
	case RUN_MODE:
		return cli_mode_parse(value, &home->move.mode, err);
	case RUN_DOWNTIME:
		return run_parse_time(value, &home->move.downtime_ns, err);
	case RUN_RATE:
		if (base_parse_size(value, &home->move.rate) < 0 ||
		    home->move.rate < 1024)
			return hexo_fail(err, -EINVAL,
					 "'%s' is not a rate like 10M", value);
		return 0;
	case RUN_COMPRESS:
		return cli_compress_parse(value, &home->move.compress, err);
	case RUN_LOCAL:
		home->boards = false;
		return 0;
	case RUN_COUNT:
		home->count = true;
		return 0;
	case RUN_CHECKPOINT_COMPRESS:
		home->compress = true;
		return 0;
	default:
		return 0;
	}
}

/* Options that the environment adds in front of those of the call. */
static int run_parse_environment(struct cli_job *job, char ***words,
				 struct hexo_error *err)
{
	const char *text = getenv("HEXO_RUN_OPTIONS");
	cleanup_free char **argv = NULL;
	struct cli_command options_only = cli_run_command;
	struct cli_operands none;
	int count;
	int r;

	if (!text)
		return 0;
	count = cli_split_words(text, words, err);
	if (count < 0)
		return hexo_fail_context(err, "HEXO_RUN_OPTIONS");
	argv = base_alloc(((size_t)count + 1) * sizeof(*argv));
	memcpy(argv + 1, *words, (size_t)count * sizeof(*argv));
	options_only.operands_min = options_only.operands_max = 0;
	r = cli_parse(&options_only, count + 1, argv, cli_run_set, job, &none,
		      err);
	return r < 0 ? hexo_fail_context(err, "HEXO_RUN_OPTIONS") : 0;
}

static int run_main(int argc, char **argv, struct hexo_error *err)
{
	cleanup_free char **words = NULL;
	struct cli_operands operands;
	struct cli_job job;
	int r;

	cli_job_init(&job);
	r = run_parse_environment(&job, &words, err);
	if (r == 0)
		r = cli_parse(&cli_run_command, argc, argv, cli_run_set, &job,
			      &operands, err);
	if (r == 0)
		r = cli_job_check(&job, "hexo run", err);
	r = r < 0 ? CLI_RUN_FAILED
		  : cli_job_run(&job, argc - operands.first,
				argv + operands.first, err);
	cli_job_free(&job);
	return r;
}

const struct cli_command cli_run_command = {
	.name = "run",
	.operands = "JOB [ARG...]",
	.summary = "Run a job, an image built by hexo-cc, in a VM.",
	.details =
		"The exit status is the program's; 128+N if it ended as by "
		"signal N;\n125 if hexo failed, 126 if the image cannot run, "
		"127 if there is none.\n\n"
		"Options after JOB are the program's. Those in the variable "
		"HEXO_RUN_OPTIONS\ncome before those of the call. The program "
		"sees TERM, LANG, LC_ALL, TZ and\nUSER as they are here, "
		"HOME=/, and what --env sets. It starts in the directory that "
		"shows the current\none, if a volume does, else in /; "
		"--env PWD=DIR chooses another.",
	.options = run_options,
	.operands_min = 1,
	.operands_max = 1,
	.rest = true,
	.main = run_main,
};
