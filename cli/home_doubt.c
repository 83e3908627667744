/* SPDX-License-Identifier: Apache-2.0 */
/* Sides that are silent: whom the home waits for and how long, and what the
 * operator says when he knows more (hexo migrate --resolve). */
#include <errno.h>
#include <string.h>

#include "base/base.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"

/* A side that has been silent for so long is shown. */
#define DOUBT_NS UINT64_C(2000000000)

/* With --bandwidth a piece of memory may take its time. */
enum { DOUBT_PIECE = 128 << 10 };

static bool doubt_fetches(const struct home *home)
{
	return home->state == HOME_FETCHING || home->state == HOME_REACHING;
}

uint64_t home_wait_s(const struct home *home)
{
	uint64_t s = home_waits[home->state].times * home->config->timeout_s;

	if (doubt_fetches(home) && home->how.rate)
		s += DOUBT_PIECE / home->how.rate;
	return s;
}

/* While memory is coming, the one who has been given something and has not
 * answered: GOT says how much of the stream has been taken. */
enum home_event home_silent(const struct home *home, const char **what)
{
	*what = home_waits[home->state].what;
	if (!doubt_fetches(home) || home->relayed > home->got || home->all_sent)
		return home_waits[home->state].event;
	*what = "it sent nothing of the memory that is left";
	return TARGET_LOST;
}

bool home_is_patient(const struct home *home, enum home_event event)
{
	if (home->patient && home->moving)
		return true;
	/* Its keeper says when a link has been broken for too long. */
	if (doubt_fetches(home) && home->target->unreachable)
		return true;
	return (event == OWNER_LOST || doubt_fetches(home)) &&
	       home->owner->unreachable;
}

/* Whether the source could go on without the new owner: nothing was heard of
 * the job there. */
static bool doubt_may_go_back(const struct home *home)
{
	if (!home->moving || !cli_vm_exists(home->target))
		return false;
	if (doubt_fetches(home))
		return !home->served;
	return home->state == HOME_ARRIVING || home->state == HOME_LANDING;
}

/* Why there is no way back; the caller's to free(). */
static char *doubt_refusal(const struct home *home)
{
	const char *owner = home->owner->place.name;
	const char *last = home->saving.last;
	cleanup_free char *why = NULL;

	if (!home->moving && !home->owner->unreachable)
		return base_strdup("no move is in progress");
	if (!home->moving)
		why = base_printf("the job runs at %s, nobody else has it",
				  owner);
	else if (doubt_fetches(home) && home->served)
		why = base_printf("what the job did at %s since it came from "
				  "%s cannot be done again",
				  owner, home->target->place.name);
	else
		why = base_strdup("there is nobody who could go on here");
	if (!last)
		return base_printf("%s; it has no checkpoint", why);
	return base_printf("%s; after hexo kill %s, hexo restore %s goes on "
			   "from its last checkpoint",
			   why, home->config->id, last);
}

bool home_give_up(struct home *home)
{
	if (!home->moving || !home_may_give_up(home))
		return false;
	hexo_fail(&home->why, -ECANCELED, "it was given up");
	home_handle(home, TARGET_LOST, NULL);
	return true;
}

static void resolve_here(struct home *home, unsigned client)
{
	cleanup_free char *refusal = NULL;

	if (!home_give_up(home)) {
		if (!doubt_may_go_back(home)) {
			refusal = doubt_refusal(home);
			cli_control_refuse(&home->control, client, refusal);
			return;
		}
		hexo_fail(&home->why, -ECANCELED, "it was given up");
		home_handle(home, OWNER_LOST, NULL);
	}
	cli_control_answer(&home->control, client, json_pack("{s:b}", "ok", 1));
}

static void resolve_there(struct home *home, unsigned client)
{
	if (!home->moving) {
		cli_control_refuse(&home->control, client,
				   "no move is in progress");
		return;
	}
	home->patient = true;
	cli_control_answer(&home->control, client, json_pack("{s:b}", "ok", 1));
}

void home_resolve(struct home *home, const char *side, unsigned client)
{
	if (!strcmp(side, "here"))
		resolve_here(home, client);
	else if (!strcmp(side, "there"))
		resolve_there(home, client);
	else
		cli_control_refuse(&home->control, client,
				   "it is neither here nor there");
}

/* Whom the home waits for in vain, since when; NULL: for nobody. */
static const struct cli_vm *doubt_side(const struct home *home, uint64_t *since,
				       const char **why)
{
	const struct cli_vm *sides[] = { home->owner, home->target };
	const char *what;
	enum home_event event;

	*why = "its link is broken";
	for (int i = 0; i < 2; i++) {
		*since = sides[i]->broken_ns;
		if (cli_vm_exists(sides[i]) && sides[i]->unreachable)
			return sides[i];
	}
	*why = "it is silent";
	*since = home->progress_ns;
	if (!home->moving || !home_waits[home->state].times ||
	    base_now_ns() - *since < DOUBT_NS)
		return NULL;
	event = home_silent(home, &what);
	/* A target that takes nothing has a queue before it. */
	if ((home->state == HOME_COPYING || home->state == HOME_SHIPPING) &&
	    !migrate_link_queued(&home->target->link))
		event = OWNER_LOST;
	if (home->state == HOME_MEASURING || home->state == HOME_PARKING)
		event = OWNER_LOST;
	return event == OWNER_LOST ? home->owner : home->target;
}

json_t *home_waiting(const struct home *home)
{
	cleanup_free char *command = NULL;
	const char *why;
	uint64_t since;
	const struct cli_vm *vm = doubt_side(home, &since, &why);
	bool resolves = (home->moving && home_may_give_up(home)) ||
			doubt_may_go_back(home);

	if (!vm)
		return NULL;
	if (resolves)
		command = base_printf("hexo migrate --resolve %s here|there",
				      home->config->id);
	else
		command = base_printf("hexo kill %s", home->config->id);
	return json_pack("{s:s, s:s, s:I, s:b, s:s, s:s*}", "for",
			 vm->place.name, "why", why, "us",
			 (json_int_t)((base_now_ns() - since) / 1000),
			 "resolves", resolves, "command", command, "checkpoint",
			 home->saving.last);
}
