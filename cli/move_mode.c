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
static void mode_reason(const struct cli_mode_facts *facts, const char *but,
			struct cli_mode_choice *choice)
{
	struct cli_figure size = cli_figure_size(facts->bytes);
	struct cli_figure speed = cli_figure_speed(facts->speed);
	struct cli_figure time = cli_figure_time(choice->estimate_ns);
	char *text = choice->reason;

	if (!facts->bytes)
		snprintf(text, CLI_MODE_REASON, "its size is not known%s", but);
	else if (!facts->speed)
		snprintf(text, CLI_MODE_REASON,
			 "%s, the link's speed is not known%s", size.text, but);
	else
		snprintf(text, CLI_MODE_REASON, "%s, about %s at %s%s",
			 size.text, time.text, speed.text, but);
}

struct cli_mode_choice cli_mode_choose(const struct cli_mode_facts *facts)
{
	struct cli_mode_choice choice = {
		.estimate_ns = cli_mode_estimate(facts->bytes, facts->speed),
	};
	bool known = facts->bytes && facts->speed;
	const char *but = "";

	if (known && choice.estimate_ns <= facts->downtime_ns) {
		choice.mode = CLI_MODE_STOP;
	} else if (facts->logs) {
		choice.mode = CLI_MODE_PRE_COPY;
	} else if (facts->fetches) {
		choice.mode = CLI_MODE_POST_COPY;
		but = "; no pre-copy without KVM";
	} else {
		choice.mode = CLI_MODE_STOP;
		but = "; no pre-copy without KVM, no post-copy without "
		      "userfaultfd there";
	}
	mode_reason(facts, but, &choice);
	return choice;
}
