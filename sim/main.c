/* SPDX-License-Identifier: Apache-2.0 */
/* hexo-sim: what a policy makes of a cluster, without one. */
#include <errno.h>
#include <getopt.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "sim/report.h"

enum { SIM_OK, SIM_FAILED, SIM_USAGE };

static const char help[] =
	"usage: hexo-sim [OPTION]... FILE\n"
	"\n"
	"Simulates a cluster of servers and boards that FILE describes\n"
	"(docs/simulator.md), with the policies of policy/.\n"
	"\n"
	"  --policy NAME       none, paper or hexo, instead of the file's\n"
	"  --goal GOAL         throughput or energy, of hexo\n"
	"  --nodes KIND=N      so many nodes of a kind; may be repeated\n"
	"  --seed N            another order of chance\n"
	"  --decisions         print each decision and its reason\n"
	"  --json              print figures as JSON\n"
	"  --help              show this\n"
	"\n"
	"Exit status: 0; 1 if it cannot be simulated, 2 for wrong usage.\n";

struct options {
	const char *policy, *goal, *seed, *file;
	char **nodes;
	int nodes_len;
	bool decisions, json, help;
};

static int options_parse(struct options *o, int argc, char **argv)
{
	enum { POLICY = 256, GOAL, NODES, SEED, DECISIONS, JSON, HELP };
	static const struct option table[] = {
		{ "policy", required_argument, NULL, POLICY },
		{ "goal", required_argument, NULL, GOAL },
		{ "nodes", required_argument, NULL, NODES },
		{ "seed", required_argument, NULL, SEED },
		{ "decisions", no_argument, NULL, DECISIONS },
		{ "json", no_argument, NULL, JSON },
		{ "help", no_argument, NULL, HELP },
		{ 0 },
	};
	int c;

	while ((c = getopt_long(argc, argv, "", table, NULL)) >= 0)
		switch (c) {
		case POLICY:
			o->policy = optarg;
			break;
		case GOAL:
			o->goal = optarg;
			break;
		case NODES:
			o->nodes[o->nodes_len++] = optarg;
			break;
		case SEED:
			o->seed = optarg;
			break;
		case DECISIONS:
			o->decisions = true;
			break;
		case JSON:
			o->json = true;
			break;
		case HELP:
			o->help = true;
			return 0;
		default:
			return -EINVAL; /* getopt has said why */
		}
	o->file = argv[optind];
	if (!o->file || argv[optind + 1]) {
		fprintf(stderr, "hexo-sim: one file is needed: see --help\n");
		return -EINVAL;
	}
	return 0;
}

/* "potato=3" */
static int set_nodes(struct sim_input *in, const char *text,
		     struct hexo_error *err)
{
	cleanup_free char *name = base_strdup(text);
	char *count = strchr(name, '=');
	uint64_t n;
	int kind;

	if (!count)
		return hexo_fail(err, -EINVAL, "--nodes %s: not KIND=N", text);
	*count++ = '\0';
	kind = sim_kind_find(in, name);
	if (kind < 0)
		return hexo_fail(err, -EINVAL, "--nodes %s: no kind %s", text,
				 name);
	if (base_parse_u64(count, &n) < 0 || n > SIM_NODES_MAX)
		return hexo_fail(err, -EINVAL,
				 "--nodes %s: not a number up to %d", text,
				 SIM_NODES_MAX);
	in->kind[kind].count = (uint32_t)n;
	return 0;
}

static int options_apply(const struct options *o, struct sim_input *in,
			 struct hexo_error *err)
{
	int r = 0;

	if (o->policy)
		r = sim_rule_parse(o->policy, &in->rule, err);
	if (r == 0 && o->goal)
		r = sim_goal_parse(o->goal, &in->goal, err);
	if (r == 0 && o->seed && base_parse_u64(o->seed, &in->seed) < 0)
		r = hexo_fail(err, -EINVAL, "--seed %s: not a number", o->seed);
	for (int i = 0; r == 0 && i < o->nodes_len; i++)
		r = set_nodes(in, o->nodes[i], err);
	return r;
}

/* "12.5 s: job 7 (EP) to node 2: the servers are busy, ..." */
static void print_decision(void *ctx, double now, uint64_t job,
			   const char *name, const struct policy_decision *d)
{
	static const char *const verbs[] = {
		[POLICY_START] = "starts on",
		[POLICY_MOVE] = "moves to",
		[POLICY_SWAP] = "changes places, to",
	};
	char text[POLICY_TEXT_MAX];

	policy_text(d, text);
	printf("%.3f s: job %" PRIu64 " (%s) %s node %u: %s\n", now, job, name,
	       verbs[d->action], d->node, text);
}

static int simulate(const struct options *o, struct hexo_error *err)
{
	cleanup_free struct sim_input *in = base_alloc(sizeof(*in));
	struct sim_result result;
	int r = sim_input_read(in, o->file, err);

	if (r == 0)
		r = options_apply(o, in, err);
	if (r == 0)
		r = sim_run(in, o->decisions ? print_decision : NULL, NULL,
			    &result, err);
	if (r < 0)
		return r;
	if (o->json) {
		json_t *json = sim_report_json(in, &result);

		json_dumpf(json, stdout,
			   JSON_INDENT(2) | JSON_REAL_PRECISION(6));
		putchar('\n');
		json_decref(json);
	} else {
		sim_report_print(in, &result);
	}
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_free char **nodes = base_alloc((size_t)argc * sizeof(*nodes));
	struct options o = { .nodes = nodes };
	struct hexo_error err;

	if (options_parse(&o, argc, argv) < 0)
		return SIM_USAGE;
	if (o.help) {
		fputs(help, stdout);
		return SIM_OK;
	}
	if (simulate(&o, &err) < 0) {
		fprintf(stderr, "hexo-sim: %s\n", err.text);
		return SIM_FAILED;
	}
	if (fflush(stdout) != 0) {
		fprintf(stderr, "hexo-sim: cannot write: %m\n");
		return SIM_FAILED;
	}
	return SIM_OK;
}
