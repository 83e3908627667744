/* SPDX-License-Identifier: Apache-2.0 */
/* How a move is made: chosen when the target is there, and said. */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/home_save.h"

/* Sockets, the home and a session take so much however slow the link is, and
 * the time of rounds is that until they have taken it. */
enum { CHOOSE_BUFFERS = 16 << 20 };

void move_note_size(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_sized sized;

	memcpy(&sized, msg->data, sizeof(sized));
	home->sized = true;
	home->hop.memory = sized.bytes;
	if (!home->saving.report.total)
		home->saving.report.total = sized.bytes;
}

void move_note_round(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_copied round;
	struct cli_report *report =
		home->moving ? &home->report : &home->saving.report;

	memcpy(&round, msg->data, sizeof(round));
	cli_report_event(report, "round",
			 json_pack("{s:I, s:I, s:I}", "round",
				   (json_int_t)round.rounds, "bytes",
				   (json_int_t)round.bytes, "left",
				   (json_int_t)round.left));
	cli_report_stage(report, "copying", (unsigned)round.rounds + 1,
			 round.left);
}

int move_check_mode(struct home *home)
{
	if (home->how.mode == CLI_MODE_POST_COPY && home->target->no_fetch)
		return hexo_fail(&home->why, -ENOTSUP,
				 "post-copy needs userfaultfd there: %s; "
				 "--mode stop does not%s",
				 strerror((int)home->target->no_fetch),
				 home->target->no_fetch == EPERM
					 ? " (sysctl "
					   "vm.unprivileged_userfaultfd=1 "
					   "allows it)"
					 : "");
	return 0;
}

/* What the link will carry, --bandwidth included. */
static uint64_t choose_speed(const struct home *home)
{
	uint64_t speed =
		cli_speeds_find(&home->speeds, home->owner, home->target);

	return home->how.rate && (!speed || speed > home->how.rate)
		       ? home->how.rate
		       : speed;
}

void move_choose(struct home *home, bool parked)
{
	const struct cli_mode_facts facts = {
		.bytes = home->sized ? home->hop.memory : 0,
		.speed = choose_speed(home),
		.downtime_ns = home->how.downtime_ns,
	};
	struct cli_mode_choice choice = cli_mode_choose(&facts);

	if (home->how.mode == CLI_MODE_AUTO && parked) {
		home->how.mode = CLI_MODE_STOP;
		strcpy(home->hop.reason, "it had parked already");
	} else if (home->how.mode == CLI_MODE_AUTO) {
		home->how.mode = choice.mode;
		strcpy(home->hop.reason, choice.reason);
	}
	home->hop.speed = facts.speed;
	cli_report_event(&home->report, "mode",
			 json_pack("{s:s, s:s, s:I, s:I, s:I}", "mode",
				   cli_mode_name(home->how.mode), "reason",
				   home->hop.reason, "memory",
				   (json_int_t)facts.bytes, "speed",
				   (json_int_t)facts.speed, "estimate_us",
				   (json_int_t)(choice.estimate_ns / 1000)));
}

void move_note_target(struct home *home)
{
	const struct cli_vm *target = home->target;

	home->hop.to = target->place.isa;
	cli_report_event(&home->report, "target",
			 json_pack("{s:s, s:s, s:s}", "node",
				   target->place.name, "isa",
				   cli_isa_name(target->place.isa), "backend",
				   target->backend ? "process" : "kvm"));
}

/* Between processes of one machine bytes cost less than to compress them. */
uint32_t move_compress(const struct home *home)
{
	if (home->how.compress == HEXO_COMPRESS_AUTO &&
	    !home->owner->place.remote && !home->target->place.remote)
		return HEXO_COMPRESS_NEVER;
	return home->how.compress;
}

enum home_state move_park(struct home *home)
{
	home_send(home, home->owner, HEXO_MSG_PARK, NULL, 0);
	return HOME_PARKING;
}

/* The stream begins while the owner runs, if it is to. */
static enum home_state choose_begin(struct home *home)
{
	const struct hexo_msg_copy copy = { .downtime_ns =
						    home->how.downtime_ns,
					    .rate = home->how.rate,
					    .compress = move_compress(home) };

	if (move_check_mode(home) < 0)
		return move_call_off(home, NULL);
	move_choose(home, false);
	if (home->how.mode != CLI_MODE_PRE_COPY)
		return move_park(home);
	home->shipping_since = base_now_ns();
	move_receive(home);
	home_send_copy(home, &copy);
	cli_report_stage(&home->report, "copying", 1, home->hop.memory);
	return HOME_COPYING;
}

enum home_state move_copy(struct home *home, const struct migrate_msg *msg)
{
	move_note_target(home);
	return home->sized ? choose_begin(home) : HOME_MEASURING;
}

enum home_state move_sized(struct home *home, const struct migrate_msg *msg)
{
	return choose_begin(home);
}

/* What the move has shown of the link, now that the target is the owner. */
void move_learn(struct home *home)
{
	const struct cli_hop *hop = &home->hop;
	uint64_t bytes = hop->bytes, ns = hop->transfer_ns;

	if (hop->later)
		ns = hop->fetch_ns;
	if (hop->rounds) {
		bytes = hop->copied;
		ns = hop->copy_ns;
	}
	/* That shows the limit, not the link; or how fast buffers are. */
	if ((home->how.rate && (hop->later || hop->rounds)) ||
	    (hop->rounds && bytes < CHOOSE_BUFFERS))
		return;
	cli_speeds_note(&home->speeds, &home->target->place,
			&home->owner->place, bytes, ns);
}
