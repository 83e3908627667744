/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-copy: the target has become the owner and runs, or is about to, while
 * its memory comes from the source. The source is still as it was when it
 * parked. Until something has been heard of the job's run at the target that
 * run may as well not have been: then the source can go on. After that both
 * are needed.
 */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/home_save.h"
#include "hexo/hypercall.h"

bool move_is_later(const struct home *home)
{
	return home->receiving && home->how.mode == CLI_MODE_POST_COPY;
}

/* Everything that a message between source and target has to pass is its
 * size: they check the rest. */
static enum home_state later_relay(struct home *home, struct cli_vm *to,
				   const struct migrate_msg *msg)
{
	home_send(home, to, msg->type, msg->data, msg->len);
	home_progress(home);
	return home->state;
}

enum home_state move_later_stream(struct home *home,
				  const struct migrate_msg *msg)
{
	cli_report_sent(&home->report, msg->len);
	home->relayed += msg->len;
	return later_relay(home, home->owner, msg);
}

static void later_note_got(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_got got;

	if (msg->type != HEXO_MSG_GOT)
		return;
	memcpy(&got, msg->data, sizeof(got));
	home->got = got.bytes;
}

/* NEED and GOT. */
enum home_state move_later_ask(struct home *home, const struct migrate_msg *msg)
{
	later_note_got(home, msg);
	return later_relay(home, home->target, msg);
}

/* GOT, before the target is the owner. */
enum home_state move_later_got(struct home *home, const struct migrate_msg *msg)
{
	later_note_got(home, msg);
	return later_relay(home, home->owner, msg);
}

/* The memory is there: the source has done its part. */
static void later_finish(struct home *home)
{
	if (cli_vm_exists(home->target))
		home_send(home, home->target, HEXO_MSG_RELEASE, NULL, 0);
	home_retire(home, home->target);
	move_over(home, "ok");
	if (home->how.unsafe)
		return;
	home->saving.own = true;
	save_order_own(home);
}

/* What comes next, as far as the memory, the source and the owner are. */
static enum home_state later_next(struct home *home, enum home_state state)
{
	const struct migrate_msg parked = {
		.type = HEXO_MSG_PARKED,
		.len = sizeof(home->reached),
		.data = &home->reached,
	};

	if (!home->whole || state == HOME_LANDING ||
	    (!home->all_sent && cli_vm_exists(home->target)))
		return state;
	later_finish(home);
	return state == HOME_REACHING ? move_reached(home, &parked)
				      : HOME_RUNNING;
}

enum home_state move_later_sent(struct home *home,
				const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);

	home->hop.plain = usage.plain;
	home->all_sent = true;
	cli_report_event(&home->report, "shipped",
			 json_pack("{s:I}", "bytes", (json_int_t)usage.bytes));
	return home->state == HOME_SHIPPING ? HOME_SHIPPING
					    : later_next(home, home->state);
}

enum home_state move_later_running(struct home *home,
				   const struct migrate_msg *msg)
{
	move_note_arrived(home, msg);
	home->served = 0;
	return later_next(home, HOME_FETCHING);
}

enum home_state move_later_whole(struct home *home,
				 const struct migrate_msg *msg)
{
	struct hexo_msg_whole whole;

	memcpy(&whole, msg->data, sizeof(whole));
	home->hop.faults = whole.faults;
	home->hop.bytes = whole.bytes;
	home->hop.fetch_ns = whole.ns;
	home->whole = true;
	cli_report_event(&home->report, "whole",
			 json_pack("{s:I, s:I}", "faults",
				   (json_int_t)whole.faults, "bytes",
				   (json_int_t)whole.bytes));
	return later_next(home, home->state);
}

/* At a poll of the plan: what is to be done there has to wait. */
enum home_state move_later_reached(struct home *home,
				   const struct migrate_msg *msg)
{
	memcpy(&home->reached, msg->data, sizeof(home->reached));
	return HOME_REACHING;
}

enum home_state move_later_back(struct home *home,
				const struct migrate_msg *msg)
{
	cleanup_free char *why = base_strdup(home->why.text);

	if (home->state == HOME_LANDING || !home->served)
		return move_back(home, msg);
	hexo_fail(&home->why, home->why.code,
		  "%s; what it did there since it came from %s cannot be done "
		  "again",
		  why, home->target->place.name);
	return home_fail(home, NULL);
}

/* The source is lost. */
enum home_state move_later_torn(struct home *home,
				const struct migrate_msg *msg)
{
	cleanup_free char *why = base_strdup(home->why.text);

	if (home->all_sent || home->whole) {
		move_forget(home, msg);
		return later_next(home, home->state);
	}
	hexo_fail(&home->why, home->why.code,
		  "%s, where it came from, was lost before all of its memory "
		  "had come: %s",
		  home->target->place.name, why);
	return home_fail(home, NULL);
}
