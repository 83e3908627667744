/* SPDX-License-Identifier: Apache-2.0 */
/* Where a job is to move by itself: --hop and --hop-every. Pure. */
#ifndef HEXO_CLI_PLAN_H
#define HEXO_CLI_PLAN_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "hexo/error.h"

enum cli_mode {
	CLI_MODE_AUTO,      /* as cli/move_mode.h says */
	CLI_MODE_STOP,      /* the job stands still while its memory is sent */
	CLI_MODE_PRE_COPY,  /* it runs on for the most of it */
	CLI_MODE_POST_COPY, /* it runs there at once, its memory follows */
};

/* How a job moves. */
struct cli_move_options {
	enum cli_mode mode;
	uint64_t downtime_ns; /* pre-copy: that the rest may take */
	uint64_t rate;        /* while it runs: bytes a second; 0: no limit */
	bool unsafe;          /* post-copy: no checkpoint when all is there */
	enum hexo_compress compress; /* AUTO: between machines, if it pays */
};

enum { CLI_DOWNTIME_NS = 50000000 };

struct cli_plan_hop {
	uint64_t poll; /* counted since the job's start; 0: timed */
	uint64_t ms;   /* since the job's start here */
	char *where;
};

struct cli_plan {
	struct cli_plan_hop *hops; /* ascending: the timed ones, the others */
	unsigned count;
	uint64_t every; /* polls; 0: not wanted */
};

/* Adds "POLLS:WHERE" or "NUMBERms:WHERE". */
int cli_plan_add(struct cli_plan *plan, const char *text,
		 struct hexo_error *err);
void cli_plan_free(struct cli_plan *plan);

/* The first poll after `polls` at which a hop is due; 0 if none is. */
uint64_t cli_plan_next(const struct cli_plan *plan, uint64_t polls);

/* Where the hop that is due at `poll` goes; NULL: to the next ISA, round
 * all of the image. The plan's. */
const char *cli_plan_where(const struct cli_plan *plan, uint64_t poll);

/* The timed hop of that number, from 0 on; NULL if there are not so many. */
const struct cli_plan_hop *cli_plan_timed(const struct cli_plan *plan,
					  unsigned number);

/* "auto", "stop", "pre-copy" or "post-copy". */
int cli_mode_parse(const char *text, enum cli_mode *mode,
		   struct hexo_error *err);
const char *cli_mode_name(enum cli_mode mode);

/* "auto", "never" or "always". */
int cli_compress_parse(const char *text, enum hexo_compress *compress,
		       struct hexo_error *err);

#endif
