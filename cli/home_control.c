/* SPDX-License-Identifier: Apache-2.0 */
/* What the control socket asks of a home, see cli/runtime.h. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"

static const char *home_state_name(const struct home *home)
{
	if (home->owner->unreachable)
		return "unreachable";
	if (home->state == HOME_STARTING || home->state == HOME_LOADING)
		return "starting";
	if (home->state >= HOME_TAKING && home->state <= HOME_SYNCING)
		return "saving";
	return home->state == HOME_RUNNING ? "running" : "moving";
}

static json_t *home_status(const struct home *home)
{
	const struct cli_vm *vm = home->owner;

	return json_pack(
		"{s:b, s:s, s:s, s:s, s:s, s:s, s:s, s:I, s:I, s:i, s:i, "
		"s:o*}",
		"ok", 1, "id", home->config->id, "job", home->config->job,
		"state", home_state_name(home), "isa",
		cli_isa_name(vm->place.isa), "node", vm->place.name, "backend",
		vm->backend ? "process" : "kvm", "polls",
		(json_int_t)home->stats.polls, "wall_us",
		(json_int_t)((base_now_ns() - home->stats.wall_begin) / 1000),
		"hops", (int)home->stats.hop_count, "pid", (int)getpid(),
		"waiting", home_waiting(home));
}

/* How `hexo migrate` wants it. */
static int home_move_options(struct home *home, json_t *request,
			     unsigned client)
{
	struct cli_move_options *o = &home->order.options;
	const char *mode = json_string_value(json_object_get(request, "mode"));
	const char *compress =
		json_string_value(json_object_get(request, "compress"));
	json_t *downtime = json_object_get(request, "downtime_us");
	json_t *rate = json_object_get(request, "rate");

	*o = home->config->move;
	if (mode && cli_mode_parse(mode, &o->mode, NULL) < 0) {
		cli_control_refuse(&home->control, client, "unknown mode");
		return -EINVAL;
	}
	if (compress && cli_compress_parse(compress, &o->compress, NULL) < 0) {
		cli_control_refuse(&home->control, client,
				   "unknown compression");
		return -EINVAL;
	}
	o->unsafe = json_is_true(json_object_get(request, "unsafe"));
	if (downtime && json_integer_value(downtime) > 0)
		o->downtime_ns = (uint64_t)json_integer_value(downtime) * 1000;
	if (rate && json_integer_value(rate) > 0)
		o->rate = (uint64_t)json_integer_value(rate);
	return 0;
}

/* Gives up the move in progress, as long as the target is not the owner. */
static void home_abort(struct home *home, unsigned client)
{
	if (!home_give_up(home)) {
		cli_control_refuse(&home->control, client,
				   home->moving ? "the move cannot be given up "
						  "any more"
						: "no move is in progress");
		return;
	}
	cli_control_answer(&home->control, client, json_pack("{s:b}", "ok", 1));
}

/* How `hexo checkpoint` wants it. */
static void home_checkpoint(struct home *home, json_t *request, unsigned client)
{
	const char *file = json_string_value(json_object_get(request, "file"));
	const struct home_save_order order = {
		.path = (char *)file,
		.leave =
			json_is_true(json_object_get(request, "leave_running")),
		.pack = json_is_true(json_object_get(request, "compress")),
		.client = client,
		.events = json_is_true(json_object_get(request, "events")),
	};

	if (!file)
		cli_control_refuse(&home->control, client, "no file is named");
	else if (save_order(home, &order) < 0)
		cli_control_refuse(&home->control, client,
				   "another checkpoint is in progress");
}

/* A line of the control socket, see cli/runtime.h. */
void home_request(void *ctx, unsigned client, json_t *request)
{
	struct home *home = ctx;
	const char *command =
		json_string_value(json_object_get(request, "command"));
	const char *where =
		json_string_value(json_object_get(request, "where"));
	const char *side = json_string_value(json_object_get(request, "side"));

	if (command && !strcmp(command, "status")) {
		cli_control_answer(&home->control, client, home_status(home));
	} else if (command && !strcmp(command, "kill")) {
		cli_control_answer(&home->control, client,
				   json_pack("{s:b}", "ok", 1));
		home_kill(home, 128 + SIGKILL);
	} else if (command && !strcmp(command, "migrate") && where) {
		if (home->order.where || home->client) {
			cli_control_refuse(&home->control, client,
					   "another move is in progress");
			return;
		}
		if (home_move_options(home, request, client) < 0)
			return;
		home->order.where = base_strdup(where);
		home->order.client = client;
		home->order.events =
			json_is_true(json_object_get(request, "events"));
		if (home->state == HOME_RUNNING)
			home_handle(home, ORDERED, NULL);
	} else if (command && !strcmp(command, "abort")) {
		home_abort(home, client);
	} else if (command && !strcmp(command, "resolve") && side) {
		home_resolve(home, side, client);
	} else if (command && !strcmp(command, "checkpoint")) {
		home_checkpoint(home, request, client);
	} else {
		cli_control_refuse(&home->control, client, "unknown command");
	}
}
