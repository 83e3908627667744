/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/move_mode.h"

#include <stdio.h>

#include "cli/figures.h"

uint64_t cli_mode_estimate(uint64_t bytes, uint64_t speed)
{
	double ns = speed ? (double)bytes / (double)speed * 1e9 : 0;

	return ns < 1e18 ? (uint64_t)ns : UINT64_C(1000000000000000000);
}

/* What the choice was made of, in words. */
static void mode_reason(const struct cli_mode_facts *facts,
			struct cli_mode_choice *choice)
{
	struct cli_figure size = cli_figure_size(facts->bytes);
	struct cli_figure speed = cli_figure_speed(facts->speed);
	struct cli_figure time = cli_figure_time(choice->estimate_ns);
	char *text = choice->reason;

	if (!facts->bytes)
		snprintf(text, CLI_MODE_REASON, "its size is not known");
	else if (!facts->speed)
		snprintf(text, CLI_MODE_REASON,
			 "%s, the link's speed is not known", size.text);
	else
		snprintf(text, CLI_MODE_REASON, "%s, about %s at %s", size.text,
			 time.text, speed.text);
}

struct cli_mode_choice cli_mode_choose(const struct cli_mode_facts *facts)
{
	struct cli_mode_choice choice = {
		.mode = CLI_MODE_PRE_COPY,
		.estimate_ns = cli_mode_estimate(facts->bytes, facts->speed),
	};

	if (facts->bytes && facts->speed &&
	    choice.estimate_ns <= facts->downtime_ns)
		choice.mode = CLI_MODE_STOP;
	mode_reason(facts, &choice);
	return choice;
}
