/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/portable.h"

#include <errno.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/DebugInfo.h>
#include <stddef.h>

#include "toolchain/align.h"
#include "toolchain/backend.h"
#include "toolchain/float.h"
#include "toolchain/lines.h"
#include "toolchain/optimise.h"
#include "toolchain/structs.h"

/* The data layout of portable code; the ISAs' differ from it only in what
 * does not change where anything lies. */
#define PORTABLE_LAYOUT "e-m:e-i64:64-i128:128-n8:16:32:64-S128"

/*
 * The pipeline of any C compiler, vectorisers included, with the costs of one
 * ISA: all have vectors of 128 bits, and what comes out is generic IR. So
 * polls and frames are made in loops whose shape is final.
 */
static int optimise(LLVMModuleRef m, struct hexo_error *err)
{
	LLVMTargetMachineRef model = NULL;
	int r = tc_backend_machine(&tc_isas[0], LLVMCodeModelSmall, &model,
				   err);

	if (r < 0)
		return r;
	r = tc_optimise(m, "default<O2>", model, true, err);
	LLVMDisposeTargetMachine(model);
	return r;
}

int tc_portable_optimise(LLVMModuleRef m, enum pass_scope scope, bool *lines,
			 struct hexo_error *err)
{
	int r = tc_structs_set_layout(m, PORTABLE_LAYOUT, err);

	if (r < 0)
		return r;
	tc_float_split(m);
	r = pass_lower(m, scope, err);
	/* Every object has lines, for messages; with -g they stay. */
	*lines |= tc_lines_wanted(m);
	if (*lines)
		tc_lines_keep(m);
	else
		LLVMStripModuleDebugInfo(m);
	tc_align_arrays(m);
	if (r == 0)
		r = optimise(m, err);
	if (r == 0)
		tc_float_fix(m);
	return r;
}

int tc_portable_finish(LLVMModuleRef m, const struct pass_outside *outside,
		       struct pass_stats *stats, struct hexo_error *err)
{
	char *why = NULL;
	int r = pass_frames(m, outside, stats, err);

	if (r == 0)
		r = pass_layout(m, err);
	if (r == 0 && LLVMVerifyModule(m, LLVMReturnStatusAction, &why))
		r = hexo_fail(err, -EINVAL, "the passes broke the module: %s",
			      why);
	LLVMDisposeMessage(why);
	return r;
}
