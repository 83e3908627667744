/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/report.h"

#include <stdio.h>

#include "toolchain/pass/ir.h"

void tc_report_function(const struct pass_function *f)
{
	fprintf(stderr, "hexo-cc: %s: ", f->name);
	if (!f->migratable) {
		fputs("cannot move: reaches no poll\n", stderr);
		return;
	}
	fprintf(stderr, "can move: %u polls", f->polls.n);
	for (unsigned k = 0; k < f->polls.n; k++)
		if (LLVMGetDebugLocLine(f->polls.at[k]))
			fprintf(stderr, " (%s)", ir_where(f->polls.at[k]));
	fprintf(stderr, ", %u sites, %u live values\n", f->sites,
		f->live_values);
}
