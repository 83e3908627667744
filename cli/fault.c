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
	{ "hello", TARGET_HELLO, 0 },   { "receive", OWNER_STREAM, 0 },
	{ "stream", OWNER_STREAM, 2 },  { "shipped", OWNER_SHIPPED, 0 },
	{ "commit", TARGET_COMMIT, 0 }, { "run", OWNER_RUNNING, 0 },
};

enum { FAULT_POINTS = sizeof(fault_points) / sizeof(fault_points[0]) };

/* Whether the step that a variable names is over with this event. */
static bool fault_is_at(const struct home *home, const char *variable,
			enum home_event event)
{
	const char *name = getenv(variable);

	for (size_t i = 0; name && i < FAULT_POINTS; i++) {
		if (strcmp(fault_points[i].name, name) ||
		    fault_points[i].event != event)
			continue;
		if (event == OWNER_STREAM &&
		    fault_points[i].streams != home->streams)
			continue;
		return event != OWNER_RUNNING || home->state == HOME_ARRIVING;
	}
	return false;
}

enum home_event fault_at(struct home *home, enum home_event event)
{
	struct cli_vm *vm = event == OWNER_RUNNING ? home->owner : home->target;

	if (fault_is_at(home, "HEXO_TEST_STOP_TARGET", event) && vm->pid > 0)
		kill(vm->pid, SIGSTOP);
	if (!fault_is_at(home, "HEXO_TEST_KILL_TARGET", event))
		return event;
	/* The far end of the VM's channel is gone from now on. */
	if (vm->pid > 0)
		kill(vm->pid, SIGKILL);
	shutdown(vm->link.fd, SHUT_RDWR);
	hexo_fail(&home->why, -EIO, "it was ended by a test at '%s'",
		  getenv("HEXO_TEST_KILL_TARGET"));
	/* What a dead VM said did not come any more. */
	if (event == OWNER_RUNNING)
		return OWNER_LOST;
	return event == TARGET_HELLO || event == TARGET_COMMIT ? TARGET_LOST
							       : event;
}
