/* SPDX-License-Identifier: Apache-2.0 */
/* What a client of the control socket hears of a move or a checkpoint while it
 * is made: events, see docs/moving.md. */
#ifndef HEXO_CLI_REPORT_H
#define HEXO_CLI_REPORT_H

#include "cli/control.h"

struct cli_report {
	struct cli_control *control;
	unsigned client; /* 0: nobody listens */
	uint64_t began;  /* base_now_ns() */
	/* Of the stage: what is sent in one go. */
	const char *stage;
	unsigned round;              /* of pre-copy; 0: none */
	uint64_t since, sent, total; /* total 0: not known */
	uint64_t told;               /* when progress was told last */
};

void cli_report_begin(struct cli_report *report, struct cli_control *control,
		      unsigned client);

/* An event, with what else is to be said of it (taken over; NULL: nothing). */
void cli_report_event(struct cli_report *report, const char *event,
		      json_t *more);

/* From now on so many bytes are to be sent. */
void cli_report_stage(struct cli_report *report, const char *stage,
		      unsigned round, uint64_t total);

/* So many of them went out; some times a second that is an event. */
void cli_report_sent(struct cli_report *report, uint64_t bytes);

#endif
