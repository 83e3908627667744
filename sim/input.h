/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a simulation is given: nodes, jobs, how they arrive, what moves cost.
 * One JSON file, described in docs/simulator.md.
 */
#ifndef HEXO_SIM_INPUT_H
#define HEXO_SIM_INPUT_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/error.h"
#include "policy/policy.h"

enum {
	SIM_JOBS_MAX = 64,
	SIM_MIX_MAX = 256,
	SIM_NAME_MAX = 32,
	SIM_NODES_MAX = 1000000, /* of a kind */
};

struct sim_kind {
	char name[SIM_NAME_MAX];
	uint32_t slots;
	uint64_t memory;
	double idle_watts, core_watts;
	uint32_t count; /* nodes of it */
};

struct sim_job {
	char name[SIM_NAME_MAX];
	double seconds; /* on a server, alone */
	uint64_t memory;
	double score;
	int32_t priority;
	double slowdown[POLICY_KINDS_MAX]; /* 0: does not run there */
	/* Of n jobs on a node each takes 1 + pressure * (sum of the others'
	 * pressures) times as long. */
	double pressure;
};

struct sim_input {
	char name[128];
	enum policy_rule rule;
	enum policy_goal goal;
	double stay_s, ahead_s;
	double horizon_s; /* it ends then; INFINITY: when all jobs have */
	double start_s;   /* from a decision to a job's first instruction */
	uint64_t seed;
	struct sim_kind kind[POLICY_KINDS_MAX];
	uint32_t kinds;
	struct sim_job job[SIM_JOBS_MAX];
	uint32_t jobs;
	uint32_t mix[SIM_MIX_MAX]; /* jobs in the order in which they come */
	uint32_t mix_len;
	double per_hour; /* they come at random; 0: so many always wait: */
	uint32_t waiting;
	uint64_t count; /* jobs in all; 0: no end */
	struct {
		bool live;          /* the job runs while its memory is sent */
		double fixed_s;     /* of each move */
		double down_s;      /* live: that it stands still */
		double bytes_per_s; /* of a board's link */
	} move;
	/* Predictions are wrong by a factor whose logarithm has this standard
	 * deviation, until the job has run on such a node. */
	double error;
};

/* Reads and checks a file. -EINVAL says what is wrong where. */
int sim_input_read(struct sim_input *in, const char *path,
		   struct hexo_error *err);

/* "none", "paper" or "hexo"; "throughput" or "energy". */
int sim_rule_parse(const char *text, enum policy_rule *rule,
		   struct hexo_error *err);
int sim_goal_parse(const char *text, enum policy_goal *goal,
		   struct hexo_error *err);
const char *sim_rule_name(enum policy_rule rule);

/* The number of a kind, -1: there is none of that name. */
int sim_kind_find(const struct sim_input *in, const char *name);

#endif
