/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home's end of a session with a node's VM (node/session.h), in the child
 * that has connected: the home has a socket that stays while links break and
 * are made anew.
 */
#ifndef HEXO_CLI_KEEPER_H
#define HEXO_CLI_KEEPER_H

#include "cli/place.h"

/* What the child tells the home, a packet each. */
struct cli_keeper_news {
	enum {
		CLI_LINK_BROKEN = 1,
		CLI_LINK_BACK,
		CLI_LINK_LOST,
		CLI_VM_KILLED,
	} what;                /* the last two: nothing comes after */
	uint32_t signal;       /* of KILLED */
	struct hexo_error why; /* of LOST */
};

struct cli_keeper {
	const struct cli_place *place;
	uint64_t session[2];
	unsigned timeout_s; /* without a link, then the VM is lost */
	int near, link;     /* taken over */
	int news;           /* to the home */
};

/* Serves the session to its end. */
_Noreturn void cli_keep(const struct cli_keeper *keeper);

#endif
