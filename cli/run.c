/* SPDX-License-Identifier: Apache-2.0 */
/* hexo run: from the command line to a job's home. */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/home.h"
#include "cli/resume.h"
#include "cli/runtime.h"
#include "hexo/layout.h"

enum run_option {
	RUN_ISA,
	RUN_NODE,
	RUN_BACKEND,
	RUN_MEMORY,
	RUN_STACK,
	RUN_VOLUME,
	RUN_ENV,
	RUN_HOP,
	RUN_HOP_EVERY,
	RUN_LOCAL,
	RUN_TIMEOUT,
	RUN_STATS,
	RUN_COUNT,
	RUN_PROBE,
	RUN_NAME,
	RUN_SAVE_STREAMS,
	RUN_RESUME,
	RUN_HELP,
	RUN_OPTIONS
};

static const struct cli_option run_options[RUN_OPTIONS + 1] = {
	[RUN_ISA] = { "isa", "ISA",
		      "start on this ISA: x86-64, aarch64 (default: this\n"
		      "machine's if the image has it)" },
	[RUN_NODE] = { "node", "NODE",
		       "start on this node: a board's name or its hexod's\n"
		       "address" },
	[RUN_BACKEND] = { "backend", "BACKEND",
			  "kvm or process (default: kvm where it can be "
			  "used)" },
	[RUN_MEMORY] = { "memory", "SIZE",
			 "the job's memory, like 512M (default: 256M)" },
	[RUN_STACK] = { "stack", "SIZE", "the job's stack (default: 64M)" },
	[RUN_VOLUME] = { "volume", "HOST:GUEST[:ro]",
			 "let the job use directory HOST as GUEST" },
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
	[RUN_HELP] = { "help", NULL, "show this" },
};

struct run {
	struct cli_home_config home;
	struct cli_image image;
	struct cli_volumes volumes;
	struct cli_plan plan;
	struct cli_environment env;
	struct base_buffer boot;
	const char *isa, *node, *name, *stats;
	char *id;
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

/* Where an option is kept whose text counts as it is; NULL for others. */
static const char **run_text(struct run *run, enum run_option option)
{
	switch (option) {
	case RUN_ISA:
		return &run->isa;
	case RUN_NODE:
		return &run->node;
	case RUN_STATS:
		return &run->stats;
	case RUN_NAME:
		return &run->name;
	case RUN_SAVE_STREAMS:
		return &run->home.save_streams;
	case RUN_RESUME:
		return &run->home.resume;
	default:
		return NULL;
	}
}

static int run_set(void *ctx, int option, const char *value,
		   struct hexo_error *err)
{
	struct run *run = ctx;
	struct cli_home_config *home = &run->home;
	const char **text = run_text(run, (enum run_option)option);

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
		return cli_volume_add(&run->volumes, value, err);
	case RUN_ENV:
		return cli_environment_set(&run->env, value, err);
	case RUN_HOP:
		return cli_plan_add(&run->plan, value, err);
	case RUN_HOP_EVERY:
		return run_parse_number(value, &run->plan.every, 1, UINT64_MAX,
					err);
	case RUN_TIMEOUT:
		return run_parse_number(value, &home->timeout_s, 1, 86400, err);
	case RUN_PROBE:
		return run_parse_number(value, &home->probe_us, 1, 1000000000,
					err);
	case RUN_LOCAL:
		home->boards = false;
		return 0;
	case RUN_COUNT:
		home->count = true;
		return 0;
	default:
		return 0;
	}
}

/* What the options that are texts must be. */
static int run_check_texts(const struct run *run, struct hexo_error *err)
{
	if (run->node && run->isa)
		return hexo_fail(err, -EINVAL,
				 "hexo run: --isa and --node exclude each "
				 "other");
	if (run->isa && cli_isa_by_name(run->isa) == HEXO_ISA_NONE)
		return hexo_fail(err, -EINVAL, "hexo run: --isa: no ISA '%s'",
				 run->isa);
	if (run->name && !cli_runtime_is_id(run->name))
		return hexo_fail(err, -EINVAL,
				 "hexo run: --name: '%s' is not a name of "
				 "letters, digits, '-', '_' and '.'",
				 run->name);
	return 0;
}

/* Options that the environment adds in front of those of the call. */
static int run_parse_environment(struct run *run, char ***words,
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
	r = cli_parse(&options_only, count + 1, argv, run_set, run, &none, err);
	return r < 0 ? hexo_fail_context(err, "HEXO_RUN_OPTIONS") : 0;
}

/* "ep-3f2a": the program and something to tell its jobs apart. */
static char *run_make_id(const char *program)
{
	uint16_t number = 0;
	char *id;

	if (getrandom(&number, sizeof(number), 0) < 0)
		number = (uint16_t)getpid();
	id = base_printf("%.*s-%04x", CLI_RUNTIME_ID_MAX - 8, program, number);
	for (char *c = id; *c; c++)
		if (!isalnum((unsigned char)*c) && *c != '_')
			*c = '-';
	return id;
}

/* Where the job starts. */
static int run_place(struct run *run, struct hexo_error *err)
{
	struct cli_home_config *home = &run->home;
	enum hexo_isa isa = cli_isa_host();

	if (run->node)
		return cli_place_find(run->node, true, &home->place, err);
	if (run->isa)
		isa = cli_isa_by_name(run->isa);
	else if (!cli_image_find(&run->image, isa))
		isa = run->image.elf[0].isa;
	return cli_place_find(cli_isa_name(isa), false, &home->place, err);
}

/* A hop to what exists nowhere is a slip of the pen, better told now. */
static int run_check_hops(struct run *run, struct hexo_error *err)
{
	for (unsigned i = 0; i < run->plan.count; i++) {
		const char *where = run->plan.hops[i].where;
		struct cli_place place;
		int r = cli_place_find(where, run->home.boards, &place, err);

		if (r == 0 && place.isa != HEXO_ISA_NONE &&
		    !cli_image_find(&run->image, place.isa))
			r = hexo_fail(err, -EINVAL, "the image has no %s",
				      where);
		if (r < 0)
			return hexo_fail_context(err, "--hop");
	}
	return 0;
}

/* All that must be right before a VM is started, the image aside. */
static int run_prepare(struct run *run, struct hexo_error *err)
{
	struct cli_home_config *home = &run->home;
	struct hexo_section_vm vm;
	int r = run_place(run, err);

	if (r < 0)
		return r;
	r = run_check_hops(run, err);
	if (r < 0)
		return r;
	if (run->stats) {
		/* Better to hear now than at the end that it cannot be. */
		home->stats = fopen(run->stats, "we");
		if (!home->stats)
			return hexo_fail_errno(err, "cannot write %s",
					       run->stats);
	}
	if (home->save_streams && access(home->save_streams, W_OK | X_OK) < 0)
		return hexo_fail_errno(err, "cannot write into %s",
				       home->save_streams);
	if (home->resume) {
		r = cli_resume_check(home->resume, &run->image, &vm, err);
		if (r < 0)
			return r;
		home->vm.memory = vm.memory;
		home->vm.stack = vm.stack;
		home->polls = vm.polls;
	}
	run->id = run->name ? base_strdup(run->name)
			    : run_make_id(run->image.name);
	home->id = home->vm.name = run->id;
	return 0;
}

/* The program starts in the directory that shows the current one, so that
 * relative paths mean what they mean here. */
static void run_set_cwd(struct run *run)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *shown =
		here ? cli_volume_show(&run->volumes, here) : NULL;
	cleanup_free char *text = shown ? base_printf("PWD=%s", shown) : NULL;

	if (text && !cli_environment_has(&run->env, "PWD"))
		cli_environment_set(&run->env, text, NULL);
}

static int run_job(struct run *run, int argc, char **argv,
		   struct hexo_error *err)
{
	struct cli_home_config *home = &run->home;
	int r = cli_image_open(&run->image, argv[0], err);

	if (r < 0)
		return r == -ENOENT ? CLI_RUN_MISSING : CLI_RUN_UNUSABLE;
	if (run->isa &&
	    !cli_image_find(&run->image, cli_isa_by_name(run->isa))) {
		cleanup_free char *isas = cli_image_isas(&run->image);

		hexo_fail(err, -ENOEXEC, "%s has no ISA %s, only %s", argv[0],
			  run->isa, isas);
		return CLI_RUN_UNUSABLE;
	}
	run_set_cwd(run);
	if (cli_boot_make(&run->boot, argc, argv, &run->env, err) < 0 ||
	    run_prepare(run, err) < 0)
		return CLI_RUN_FAILED;
	home->job = argv[0];
	r = cli_home_run(home, err);
	if (r < 0)
		return r == -ENOEXEC ? CLI_RUN_UNUSABLE : CLI_RUN_FAILED;
	return r;
}

static void run_free(struct run *run)
{
	cli_image_close(&run->image);
	cli_volumes_free(&run->volumes);
	cli_plan_free(&run->plan);
	cli_environment_free(&run->env);
	base_buffer_free(&run->boot);
	if (run->home.stats)
		fclose(run->home.stats);
	free(run->id);
}

static int run_main(int argc, char **argv, struct hexo_error *err)
{
	cleanup_free char **words = NULL;
	struct cli_operands operands;
	struct run run = {
		.home.vm.memory = HEXO_MEMORY_DEFAULT,
		.home.vm.stack = HEXO_STACK_DEFAULT,
		.home.vm.backend = CLI_BACKEND_AUTO,
		.home.boards = true,
		.home.timeout_s = 10,
	};
	int r;

	run.home.vm.image = &run.image;
	run.home.volumes = &run.volumes;
	run.home.plan = &run.plan;
	run.home.boot = &run.boot;
	cli_environment_init(&run.env);
	r = run_parse_environment(&run, &words, err);
	if (r == 0)
		r = cli_parse(&cli_run_command, argc, argv, run_set, &run,
			      &operands, err);
	if (r == 0)
		r = run_check_texts(&run, err);
	r = r < 0 ? CLI_RUN_FAILED
		  : run_job(&run, argc - operands.first, argv + operands.first,
			    err);
	run_free(&run);
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
