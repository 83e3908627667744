/* SPDX-License-Identifier: Apache-2.0 */
#include "sim/report.h"

#include <inttypes.h>
#include <stdio.h>

static double per_hour(const struct sim_result *r, double count)
{
	return r->seconds > 0 ? count * 3600 / r->seconds : 0;
}

static double per_kilojoule(const struct sim_result *r)
{
	return r->joules > 0 ? (double)r->finished * 1000 / r->joules : 0;
}

/* The share of a kind's slots that had a job. */
static double use(const struct sim_input *in, const struct sim_result *r,
		  uint32_t kind)
{
	double slots =
		(double)in->kind[kind].slots * (double)in->kind[kind].count;

	return slots * r->seconds > 0
		       ? r->kind[kind].busy_s / (slots * r->seconds)
		       : 0;
}

void sim_report_print(const struct sim_input *in, const struct sim_result *r)
{
	if (in->name[0])
		printf("%s\n", in->name);
	printf("policy      %s\n"
	       "simulated   %.1f s\n"
	       "jobs        %" PRIu64 " came, %" PRIu64 " finished\n"
	       "throughput  %.2f jobs/h, %.2f hours of a server's work/h\n"
	       "energy      %.4f jobs/kJ, %.1f W\n"
	       "waiting     %.1f s (95 %%: %.1f s), until finished %.1f s\n"
	       "moves       %" PRIu64 " to boards, %" PRIu64 " back, %" PRIu64
	       " swaps; %" PRIu64 " started on boards\n",
	       sim_rule_name(in->rule), r->seconds, r->arrived, r->finished,
	       per_hour(r, (double)r->finished), per_hour(r, r->work_s) / 3600,
	       per_kilojoule(r), r->seconds > 0 ? r->joules / r->seconds : 0,
	       r->wait_mean_s, r->wait_p95_s, r->turn_mean_s, r->offloads,
	       r->returns, r->swaps, r->starts_on_boards);
	printf("\n%-16s %7s %7s %9s %9s\n", "kind", "nodes", "used", "finished",
	       "kJ");
	for (uint32_t k = 0; k < in->kinds; k++)
		printf("%-16s %7u %5.1f %% %9" PRIu64 " %9.1f\n",
		       in->kind[k].name, in->kind[k].count, 100 * use(in, r, k),
		       r->kind[k].finished, r->kind[k].joules / 1000);
}

json_t *sim_report_json(const struct sim_input *in, const struct sim_result *r)
{
	json_t *kinds = json_array();

	for (uint32_t k = 0; k < in->kinds; k++)
		json_array_append_new(
			kinds, json_pack("{s:s, s:I, s:f, s:I, s:f}", "name",
					 in->kind[k].name, "nodes",
					 (json_int_t)in->kind[k].count, "used",
					 use(in, r, k), "finished",
					 (json_int_t)r->kind[k].finished,
					 "joules", r->kind[k].joules));
	return json_pack(
		"{s:s, s:s, s:f, s:I, s:I, s:f, s:f, s:f, s:f, s:f, s:f, s:f, "
		"s:I, s:I, s:I, s:I, s:o}",
		"name", in->name, "policy", sim_rule_name(in->rule), "seconds",
		r->seconds, "arrived", (json_int_t)r->arrived, "finished",
		(json_int_t)r->finished, "jobs_per_hour",
		per_hour(r, (double)r->finished), "work_per_hour",
		per_hour(r, r->work_s) / 3600, "jobs_per_kj", per_kilojoule(r),
		"joules", r->joules, "wait_s", r->wait_mean_s, "wait_p95_s",
		r->wait_p95_s, "turn_s", r->turn_mean_s, "offloads",
		(json_int_t)r->offloads, "returns", (json_int_t)r->returns,
		"swaps", (json_int_t)r->swaps, "started_on_boards",
		(json_int_t)r->starts_on_boards, "kinds", kinds);
}
