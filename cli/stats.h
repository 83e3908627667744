/* SPDX-License-Identifier: Apache-2.0 */
/* What a job and its hops cost: for --stats and `hexo migrate`. */
#ifndef HEXO_CLI_STATS_H
#define HEXO_CLI_STATS_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "cli/isa.h"
#include "cli/move_mode.h"
#include "cli/place.h"
#include "hexo/channel.h"

struct cli_hop {
	enum hexo_isa from, to;
	char from_place[64], to_place[64];
	uint64_t at_poll;
	uint64_t park_ns, ship_ns, transfer_ns, resume_ns;
	uint64_t down_ns; /* from parked to running again, by our clock */
	uint64_t bytes, frames;
	uint64_t plain;  /* what bytes had been without compression */
	uint64_t rounds; /* of pre-copy; 0: the job was stopped for all of it */
	uint64_t copied; /* bytes sent while it ran */
	uint64_t copy_ns;
	bool later;        /* post-copy */
	uint64_t faults;   /* pages it waited for at the target */
	uint64_t fetch_ns; /* until all memory was there */
	uint64_t memory;   /* bytes that there were to send; 0: not known */
	uint64_t speed;    /* of the link, as expected; 0: not known */
	char reason[CLI_MODE_REASON]; /* of the mode, if it was chosen here */
	char result[HEXO_ERROR_MAX];  /* "ok", or why it failed */
};

struct cli_stats {
	uint64_t start_ns;   /* process start to main, of the first VM; 0 if it
				moved before it could tell */
	uint64_t wall_begin; /* base_now_ns() */
	uint64_t running_since; /* 0: no VM runs */
	struct {
		bool used;
		uint64_t wall_ns, cpu_ns;
		uint64_t run_ns; /* of cpu_ns: the guest's own, moves aside */
	} isa[CLI_ISA_END];
	uint64_t polls;
	bool polls_counted;               /* from the first to the last */
	uint64_t peak_memory, own_memory; /* bytes */
	struct {
		uint64_t count, added; /* of count: not whole, behind another */
		uint64_t bytes;        /* written */
		uint64_t stopped_ns;
	} checkpoints;
	struct cli_hop *hops;
	unsigned hop_count;
};

/* A VM of the ISA begins or stops to run. */
void cli_stats_running(struct cli_stats *stats, enum hexo_isa isa);
void cli_stats_stopped(struct cli_stats *stats, enum hexo_isa isa);

/* Takes polls and memory of any usage message. */
void cli_stats_usage(struct cli_stats *stats,
		     const struct hexo_msg_usage *usage);

void cli_stats_add_hop(struct cli_stats *stats, const struct cli_hop *hop);
void cli_stats_free(struct cli_stats *stats);

/* The figures of a hop; a new reference. */
json_t *cli_hop_json(const struct cli_hop *hop);

/* Writes the document of --stats to file. Takes probes, the figures of
 * --probe-polls; NULL: there are none. */
int cli_stats_write(const struct cli_stats *stats, json_t *probes, FILE *file,
		    const char *job, int exit_status, struct hexo_error *err);

#endif
