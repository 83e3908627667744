/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/stats.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

void cli_stats_running(struct cli_stats *stats, enum hexo_isa isa)
{
	stats->isa[isa].used = true;
	stats->running_since = base_now_ns();
}

void cli_stats_stopped(struct cli_stats *stats, enum hexo_isa isa)
{
	if (stats->running_since)
		stats->isa[isa].wall_ns += base_now_ns() - stats->running_since;
	stats->running_since = 0;
}

void cli_stats_usage(struct cli_stats *stats,
		     const struct hexo_msg_usage *usage)
{
	if (usage->polls > stats->polls)
		stats->polls = usage->polls;
	if (usage->peak_memory > stats->peak_memory)
		stats->peak_memory = usage->peak_memory;
	if (usage->own_memory)
		stats->own_memory = usage->own_memory;
}

void cli_stats_add_hop(struct cli_stats *stats, const struct cli_hop *hop)
{
	stats->hops = base_realloc(stats->hops, (stats->hop_count + 1) *
							sizeof(*stats->hops));
	stats->hops[stats->hop_count++] = *hop;
}

void cli_stats_free(struct cli_stats *stats)
{
	free(stats->hops);
	*stats = (struct cli_stats){ 0 };
}

static json_t *stats_us(uint64_t ns)
{
	return json_integer((json_int_t)(ns / 1000));
}

static const char *stats_mode(const struct cli_hop *hop)
{
	if (hop->later)
		return "post-copy";
	return hop->rounds ? "pre-copy" : "stop";
}

json_t *cli_hop_json(const struct cli_hop *hop)
{
	return json_pack(
		"{s:s, s:s, s:s, s:s, s:I, s:o, s:o, s:o, s:I, s:I, s:o, s:o, "
		"s:I, s:s, s:s, s:I, s:I, s:o, s:I, s:o, s:s, s:I, s:I}",
		"from", cli_isa_name(hop->from), "to", cli_isa_name(hop->to),
		"from_node", hop->from_place, "to_node", hop->to_place,
		"at_poll", (json_int_t)hop->at_poll, "park_us",
		stats_us(hop->park_ns), "ship_us", stats_us(hop->ship_ns),
		"transfer_us", stats_us(hop->transfer_ns), "bytes",
		(json_int_t)hop->bytes, "plain_bytes", (json_int_t)hop->plain,
		"resume_us", stats_us(hop->resume_ns), "down_us",
		stats_us(hop->down_ns), "frames", (json_int_t)hop->frames,
		"result", hop->result, "mode", stats_mode(hop), "rounds",
		(json_int_t)hop->rounds, "copied", (json_int_t)hop->copied,
		"copy_us", stats_us(hop->copy_ns), "faults",
		(json_int_t)hop->faults, "fetch_us", stats_us(hop->fetch_ns),
		"mode_reason", hop->reason, "memory", (json_int_t)hop->memory,
		"speed", (json_int_t)hop->speed);
}

int cli_stats_write(const struct cli_stats *stats, json_t *probes, FILE *file,
		    const char *job, int exit_status, struct hexo_error *err)
{
	json_t *isas = json_object();
	json_t *hops = json_array();
	json_t *checkpoints =
		json_pack("{s:I, s:I, s:I, s:o}", "count",
			  (json_int_t)stats->checkpoints.count, "added",
			  (json_int_t)stats->checkpoints.added, "bytes",
			  (json_int_t)stats->checkpoints.bytes, "stopped_us",
			  stats_us(stats->checkpoints.stopped_ns));
	json_t *all;
	cleanup_free char *text = NULL;

	for (int i = 0; i < CLI_ISA_END; i++)
		if (stats->isa[i].used)
			json_object_set_new(
				isas, cli_isa_name((enum hexo_isa)i),
				json_pack("{s:o, s:o, s:o}", "wall_us",
					  stats_us(stats->isa[i].wall_ns),
					  "cpu_us",
					  stats_us(stats->isa[i].cpu_ns),
					  "run_us",
					  stats_us(stats->isa[i].run_ns)));
	for (unsigned i = 0; i < stats->hop_count; i++)
		json_array_append_new(hops, cli_hop_json(&stats->hops[i]));
	all = json_pack(
		"{s:s, s:i, s:I, s:b, s:o, s:o, s:o, s:I, s:I, s:o, s:o}",
		"job", job, "exit_status", exit_status, "polls",
		(json_int_t)stats->polls, "polls_counted", stats->polls_counted,
		"wall_us", stats_us(base_now_ns() - stats->wall_begin), "isas",
		isas, "start_us",
		stats->start_ns ? stats_us(stats->start_ns) : json_null(),
		"peak_memory", (json_int_t)stats->peak_memory, "own_memory",
		(json_int_t)stats->own_memory, "hops", hops, "checkpoints",
		checkpoints);
	if (probes)
		json_object_set_new(all, "probes", probes);
	/* A job's name need not be UTF-8, which JSON is. */
	text = json_dumps(all, JSON_INDENT(2));
	json_decref(all);
	if (!text)
		return hexo_fail(err, -EILSEQ,
				 "cannot write statistics of a job whose name "
				 "is not UTF-8");
	if (fprintf(file, "%s\n", text) < 0 || fflush(file) != 0)
		return hexo_fail_errno(err, "cannot write statistics");
	return 0;
}
