/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Probes of --probe-polls: at random times the job's VM is asked how long it
 * takes until it comes to a poll. See HEXO_MSG_PROBE.
 */
#ifndef HEXO_CLI_PROBE_H
#define HEXO_CLI_PROBE_H

#include <jansson.h>
#include <stdbool.h>
#include <stdint.h>

#include "cli/loop.h"
#include "hexo/channel.h"

struct cli_probe {
	struct cli_watch watch; /* ready when the next probe is due */
	uint64_t mean_us;       /* between an answer and the next; 0: none */
	unsigned asked;         /* probes that were sent */
	uint64_t *wall_ns, *cpu_ns; /* the answers */
	unsigned count;             /* no more than asked */
};

/* watch->ready and watch->ctx are the caller's. */
int cli_probe_open(struct cli_probe *probe, struct cli_loop *loop,
		   struct hexo_error *err);
void cli_probe_close(struct cli_probe *probe);

/* The guest runs (again), or has answered: the next probe follows. */
void cli_probe_next(struct cli_probe *probe);
void cli_probe_add(struct cli_probe *probe, const struct hexo_msg_probed *m);

/* Whether a probe is due, when the watch says so. */
bool cli_probe_due(struct cli_probe *probe);

/* Count, and of both times median, 99th percentile and maximum; a new
 * reference. NULL if none was asked for. Sorts the answers. */
json_t *cli_probe_json(struct cli_probe *probe);

#endif
