/* SPDX-License-Identifier: Apache-2.0 */
/* Where a job is to move by itself: --hop and --hop-every. Pure. */
#ifndef HEXO_CLI_PLAN_H
#define HEXO_CLI_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/error.h"

struct cli_plan_hop {
	uint64_t poll; /* counted since the job's start */
	char *where;
};

struct cli_plan {
	struct cli_plan_hop *hops; /* ascending */
	unsigned count;
	uint64_t every; /* polls; 0: not wanted */
};

/* Adds "POLLS:WHERE". */
int cli_plan_add(struct cli_plan *plan, const char *text,
		 struct hexo_error *err);
void cli_plan_free(struct cli_plan *plan);

bool cli_plan_is_empty(const struct cli_plan *plan);

/* The first poll after `polls` at which a hop is due; 0 if none is. */
uint64_t cli_plan_next(const struct cli_plan *plan, uint64_t polls);

/* Where the hop that is due at `poll` goes; NULL: to the next ISA, round
 * all of the image. The plan's. */
const char *cli_plan_where(const struct cli_plan *plan, uint64_t poll);

#endif
