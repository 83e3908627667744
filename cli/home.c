/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/home.h"

#include <errno.h>
#include <inttypes.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/files_state.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"
#include "cli/trace.h"
#include "hexo/hypercall.h"
#include "hexo/io.h"

bool home_may_give_up(const struct home *home)
{
	home_act *act = home_table[home->state][TARGET_LOST];

	/* The source has to be there, and to be the owner, to go on. */
	return act && act != move_forget && act != move_later_torn &&
	       cli_vm_exists(home->owner);
}

void home_say(struct home *home, const char *fmt, ...)
{
	cleanup_free char *text = NULL;
	va_list ap;

	va_start(ap, fmt);
	text = base_vprintf(fmt, ap);
	va_end(ap);
	dprintf(STDERR_FILENO, "hexo: %s: %s\n", home->config->id, text);
}

static void home_arm(struct home *home)
{
	const struct itimerspec t = {
		.it_value.tv_sec = (time_t)home_wait_s(home),
	};

	timerfd_settime(home->timer.fd, 0, &t, NULL);
}

void home_progress(struct home *home)
{
	home->progress_ns = base_now_ns();
	home_arm(home);
}

struct hexo_msg_usage home_usage(struct home *home,
				 const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage;

	memcpy(&usage, msg->data, sizeof(usage));
	cli_stats_usage(&home->stats, &usage);
	return usage;
}

/* Tests link cli/fault.c. */
__attribute__((weak)) enum home_event fault_at(struct home *home,
					       enum home_event event)
{
	return event;
}

void home_handle(struct home *home, enum home_event event,
		 const struct migrate_msg *msg)
{
	enum home_state before = home->state;
	home_act *act;

	event = fault_at(home, event);
	act = home_table[before][event];
	if (!act) {
		bool target = event >= TARGET_HELLO && event <= TARGET_LOST;

		hexo_fail(&home->why, -EPROTO,
			  "%s message out of turn from its VM",
			  msg ? migrate_msg_name(msg->type) : "no");
		act = home_table[before][target ? TARGET_LOST : OWNER_LOST];
		msg = NULL;
	}
	if (!act)
		return;
	home->state = act(home, msg);
	if (home->state != before)
		home_progress(home);
	home_watch_vms(home);
	if (home->state == HOME_RUNNING && home->order.where)
		home_handle(home, ORDERED, NULL);
	else if (home->state == HOME_RUNNING && home->saving.order.path)
		home_handle(home, SAVE_ORDERED, NULL);
}

enum home_state home_fail(struct home *home, const struct migrate_msg *msg)
{
	const char *place = home->owner->place.name;
	struct hexo_error why = home->why;

	move_drop(home, "the job was lost");
	if (home->saving.last)
		home_say(home,
			 "hexo restore %s goes on from its last checkpoint",
			 home->saving.last);
	home->exit_status = why.code < 0 ? why.code : -EIO;
	if (home->state == HOME_STARTING || home->state == HOME_LOADING)
		hexo_fail(&home->why, home->exit_status,
			  "cannot run %s at %s: %s", home->config->job, place,
			  why.text);
	else
		hexo_fail(&home->why, home->exit_status,
			  "VM %s at %s is lost: %s", home->config->id, place,
			  why.text);
	return HOME_ENDED;
}

void home_stopped(struct home *home, const struct hexo_msg_usage *usage)
{
	enum hexo_isa isa = home->owner->place.isa;

	cli_stats_stopped(&home->stats, isa);
	if (usage->cpu_ns > home->owner_ran_ns)
		home->stats.isa[isa].run_ns +=
			usage->cpu_ns - home->owner_ran_ns;
}

/* A FAULT's text, and the calls that led to it. */
static void home_tell_fault(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_fault fault;
	const char *stack = (const char *)msg->data + sizeof(fault);

	memcpy(&fault, msg->data, sizeof(fault));
	home_say(home, "%s", home_text(msg, sizeof(fault) + fault.stack_len));
	cli_trace_print(home->config->vm.image, home->owner->place.isa, &fault,
			stack);
}

enum home_state home_ended(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);
	enum hexo_isa isa = home->owner->place.isa;

	home_stopped(home, &usage);
	home->stats.isa[isa].cpu_ns += usage.cpu_ns;
	if (msg->type == HEXO_MSG_EXIT && !home->parked_at)
		home->stats.start_ns = usage.step_ns;
	if (msg->type == HEXO_MSG_FAULT)
		home_tell_fault(home, msg);
	if (usage.status & HEXO_EXIT_SIGNAL)
		home->exit_status = 128 + (int)(usage.status & 0x7f);
	else
		home->exit_status = msg->type == HEXO_MSG_FAULT
					    ? CLI_RUN_FAILED
					    : (int)(usage.status & 0xff);
	home->finished = msg->type == HEXO_MSG_EXIT &&
			 !(usage.status & HEXO_EXIT_SIGNAL);
	move_drop(home, "the job ended");
	return HOME_ENDED;
}

/* Ends the job from outside. */
void home_kill(struct home *home, int status)
{
	bool runs = home_guest_runs(home);

	move_drop(home, "the job was ended");
	home->exit_status = status;
	home->state = HOME_ENDED;
	if (home->owner->link.fd < 0)
		return;
	home_send(home, home->owner, HEXO_MSG_KILL, NULL, 0);
	if (runs)
		home_last_writes(home);
}

static void home_reap(struct home *home)
{
	for (unsigned i = 0; i < home->retired_count;) {
		if (waitpid(home->retired[i], NULL, WNOHANG) == 0)
			i++;
		else
			home->retired[i] = home->retired[--home->retired_count];
	}
}

static void home_signal_ready(void *ctx, uint32_t events)
{
	struct home *home = ctx;
	struct signalfd_siginfo info;

	if (read(home->signals.fd, &info, sizeof(info)) != sizeof(info))
		return;
	if (info.ssi_signo == SIGCHLD)
		home_reap(home);
	else
		home_kill(home, 128 + (int)info.ssi_signo);
}

static void home_timer_ready(void *ctx, uint32_t events)
{
	struct home *home = ctx;
	enum home_event event;
	uint64_t expired;
	const char *what;

	if (read(home->timer.fd, &expired, sizeof(expired)) < 0 ||
	    !home_waits[home->state].times)
		return;
	event = home_silent(home, &what);
	if (home_is_patient(home, event)) {
		home_arm(home);
		return;
	}
	hexo_fail(&home->why, -ETIMEDOUT, "%s in %" PRIu64 " s", what,
		  home_wait_s(home));
	home_handle(home, event, NULL);
}

/* SIGINT and its like end the job; those that whoever started us ignores
 * (nohup) stay ignored. */
static int home_open_signals(struct home *home, struct hexo_error *err)
{
	static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };
	struct sigaction old;
	sigset_t set;

	signal(SIGPIPE, SIG_IGN);
	sigemptyset(&set);
	sigaddset(&set, SIGCHLD);
	for (size_t i = 0; i < sizeof(ending) / sizeof(ending[0]); i++)
		if (sigaction(ending[i], NULL, &old) == 0 &&
		    old.sa_handler != SIG_IGN)
			sigaddset(&set, ending[i]);
	sigprocmask(SIG_BLOCK, &set, NULL);
	home->signals.fd = signalfd(-1, &set, SFD_CLOEXEC);
	if (home->signals.fd < 0)
		return hexo_fail_errno(err, "cannot wait for signals");
	return cli_loop_watch(&home->loop, &home->signals, EPOLLIN, err);
}

/* The stream that the first VM takes in, and the files as they were. */
static int home_open_resume(struct home *home, struct hexo_error *err)
{
	const struct cli_home_config *config = home->config;
	const struct cli_checkpoint *c = config->restore;
	struct base_buffer notes = { 0 };
	int r = 0;

	if (!config->resume)
		return 0;
	home->resume = c ? cli_checkpoint_stream(c, &home->resume_why)
			 : fopen(config->resume, "re");
	if (!home->resume)
		return hexo_fail_errno(err, "cannot open %s", config->resume);
	if (c && c->damaged)
		home_say(home,
			 "%s is damaged in part; the last state in it that is "
			 "whole is taken",
			 config->resume);
	if (c)
		r = cli_files_restore(&home->files, c, !config->place.remote,
				      config->keep_files, &notes, err);
	for (char *line = notes.data; r == 0 && line && *line;) {
		char *end = strchr(line, '\n');

		*end = '\0';
		home_say(home, "%s", line);
		line = end + 1;
	}
	base_buffer_free(&notes);
	return r;
}

static int home_open(struct home *home, struct hexo_error *err)
{
	int r;

	home->signals.ready = home_signal_ready;
	home->timer.ready = home_timer_ready;
	home->signals.ctx = home->timer.ctx = home;
	r = cli_loop_open(&home->loop, err);
	if (r < 0)
		return r;
	r = home_open_signals(home, err);
	if (r < 0)
		return r;
	home->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	if (home->timer.fd < 0)
		return hexo_fail_errno(err, "cannot make a timer");
	r = cli_loop_watch(&home->loop, &home->timer, EPOLLIN, err);
	if (r == 0)
		r = move_clock_open(home, err);
	if (r == 0)
		r = save_open(home, err);
	home->probe.watch.ready = home_probe_ready;
	home->probe.watch.ctx = home;
	home->probe.mean_us = home->config->probe_us;
	if (r == 0)
		r = cli_probe_open(&home->probe, &home->loop, err);
	if (r < 0)
		return r;
	cli_control_init(&home->control, &home->loop, home_request, home);
	r = cli_control_open(&home->control, home->config->id, err);
	if (r == -EADDRINUSE)
		return r;
	/* A job must not fail because it cannot be listed. */
	if (r < 0 && err)
		home_say(home, "hexo ps will not show it: %s", err->text);
	if (!home->config->place.remote)
		r = files_volumes_open_local(home->config->volumes, err);
	else
		r = 0;
	if (r == 0)
		r = home_open_resume(home, err);
	if (r < 0)
		return r;
	home_progress(home);
	return home_launch(home, home->owner, &home->config->place, err);
}

static void home_close(struct home *home)
{
	home_retire(home, home->owner);
	home_retire(home, home->target);
	/* Their channels are closed: they end by themselves, but may be held
	 * up, by an emulator for instance. */
	for (unsigned i = 0; i < home->retired_count; i++) {
		pid_t pid = home->retired[i];

		if (cli_child_wait(pid, 1000, NULL))
			continue;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
	}
	free(home->retired);
	save_close(home, home->finished);
	cli_control_close(&home->control);
	files_free(&home->files);
	home_local_close(home);
	if (home->resume)
		fclose(home->resume);
	if (home->timer.fd >= 0)
		close(home->timer.fd);
	if (home->signals.fd >= 0)
		close(home->signals.fd);
	if (home->clock.fd >= 0)
		close(home->clock.fd);
	cli_probe_close(&home->probe);
	cli_loop_close(&home->loop);
	free(home->order.where);
	free(home->answer);
	cli_stats_free(&home->stats);
	cli_speeds_free(&home->speeds);
	free(home);
}

static void home_write_stats(struct home *home, int status)
{
	const struct cli_home_config *config = home->config;
	struct hexo_error why;

	if (status < 0)
		status = status == -ENOEXEC ? CLI_RUN_UNUSABLE : CLI_RUN_FAILED;
	if (config->stats &&
	    cli_stats_write(&home->stats, cli_probe_json(&home->probe),
			    config->stats, config->job, status, &why) < 0)
		home_say(home, "%s", why.text);
}

int cli_home_run(const struct cli_home_config *config, struct hexo_error *err)
{
	struct home *home = base_alloc(sizeof(*home));
	int r;

	home->config = config;
	home->loop.epoll = home->timer.fd = home->signals.fd = -1;
	home->control.watch.fd = home->clock.fd = -1;
	home->saving.clock.fd = home->saving.file.fd = -1;
	home->saving.file.done.fd = home->saving.growing.fd = -1;
	home->probe.watch.fd = -1;
	home->owner = &home->vms[0];
	home->target = &home->vms[1];
	cli_vm_init(home->owner);
	cli_vm_init(home->target);
	cli_control_init(&home->control, &home->loop, home_request, home);
	files_init(&home->files, config->volumes);
	home_local_open(home);
	home->answer = base_alloc(HEXO_IO_MAX);
	home->stats.wall_begin = base_now_ns();
	home->stats.polls = config->polls;
	/* After the last hop of a plan nothing is counted any more. */
	home->stats.polls_counted = config->count || config->plan->every;
	r = home_open(home, err);
	while (r == 0 && home->state != HOME_ENDED)
		r = cli_loop_turn(&home->loop, err);
	if (r == 0) {
		r = home->exit_status;
		if (r < 0 && err)
			*err = home->why;
	}
	home_write_stats(home, r);
	home_close(home);
	return r;
}
