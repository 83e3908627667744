/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The simulation: nodes, VMs, the time. Between two events each VM does work
 * at a constant rate; the policy is asked after each event.
 */
#ifndef HEXO_SIM_WORLD_H
#define HEXO_SIM_WORLD_H

#include "sim/input.h"

struct sim_kind_result {
	double busy_s; /* of all slots */
	uint64_t finished;
	double joules;
};

struct sim_result {
	double seconds; /* simulated */
	uint64_t arrived, finished;
	uint64_t starts_on_boards, offloads, returns, swaps;
	double work_s; /* done, in seconds of a server, unfinished jobs too */
	double joules;
	double wait_mean_s, wait_p95_s; /* until started */
	double turn_mean_s;             /* from coming to the end */
	struct sim_kind_result kind[POLICY_KINDS_MAX];
};

/* Called for each decision; NULL: nobody wants to know. */
typedef void sim_watch(void *ctx, double now, uint64_t job, const char *name,
		       const struct policy_decision *d);

int sim_run(const struct sim_input *in, sim_watch *watch, void *ctx,
	    struct sim_result *result, struct hexo_error *err);

#endif
