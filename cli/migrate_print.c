/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/migrate_print.h"

#include <stdio.h>
#include <string.h>

#include "cli/runtime.h"

void cli_migrate_event(void *ctx, const json_t *event)
{
	struct cli_migrate_print *print = ctx;
	const char *reason = cli_answer_text(event, "reason");

	if (print->json) {
		json_dumpf(event, stdout, JSON_COMPACT);
		putchar('\n');
		/* Whoever reads it wants it when it happens. */
		fflush(stdout);
		return;
	}
	cli_bar_draw(&print->bar, event);
	if (!strcmp(cli_answer_text(event, "event"), "mode") && reason[0]) {
		cli_bar_clear(&print->bar);
		printf("mode: %s (%s)\n", cli_answer_text(event, "mode"),
		       reason);
		fflush(stdout);
	}
}

static void print_hop(const json_t *hop)
{
	printf("moved from %s (%s) to %s (%s) at poll %.0f\n",
	       cli_answer_text(hop, "from_node"), cli_answer_text(hop, "from"),
	       cli_answer_text(hop, "to_node"), cli_answer_text(hop, "to"),
	       cli_answer_number(hop, "at_poll"));
	if (cli_answer_number(hop, "rounds") > 0)
		printf("pre-copy: %.0f rounds, %.0f bytes in %.3f ms while it "
		       "ran on\n",
		       cli_answer_number(hop, "rounds"),
		       cli_answer_number(hop, "copied"),
		       cli_answer_number(hop, "copy_us") / 1e3);
	if (cli_answer_number(hop, "fetch_us") > 0)
		printf("post-copy: all of its memory came in %.3f ms, it "
		       "waited for %.0f pages of it\n",
		       cli_answer_number(hop, "fetch_us") / 1e3,
		       cli_answer_number(hop, "faults"));
	if (cli_answer_number(hop, "plain_bytes") >
	    cli_answer_number(hop, "bytes"))
		printf("compressed: %.0f bytes in all for %.0f\n",
		       cli_answer_number(hop, "bytes"),
		       cli_answer_number(hop, "plain_bytes"));
	printf("park %.3f ms (%.0f frames), transfer %.3f ms (%.0f bytes), "
	       "resume %.3f ms, stopped for %.3f ms in all\n",
	       cli_answer_number(hop, "park_us") / 1e3,
	       cli_answer_number(hop, "frames"),
	       cli_answer_number(hop, "transfer_us") / 1e3,
	       cli_answer_number(hop, "bytes"),
	       cli_answer_number(hop, "resume_us") / 1e3,
	       cli_answer_number(hop, "down_us") / 1e3);
}

/* The last line: the figures, and how it ended. */
static void print_json(const json_t *hop, const char *event, const char *reason)
{
	json_t *last = hop ? json_copy((json_t *)hop) : json_object();

	json_object_set_new(last, "event", json_string(event));
	if (reason)
		json_object_set_new(last, "reason", json_string(reason));
	json_dumpf(last, stdout, JSON_COMPACT);
	putchar('\n');
	json_decref(last);
}

void cli_migrate_end(struct cli_migrate_print *print, const json_t *answer,
		     const struct hexo_error *why)
{
	const json_t *hop = json_object_get(answer, "hop");
	bool aborted = json_is_true(json_object_get(answer, "aborted"));

	cli_bar_clear(&print->bar);
	if (print->json && why)
		print_json(hop, aborted ? "aborted" : "failed", why->text);
	else if (print->json && hop)
		print_json(hop, "done", NULL);
	else if (hop && !why)
		print_hop(hop);
}
