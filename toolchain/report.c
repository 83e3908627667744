/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/report.h"

#include <inttypes.h>
#include <stdio.h>

#include "toolchain/pass/ir.h"

/* Of the portable IR, where a poll is not due: load, compare, branch. */
enum { POLL_INSTRUCTIONS = 3 };

static void report_way(const struct pass_function *f)
{
	static const struct {
		unsigned what;
		const char *text;
	} parts[] = {
		{ PASS_UNKNOWN_OUTSIDE, "functions of the runtime" },
		{ PASS_UNKNOWN_POINTER, "calls through pointers" },
		{ PASS_UNKNOWN_DEPTH, "recursion" },
		{ PASS_UNKNOWN_LOOP, "loops without a bound" },
		{ PASS_UNKNOWN_COPY, "copies of unknown size" },
	};
	const char *between = " and what these take: ";

	fprintf(stderr,
		"hexo-cc: %s: longest way without a poll: %" PRIu64
		" instructions",
		f->name, f->longest);
	for (size_t k = 0; k < sizeof(parts) / sizeof(parts[0]); k++) {
		if (!(f->unknown & parts[k].what))
			continue;
		fprintf(stderr, "%s%s", between, parts[k].text);
		between = ", ";
	}
	fputc('\n', stderr);
}

static void report_site(const struct pass_function *f, unsigned k)
{
	const struct pass_site *s = &f->site[k];
	LLVMValueRef callee = s->call ? ir_callee(s->call) : NULL;

	fprintf(stderr, "hexo-cc: %s: site %u: ", f->name, k);
	if (!s->call)
		fputs("setjmp", stderr);
	else if (!callee)
		fputs("call through a pointer", stderr);
	else if (ir_is_named(callee, "hexo_poll_park"))
		fprintf(stderr, "poll of %d instructions", POLL_INSTRUCTIONS);
	else
		fprintf(stderr, "call of %s", ir_name(callee));
	if (s->call && LLVMGetDebugLocLine(s->call))
		fprintf(stderr, " (%s)", ir_where(s->call));
	fprintf(stderr, ": record of %" PRIu64 " bytes, %u values\n", s->record,
		s->values);
}

void tc_report_function(const struct pass_function *f)
{
	fprintf(stderr, "hexo-cc: %s: ", f->name);
	if (!f->migratable) {
		fputs("cannot move: reaches no poll\n", stderr);
		report_way(f);
		return;
	}
	fprintf(stderr, "can move: %u polls", f->polls.n);
	for (unsigned k = 0; k < f->polls.n; k++)
		if (LLVMGetDebugLocLine(f->polls.at[k]))
			fprintf(stderr, " (%s)", ir_where(f->polls.at[k]));
	fprintf(stderr, ", %u sites, %u live values\n", f->sites,
		f->live_values);
	report_way(f);
	for (unsigned k = 0; k < f->sites; k++)
		report_site(f, k);
}

void tc_report_all(const struct pass_stats *s)
{
	if (s->longest_in)
		fprintf(stderr,
			"hexo-cc: all functions: longest way without a poll: "
			"%" PRIu64 " instructions, in %s\n",
			s->longest, ir_name(s->longest_in));
}
