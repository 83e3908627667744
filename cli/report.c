/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/report.h"

#include "base/base.h"

/* Between two events of progress. */
enum { REPORT_NS = 200000000 };

void cli_report_begin(struct cli_report *report, struct cli_control *control,
		      unsigned client)
{
	*report = (struct cli_report){
		.control = control,
		.client = client,
		.began = base_now_ns(),
	};
}

void cli_report_event(struct cli_report *report, const char *event,
		      json_t *more)
{
	json_t *all;

	if (!report->client) {
		json_decref(more);
		return;
	}
	all = json_pack("{s:s, s:I}", "event", event, "at_us",
			(json_int_t)((base_now_ns() - report->began) / 1000));
	if (more)
		json_object_update(all, more);
	json_decref(more);
	cli_control_tell(report->control, report->client, all);
}

void cli_report_stage(struct cli_report *report, const char *stage,
		      unsigned round, uint64_t total)
{
	report->stage = stage;
	report->round = round;
	report->total = total;
	report->sent = 0;
	report->since = report->told = base_now_ns();
}

static void report_progress(struct cli_report *report, uint64_t now)
{
	double speed = (double)report->sent / (double)(now - report->since + 1);
	uint64_t left =
		report->total > report->sent ? report->total - report->sent : 0;
	json_t *more = json_pack("{s:s, s:i, s:I, s:I, s:I}", "stage",
				 report->stage, "round", (int)report->round,
				 "sent", (json_int_t)report->sent, "total",
				 (json_int_t)report->total, "speed",
				 (json_int_t)(speed * 1e9));

	if (report->total && speed > 0)
		json_object_set_new(more, "left_us",
				    json_integer((json_int_t)((double)left /
							      speed / 1e3)));
	cli_report_event(report, "progress", more);
}

void cli_report_sent(struct cli_report *report, uint64_t bytes)
{
	uint64_t now;

	report->sent += bytes;
	if (!report->client || !report->stage)
		return;
	now = base_now_ns();
	if (now - report->told < REPORT_NS)
		return;
	report->told = now;
	report_progress(report, now);
}
