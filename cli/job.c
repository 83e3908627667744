/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/job.h"

#include <ctype.h>
#include <errno.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/files_state.h"
#include "cli/resume.h"
#include "cli/runtime.h"
#include "hexo/layout.h"

int cli_job_check(const struct cli_job *job, const char *command,
		  struct hexo_error *err)
{
	if (job->node && job->isa)
		return hexo_fail(err, -EINVAL,
				 "%s: --isa and --node exclude each other",
				 command);
	if (job->isa && cli_isa_by_name(job->isa) == HEXO_ISA_NONE)
		return hexo_fail(err, -EINVAL, "%s: --isa: no ISA '%s'",
				 command, job->isa);
	if (job->name && !cli_runtime_is_id(job->name))
		return hexo_fail(err, -EINVAL,
				 "%s: --name: '%s' is not a name of letters, "
				 "digits, '-', '_' and '.'",
				 command, job->name);
	return 0;
}
/* "ep-3f2a": the program and something to tell its jobs apart. */
static char *job_make_id(const char *program)
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
static int job_place(struct cli_job *job, struct hexo_error *err)
{
	struct cli_home_config *home = &job->home;
	enum hexo_isa isa = cli_isa_host();

	if (job->node)
		return cli_place_find(job->node, true, &home->place, err);
	if (job->isa)
		isa = cli_isa_by_name(job->isa);
	else if (!cli_image_find(&job->image, isa))
		isa = job->image.elf[0].isa;
	return cli_place_find(cli_isa_name(isa), false, &home->place, err);
}

/* A hop to what exists nowhere is a slip of the pen, better told now. */
static int job_check_hops(struct cli_job *job, struct hexo_error *err)
{
	for (unsigned i = 0; i < job->plan.count; i++) {
		const char *where = job->plan.hops[i].where;
		struct cli_place place;
		int r = cli_place_find(where, job->home.boards, &place, err);

		if (r == 0 && place.isa != HEXO_ISA_NONE &&
		    !cli_image_find(&job->image, place.isa))
			r = hexo_fail(err, -EINVAL, "the image has no %s",
				      where);
		if (r < 0)
			return hexo_fail_context(err, "--hop");
	}
	return 0;
}

/* Where --checkpoint-every writes to, and a post-copy: an absolute path, so
 * that messages say where it is. */
static int job_place_checkpoints(struct cli_job *job, struct hexo_error *err)
{
	struct cli_home_config *home = &job->home;
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *directory = NULL;
	const char *file = home->checkpoint;

	if ((file || home->compress) && !home->checkpoint_ns)
		return hexo_fail(err, -EINVAL, "%s needs --checkpoint-every",
				 file ? "--checkpoint"
				      : "--checkpoint-compress");
	if (file && file[0] == '/')
		job->checkpoints = base_strdup(file);
	else if (file)
		job->checkpoints =
			base_printf("%s/%s", here ? here : ".", file);
	else
		job->checkpoints = base_printf("%s/%s.checkpoint",
					       here ? here : ".", job->id);
	home->checkpoint = job->checkpoints;
	directory = base_strdup(job->checkpoints);
	if (home->checkpoint_ns && access(dirname(directory), W_OK | X_OK) < 0)
		return hexo_fail_errno(err, "cannot write %s",
				       job->checkpoints);
	return 0;
}

/* All that must be right before a VM is started, the image aside. */
static int job_prepare(struct cli_job *job, struct hexo_error *err)
{
	struct cli_home_config *home = &job->home;
	struct hexo_section_vm vm;
	int r = job_place(job, err);

	if (r < 0)
		return r;
	r = job_check_hops(job, err);
	if (r < 0)
		return r;
	if (job->stats) {
		/* Better to hear now than at the end that it cannot be. */
		home->stats = fopen(job->stats, "we");
		if (!home->stats)
			return hexo_fail_errno(err, "cannot write %s",
					       job->stats);
	}
	if (home->save_streams && access(home->save_streams, W_OK | X_OK) < 0)
		return hexo_fail_errno(err, "cannot write into %s",
				       home->save_streams);
	if (home->resume) {
		r = cli_resume_check(home->resume, home->restore, &job->image,
				     &vm, err);
		if (r < 0)
			return r;
		home->vm.memory = vm.memory;
		home->vm.stack = vm.stack;
		home->polls = vm.polls;
		if (home->restore)
			r = cli_checkpoint_number(home->restore->state, "polls",
						  &home->polls, err);
		if (r < 0)
			return r;
	}
	job->id = job->name ? base_strdup(job->name)
			    : job_make_id(job->image.name);
	home->id = home->vm.name = job->id;
	return job_place_checkpoints(job, err);
}

/* The program starts in the directory that shows the current one, so that
 * relative paths mean what they mean here. */
static void job_set_cwd(struct cli_job *job)
{
	cleanup_free char *here = getcwd(NULL, 0);
	cleanup_free char *shown =
		here ? files_volume_show(&job->volumes, here, false) : NULL;
	cleanup_free char *text = shown ? base_printf("PWD=%s", shown) : NULL;

	if (text && !cli_environment_has(&job->env, "PWD"))
		cli_environment_set(&job->env, text, NULL);
}

static int job_open_image(struct cli_job *job, const char *path,
			  struct hexo_error *err)
{
	int r = cli_image_open(&job->image, path, err);

	if (r < 0)
		return r == -ENOENT ? CLI_RUN_MISSING : CLI_RUN_UNUSABLE;
	if (job->isa &&
	    !cli_image_find(&job->image, cli_isa_by_name(job->isa))) {
		cleanup_free char *isas = cli_image_isas(&job->image);

		hexo_fail(err, -ENOEXEC, "%s has no ISA %s, only %s", path,
			  job->isa, isas);
		return CLI_RUN_UNUSABLE;
	}
	job->home.job = path;
	return 0;
}

static int job_home(struct cli_job *job, struct hexo_error *err)
{
	int r;

	if (job_prepare(job, err) < 0)
		return CLI_RUN_FAILED;
	r = cli_home_run(&job->home, err);
	if (r < 0)
		return r == -ENOEXEC ? CLI_RUN_UNUSABLE : CLI_RUN_FAILED;
	return r;
}

int cli_job_run(struct cli_job *job, int argc, char **argv,
		struct hexo_error *err)
{
	int r = job_open_image(job, argv[0], err);

	if (r)
		return r;
	job_set_cwd(job);
	if (cli_boot_make(&job->boot, argc, argv, &job->env, err) < 0)
		return CLI_RUN_FAILED;
	return job_home(job, err);
}

int cli_job_restore(struct cli_job *job, const char *checkpoint,
		    const char *image, struct hexo_error *err)
{
	struct cli_checkpoint *c = &job->checkpoint;
	const char *id = NULL, *path = NULL;
	int r = cli_checkpoint_open(c, checkpoint, err);

	if (r == 0)
		r = cli_checkpoint_text(c->state, "id", &id, err);
	if (r == 0)
		r = cli_checkpoint_text(c->state, "job", &path, err);
	if (r == 0 && !cli_runtime_is_id(id))
		r = hexo_fail(err, -EINVAL, "%s: '%s' is no name of a VM",
			      checkpoint, id);
	if (r == 0)
		r = cli_files_restore_volumes(&job->volumes, c->state, err);
	if (r < 0)
		return CLI_RUN_FAILED;
	r = job_open_image(job, image ? image : path, err);
	if (r)
		return r;
	if (!job->name)
		job->name = id;
	job->home.resume = checkpoint;
	job->home.restore = c;
	return job_home(job, err);
}

void cli_job_init(struct cli_job *job)
{
	*job = (struct cli_job){
		.home.vm.memory = HEXO_MEMORY_DEFAULT,
		.home.vm.stack = HEXO_STACK_DEFAULT,
		.home.vm.backend = CLI_BACKEND_AUTO,
		.home.vm.link_timeout_s = 3600,
		.home.boards = true,
		.home.timeout_s = 10,
		.home.move.downtime_ns = CLI_DOWNTIME_NS,
		.home.move.compress = HEXO_COMPRESS_AUTO,
		.home.move.unsafe = true, /* the moves of a plan are trials */
		.checkpoint.fd = -1,
	};
	job->home.vm.image = &job->image;
	job->home.volumes = &job->volumes;
	job->home.vm.volumes = &job->volumes;
	job->home.plan = &job->plan;
	job->home.boot = &job->boot;
	cli_environment_init(&job->env);
}

void cli_job_free(struct cli_job *job)
{
	cli_image_close(&job->image);
	files_volumes_free(&job->volumes);
	cli_plan_free(&job->plan);
	cli_environment_free(&job->env);
	base_buffer_free(&job->boot);
	if (job->home.stats)
		fclose(job->home.stats);
	cli_checkpoint_close(&job->checkpoint);
	free(job->id);
	free(job->checkpoints);
}
