/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Moving a job from its owner to a target. Each function is what one event
 * does in one state (see the table in cli/home.c). Until COMMIT has come
 * every failure ends in move_return(): the owner goes on. What a post-copy
 * does after that is in move_later.c.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/files_state.h"
#include "cli/home_save.h"

enum { MOVE_FEED = 128 << 10 }; /* bytes of --resume in one message */

void move_over(struct home *home, const char *result)
{
	snprintf(home->hop.result, sizeof(home->hop.result), "%s", result);
	cli_stats_add_hop(&home->stats, &home->hop);
	move_learn(home);
	home->moving = false;
	home_local_settle(home);
	if (home->client)
		cli_control_answer(&home->control, home->client,
				   json_pack("{s:b, s:o}", "ok", 1, "hop",
					     cli_hop_json(&home->hop)));
	home->client = home->report.client = 0;
}

/* The same for a move that failed, for the reason in home->why. */
static void move_over_failed(struct home *home)
{
	home_say(home, "cannot move to %s (%s): %s; the job goes on at %s",
		 home->hop.to_place, cli_isa_name(home->hop.to), home->why.text,
		 home->owner->place.name);
	snprintf(home->hop.result, sizeof(home->hop.result), "%s",
		 home->why.text);
	cli_stats_add_hop(&home->stats, &home->hop);
	home->moving = false;
	cli_control_answer(&home->control, home->client,
			   json_pack("{s:b, s:s, s:b, s:o}", "ok", 0, "error",
				     home->why.text, "aborted",
				     home->why.code == -ECANCELED, "hop",
				     cli_hop_json(&home->hop)));
	home->client = home->report.client = 0;
	move_save_end(home, false);
	home_local_settle(home);
	home_retire(home, home->target);
}

void move_drop(struct home *home, const char *why)
{
	if (home->moving) {
		snprintf(home->hop.result, sizeof(home->hop.result), "%s", why);
		cli_stats_add_hop(&home->stats, &home->hop);
	}
	cli_control_refuse(&home->control, home->client, why);
	cli_control_refuse(&home->control, home->order.client, why);
	home->client = home->report.client = home->order.client = 0;
	move_save_end(home, false);
}

/* Begins a move to a place: has a VM started there. */
static int move_call(struct home *home, const char *where, bool choice)
{
	struct cli_place place = { 0 };
	int r = cli_place_find(where, home->config->boards, &place, &home->why);

	place.measure = choice && !cli_speeds_known(&home->speeds, &place);
	home->streams = 0;
	home->receiving = home->all_sent = home->whole = false;
	home->sized = home->patient = false;
	home->relayed = home->got = 0;
	cli_report_begin(&home->report, &home->control,
			 home->order.events ? home->client : 0);
	home->moving = true;
	home->hop = (struct cli_hop){
		.from = home->owner->place.isa,
		.to = place.isa,
	};
	strcpy(home->hop.from_place, home->owner->place.name);
	snprintf(home->hop.to_place, sizeof(home->hop.to_place), "%s",
		 r < 0 ? where : place.name);
	if (r == 0)
		r = home_launch(home, home->target, &place, &home->why);
	return r;
}

enum home_state move_begin(struct home *home, const struct migrate_msg *msg)
{
	move_clock_start(home);
	save_start(home);
	if (home->resume) {
		if (home_local_restore(home, &home->why) < 0)
			return home_fail(home, NULL);
		home_send_poll(home, home->owner, HEXO_MSG_RECEIVE);
		return move_feed(home) < 0 ? home_fail(home, NULL)
					   : HOME_LOADING;
	}
	home_send_poll(home, home->owner, HEXO_MSG_START);
	return HOME_RUNNING;
}

/* The stream is over, or cannot be read on. */
static int move_fed(struct home *home)
{
	bool failed = ferror(home->resume);
	int r = 0;

	fclose(home->resume);
	home->resume = NULL;
	if (failed) {
		home->why = home->resume_why;
		if (!home->why.code)
			hexo_fail(&home->why, -EIO, "cannot read it");
		r = hexo_fail_context(&home->why, "%s", home->config->resume);
	}
	return r;
}

int move_feed(struct home *home)
{
	cleanup_free char *data = base_alloc(MOVE_FEED);

	while (home->resume && migrate_link_queued(&home->owner->link) == 0) {
		size_t n = fread(data, 1, MOVE_FEED, home->resume);

		if (!n)
			return move_fed(home);
		home_send(home, home->owner, HEXO_MSG_STREAM, data, n);
		home_progress(home);
	}
	return 0;
}

enum home_state move_loaded(struct home *home, const struct migrate_msg *msg)
{
	home_usage(home, msg);
	if (files_state_cut(&home->files, &home->why) < 0)
		return home_fail(home, NULL);
	home_send_poll(home, home->owner, HEXO_MSG_RUN);
	return HOME_ARRIVING;
}

enum home_state move_ordered(struct home *home, const struct migrate_msg *msg)
{
	cleanup_free char *where = base_take_ptr(home->order.where);

	home->client = home->order.client;
	home->how = home->order.options;
	home->order.client = 0;
	if (move_call(home, where, home->how.mode == CLI_MODE_AUTO) < 0) {
		move_over_failed(home);
		return HOME_RUNNING;
	}
	home_send(home, home->owner, HEXO_MSG_SIZE, NULL, 0);
	return HOME_CALLING;
}

/* Notes that the owner is parked, with all its frames captured. */
static void move_note_parked(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);

	home_stopped(home, &usage);
	home->parked_at = base_now_ns();
	home->owner_cpu_ns = usage.cpu_ns;
	home->hop.at_poll = usage.polls;
	home->hop.park_ns = usage.step_ns;
	home->hop.frames = usage.frames;
	cli_report_event(&home->report, "parked",
			 json_pack("{s:I, s:I, s:I}", "at_poll",
				   (json_int_t)usage.polls, "park_us",
				   (json_int_t)(usage.step_ns / 1000), "frames",
				   (json_int_t)usage.frames));
}

enum home_state move_resume(struct home *home)
{
	home_send_poll(home, home->owner, HEXO_MSG_RESUME);
	return HOME_RETURNING;
}

/* Where a hop of the plan goes; the next ISA round if it does not say. */
static const char *move_where(struct home *home, uint64_t poll)
{
	const struct cli_image *image = home->config->vm.image;
	const char *where = cli_plan_where(home->config->plan, poll);
	int at = 0;

	if (where)
		return where;
	while (at < image->count &&
	       image->elf[at].isa != home->owner->place.isa)
		at++;
	return cli_isa_name(image->elf[(at + 1) % image->count].isa);
}

/* The owner has parked unasked: at a poll of the plan, or late, for a move
 * that was given up. */
enum home_state move_reached(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);
	int r;

	if (!home->poll_target || usage.polls != home->poll_target) {
		move_note_parked(home, msg);
		return move_resume(home);
	}
	home->how = home->config->move;
	r = move_call(home, move_where(home, usage.polls), false);
	move_note_parked(home, msg);
	if (r < 0)
		return move_return(home, NULL);
	return HOME_WAITING;
}

void move_receive(struct home *home)
{
	if (home->receiving)
		return;
	home->receiving = true;
	move_save_begin(home);
	home_send_poll(home, home->target, HEXO_MSG_RECEIVE);
}

enum home_state move_note_copied(struct home *home,
				 const struct migrate_msg *msg)
{
	struct hexo_msg_copied copied;

	memcpy(&copied, msg->data, sizeof(copied));
	home->hop.rounds = copied.rounds;
	home->hop.copied = copied.bytes;
	home->hop.copy_ns = copied.ns;
	if (copied.rounds)
		home->left = copied.left;
	home_progress(home);
	return home->state;
}

enum home_state move_copied(struct home *home, const struct migrate_msg *msg)
{
	move_note_copied(home, msg);
	return move_park(home);
}

/* The move is given up while the owner sends rounds. */
enum home_state move_copy_off(struct home *home, const struct migrate_msg *msg)
{
	home_send_copy(home, NULL);
	move_over_failed(home);
	return HOME_CALMING;
}

enum home_state move_park_off(struct home *home, const struct migrate_msg *msg)
{
	return home->receiving ? move_copy_off(home, msg)
			       : move_call_off(home, msg);
}

enum home_state move_calm(struct home *home, const struct migrate_msg *msg)
{
	return home->copies ? HOME_CALMING : HOME_RUNNING;
}

/* It had been told to park before. */
enum home_state move_calm_parked(struct home *home,
				 const struct migrate_msg *msg)
{
	move_note_parked(home, msg);
	return move_resume(home);
}

/* The move is given up while the owner runs. If it was told to park it will:
 * move_reached() sends it on. */
enum home_state move_call_off(struct home *home, const struct migrate_msg *msg)
{
	move_over_failed(home);
	return HOME_RUNNING;
}

enum home_state move_parked_early(struct home *home,
				  const struct migrate_msg *msg)
{
	move_note_parked(home, msg);
	return HOME_WAITING;
}

/* Both ends are ready: the stream may flow. */
static enum home_state move_ship(struct home *home)
{
	const struct hexo_msg_ship ship = {
		.rate = home->how.rate,
		.later = home->how.mode == CLI_MODE_POST_COPY,
		.compress = move_compress(home),
	};

	if (home_local_ship(home) < 0)
		return move_return(home, NULL);
	home->hop.later = ship.later;
	home->shipping_since = base_now_ns();
	cli_report_stage(&home->report, ship.later ? "fetching" : "sending", 0,
			 home->hop.rounds ? home->left : home->hop.memory);
	move_receive(home);
	home_send(home, home->owner, HEXO_MSG_SHIP, &ship, sizeof(ship));
	return HOME_SHIPPING;
}

enum home_state move_ship_parked(struct home *home,
				 const struct migrate_msg *msg)
{
	move_note_parked(home, msg);
	if (home->state == HOME_MEASURING) {
		if (move_check_mode(home) < 0)
			return move_return(home, NULL);
		move_choose(home, true);
	}
	return move_ship(home);
}

enum home_state move_ship_ready(struct home *home,
				const struct migrate_msg *msg)
{
	move_note_target(home);
	if (move_check_mode(home) < 0)
		return move_return(home, NULL);
	move_choose(home, true);
	return move_ship(home);
}

enum home_state move_relay(struct home *home, const struct migrate_msg *msg)
{
	home->streams++;
	move_save(home, msg->data, msg->len);
	home_send(home, home->target, HEXO_MSG_STREAM, msg->data, msg->len);
	cli_report_sent(&home->report, msg->len);
	home->relayed += msg->len;
	home_progress(home);
	return home->state;
}

static void move_note_shipped(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);

	home->hop.ship_ns = usage.step_ns;
	home->hop.bytes = usage.bytes;
	home->hop.plain = usage.plain;
	home->owner_cpu_ns = usage.cpu_ns;
	cli_report_event(&home->report, "shipped",
			 json_pack("{s:I}", "bytes", (json_int_t)usage.bytes));
}

enum home_state move_shipped(struct home *home, const struct migrate_msg *msg)
{
	/* So little that the target has not even committed. */
	if (move_is_later(home))
		return move_later_sent(home, msg);
	move_note_shipped(home, msg);
	return HOME_SETTLING;
}

static void move_note_commit(struct home *home, const struct migrate_msg *msg)
{
	home->got = home_usage(home, msg).bytes;
	home->hop.transfer_ns = base_now_ns() - home->shipping_since;
	cli_report_event(&home->report, "committed", NULL);
}

static void move_swap(struct home *home)
{
	struct cli_vm *source = home->owner;

	home->owner = home->target;
	home->target = source;
}

/* The target becomes the owner. The source stays as it is until the target
 * runs: only then has the job an effect from there. */
static enum home_state move_switch(struct home *home)
{
	move_save_end(home, true);
	home->source_cpu_ns = home->owner_cpu_ns;
	move_swap(home);
	save_forget(home);
	home->copies = 0;
	home->owner_cpu_ns = home->owner_ran_ns = 0;
	home_send_poll(home, home->owner, HEXO_MSG_RUN);
	return HOME_ARRIVING;
}

enum home_state move_sign(struct home *home, const struct migrate_msg *msg)
{
	move_note_commit(home, msg);
	if (!move_is_later(home))
		return HOME_SIGNED;
	move_switch(home);
	return HOME_LANDING;
}

/* The new owner is lost before it ran. */
enum home_state move_back(struct home *home, const struct migrate_msg *msg)
{
	if (!home->moving || !cli_vm_exists(home->target))
		return home_fail(home, NULL);
	move_swap(home);
	home->owner_cpu_ns = home->source_cpu_ns;
	move_over_failed(home);
	return move_resume(home);
}

/* The source is lost, when all that it had has arrived. */
enum home_state move_forget(struct home *home, const struct migrate_msg *msg)
{
	home_retire(home, home->target);
	return home->state;
}

enum home_state move_commit(struct home *home, const struct migrate_msg *msg)
{
	move_note_commit(home, msg);
	return move_switch(home);
}

enum home_state move_shipped_signed(struct home *home,
				    const struct migrate_msg *msg)
{
	move_note_shipped(home, msg);
	return move_switch(home);
}

/* The source died when the target had everything already. */
enum home_state move_orphan(struct home *home, const struct migrate_msg *msg)
{
	home_say(home, "%s was lost during the move: %s",
		 home->owner->place.name, home->why.text);
	home_retire(home, home->owner);
	return home->state;
}

enum home_state move_orphan_commit(struct home *home,
				   const struct migrate_msg *msg)
{
	move_orphan(home, msg);
	return move_switch(home);
}

enum home_state move_return(struct home *home, const struct migrate_msg *msg)
{
	if (!cli_vm_exists(home->owner))
		return home_fail(home, NULL);
	move_over_failed(home);
	return move_resume(home);
}

void move_note_arrived(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);

	cli_stats_running(&home->stats, home->owner->place.isa);
	home->owner_ran_ns = usage.cpu_ns;
	if (!home->moving)
		return;
	home->stats.isa[home->target->place.isa].cpu_ns += home->source_cpu_ns;
	home->hop.resume_ns = usage.step_ns;
	home->hop.down_ns = base_now_ns() - home->parked_at;
	cli_report_event(&home->report, "running",
			 json_pack("{s:I}", "down_us",
				   (json_int_t)(home->hop.down_ns / 1000)));
}

enum home_state move_arrived(struct home *home, const struct migrate_msg *msg)
{
	move_note_arrived(home, msg);
	/* The first VM has come here by --resume: that was no hop. */
	if (!home->moving)
		return HOME_RUNNING;
	if (cli_vm_exists(home->target))
		home_send(home, home->target, HEXO_MSG_RELEASE, NULL, 0);
	home_retire(home, home->target);
	move_over(home, "ok");
	return HOME_RUNNING;
}

enum home_state move_returned(struct home *home, const struct migrate_msg *msg)
{
	home->owner_ran_ns = home_usage(home, msg).cpu_ns;
	return HOME_RUNNING;
}

enum home_state move_ignore(struct home *home, const struct migrate_msg *msg)
{
	home_progress(home);
	return home->state;
}
