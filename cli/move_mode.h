/* SPDX-License-Identifier: Apache-2.0 */
/* How a job is to move when nobody has said how. Pure. */
#ifndef HEXO_CLI_MOVE_MODE_H
#define HEXO_CLI_MOVE_MODE_H

#include <stdint.h>

#include "cli/plan.h"

/* What is known when the target is there. */
struct cli_mode_facts {
	uint64_t bytes;       /* to send; 0: not known */
	uint64_t speed;       /* bytes a second; 0: not known */
	uint64_t downtime_ns; /* that the job may stand still */
};

enum { CLI_MODE_REASON = 192 };

struct cli_mode_choice {
	enum cli_mode mode;   /* stop or pre-copy */
	uint64_t estimate_ns; /* to send all of it; 0: not known */
	char reason[CLI_MODE_REASON];
};

/*
 * stop, if all of it can be sent in the time that the job may stand still;
 * else pre-copy, which loses nothing if either end is lost: post-copy is for
 * whoever asks for it. What is not known counts as too long.
 */
struct cli_mode_choice cli_mode_choose(const struct cli_mode_facts *facts);

/* The time that sending takes, 0 if it is not known. */
uint64_t cli_mode_estimate(uint64_t bytes, uint64_t speed);

#endif
