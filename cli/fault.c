/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "cli/home_state.h"

/* The steps that tests name, and the event at which each is over. */
static const struct {
	const char *name;
	enum home_event event;
	unsigned streams; /* STREAM messages that came before */
} fault_points[] = {
	{ "hello", TARGET_HELLO, 0 },    { "parked", OWNER_PARKED, 0 },
	{ "receive", OWNER_STREAM, 0 },  { "stream", OWNER_STREAM, 2 },
	{ "shipped", OWNER_SHIPPED, 0 }, { "commit", TARGET_COMMIT, 0 },
	{ "run", OWNER_RUNNING, 0 },     { "fetch", OWNER_ASKED, 0 },
};

enum { FAULT_POINTS = sizeof(fault_points) / sizeof(fault_points[0]) };

/* The target has become the owner. */
static bool fault_is_after(const struct home *home)
{
	return home->state == HOME_ARRIVING || home->state == HOME_LANDING ||
	       home->state == HOME_FETCHING;
}

/* Whether the step that a variable names is over with this event. */
static bool fault_is_at(const struct home *home, const char *variable,
			enum home_event event)
{
	const char *name = getenv(variable);

	for (size_t i = 0; name && home->moving && i < FAULT_POINTS; i++) {
		if (strcmp(fault_points[i].name, name) ||
		    fault_points[i].event != event)
			continue;
		if (event == OWNER_STREAM &&
		    fault_points[i].streams != home->streams)
			continue;
		if (event == OWNER_ASKED)
			return home->state == HOME_FETCHING;
		return event != OWNER_RUNNING || fault_is_after(home);
	}
	return false;
}

/* The far end of the VM's channel is gone from now on. Returns the event that
 * happens instead: what a dead VM said did not come any more. */
static enum home_event fault_kill(struct home *home, struct cli_vm *vm,
				  const char *variable, enum home_event event)
{
	bool target = vm == home->target;
	bool said = target == (event >= TARGET_HELLO && event <= TARGET_LOST);

	if (vm->pid > 0)
		kill(vm->pid, SIGKILL);
	shutdown(vm->link.fd, SHUT_RDWR);
	hexo_fail(&home->why, -EIO, "it was ended by a test at '%s'",
		  getenv(variable));
	if (!said)
		return event;
	return target ? TARGET_LOST : OWNER_LOST;
}

enum home_event fault_at(struct home *home, enum home_event event)
{
	bool after = fault_is_after(home);
	struct cli_vm *target = after ? home->owner : home->target;
	struct cli_vm *source = after ? home->target : home->owner;

	if (fault_is_at(home, "HEXO_TEST_STOP_TARGET", event) &&
	    target->pid > 0)
		kill(target->pid, SIGSTOP);
	if (fault_is_at(home, "HEXO_TEST_KILL_TARGET", event))
		return fault_kill(home, target, "HEXO_TEST_KILL_TARGET", event);
	if (fault_is_at(home, "HEXO_TEST_KILL_SOURCE", event))
		return fault_kill(home, source, "HEXO_TEST_KILL_SOURCE", event);
	return event;
}
