/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/pass.h"

const char *const pass_roots[] = {
	"kernel_start",
	"kernel_park",
	"hexo_poll_due",
	"hexo_poll_park",
	"hexo_poll_wait",
	"hexo_frame_save",
	"hexo_frame_pop",
	"hexo_frame_next",
	"hexo_jump_set",
	"hexo_jump_here",
	NULL,
};

int pass_lower(LLVMModuleRef m, enum pass_scope scope, struct hexo_error *err)
{
	int r = lower_instrument(m, err);

	if (r < 0)
		return r;
	lower_symbols(m, scope);
	lower_marks(m);
	lower_twice(m);
	lower_byval(m);
	lower_varargs(m);
	lower_prototypes(m, scope);
	lower_goto(m);
	lower_atomics(m);
	lower_minmax(m);
	lower_constructors(m, scope);
	/* Nothing throws in C: cleanup attributes need no landing pads. */
	return ir_run_passes(m, "function(lower-invoke,simplifycfg)", err);
}
