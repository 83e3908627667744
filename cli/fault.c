/* SPDX-License-Identifier: Apache-2.0 */
/* Not part of the hexo that is installed: tests/module.mk links one with it. */
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

enum fault_kind {
	FAULT_KILL_TARGET,
	FAULT_KILL_SOURCE,
	FAULT_STOP_TARGET,
	FAULT_TELL,
};

static const char *const fault_variables[] = {
	[FAULT_KILL_TARGET] = "HEXO_TEST_KILL_TARGET",
	[FAULT_KILL_SOURCE] = "HEXO_TEST_KILL_SOURCE",
	[FAULT_STOP_TARGET] = "HEXO_TEST_STOP_TARGET",
	[FAULT_TELL] = "HEXO_TEST_TELL",
};

enum { FAULT_POINTS = sizeof(fault_points) / sizeof(fault_points[0]) };

/* The target has become the owner. */
static bool fault_is_after(const struct home *home)
{
	return home->state == HOME_ARRIVING || home->state == HOME_LANDING ||
	       home->state == HOME_FETCHING;
}

static bool fault_is_step(const struct home *home, const char *name, size_t len,
			  enum home_event event)
{
	for (size_t i = 0; i < FAULT_POINTS; i++) {
		if (strlen(fault_points[i].name) != len ||
		    memcmp(fault_points[i].name, name, len) ||
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

/* Whether the step that a variable begins with is over with this event. Each
 * variable is for the first move that comes to it. */
static bool fault_is_at(struct home *home, enum fault_kind kind,
			enum home_event event)
{
	const char *name = getenv(fault_variables[kind]);

	if (!name || !home->moving || home->faults & 1u << kind ||
	    !fault_is_step(home, name, strcspn(name, " "), event))
		return false;
	home->faults |= 1u << kind;
	return true;
}

/* "STEP WORD FILE": who reads the file is to do what WORD says. */
static void fault_tell(void)
{
	char word[32] = "", path[256] = "";
	const char *text = getenv(fault_variables[FAULT_TELL]);
	FILE *file;

	if (sscanf(text, "%*s %31s %255s", word, path) != 2)
		return;
	file = fopen(path, "a");
	if (!file)
		return;
	fprintf(file, "%s\n", word);
	fclose(file);
}

/* The far end of the VM's channel is gone from now on. Returns the event that
 * happens instead: what a dead VM said did not come any more. */
static enum home_event fault_kill(struct home *home, struct cli_vm *vm,
				  enum fault_kind kind, enum home_event event)
{
	bool target = vm == home->target;
	bool said = target == (event >= TARGET_HELLO && event <= TARGET_LOST);

	if (vm->pid > 0)
		kill(vm->pid, SIGKILL);
	shutdown(vm->link.fd, SHUT_RDWR);
	hexo_fail(&home->why, -EIO, "it was ended by a test at '%s'",
		  getenv(fault_variables[kind]));
	if (!said)
		return event;
	return target ? TARGET_LOST : OWNER_LOST;
}

enum home_event fault_at(struct home *home, enum home_event event)
{
	bool after = fault_is_after(home);
	struct cli_vm *target = after ? home->owner : home->target;
	struct cli_vm *source = after ? home->target : home->owner;

	if (fault_is_at(home, FAULT_TELL, event))
		fault_tell();
	if (fault_is_at(home, FAULT_STOP_TARGET, event) && target->pid > 0)
		kill(target->pid, SIGSTOP);
	if (fault_is_at(home, FAULT_KILL_TARGET, event))
		return fault_kill(home, target, FAULT_KILL_TARGET, event);
	if (fault_is_at(home, FAULT_KILL_SOURCE, event))
		return fault_kill(home, source, FAULT_KILL_SOURCE, event);
	return event;
}
