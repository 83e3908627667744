/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture: each site becomes an invoke; its landing pad saves the frame's
 * record and goes on unwinding (see <hexo/frame.h>). On the fast path this
 * costs nothing, provided that the pads stay apart (nomerge: else site
 * numbers would be kept in registers) and keep nothing across the save (they
 * end in a call that does not return).
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdlib.h>

#include "base/base.h"
#include "hexo/frame.h"

static LLVMValueRef make_invoke(struct frames *fr, LLVMValueRef call,
				LLVMBasicBlockRef pad)
{
	LLVMBasicBlockRef block = LLVMGetInstructionParent(call);
	LLVMBasicBlockRef rest = ir_split_after(call);
	unsigned n = LLVMGetNumArgOperands(call);
	LLVMValueRef *args = base_alloc(n * sizeof(args[0]));
	LLVMMetadataRef where = LLVMInstructionGetDebugLoc(call);
	LLVMValueRef invoke;

	for (unsigned k = 0; k < n; k++)
		args[k] = LLVMGetOperand(call, k);
	LLVMPositionBuilderAtEnd(fr->b, block);
	invoke = LLVMBuildInvoke2(fr->b, LLVMGetCalledFunctionType(call),
				  LLVMGetCalledValue(call), args, n, rest, pad,
				  "");
	free(args);
	ir_copy_call_attributes(call, invoke, n);
	ir_drop_call_attribute(invoke, LLVMAttributeFunctionIndex, "nounwind");
	LLVMInstructionSetDebugLoc(invoke, where);
	LLVMReplaceAllUsesWith(call, invoke);
	LLVMInstructionEraseFromParent(call);
	return invoke;
}

static void find_sites(struct frames *fr, struct frame_function *fn)
{
	struct ir_list calls = { 0 };

	ir_each_block(b, fn->f)
	{
		ir_each_inst(i, b)
		{
			if (callgraph_is_site(fr->calls, i))
				ir_list_add(&calls, i);
		}
	}
	fn->n = calls.n;
	fn->sites = base_alloc(calls.n * sizeof(fn->sites[0]));
	for (unsigned k = 0; k < calls.n; k++) {
		struct site *s = &fn->sites[k];

		s->pad = LLVMAppendBasicBlockInContext(ir_context(fr->m), fn->f,
						       "capture");
		/* liveness reads every block: give the pad an end */
		LLVMPositionBuilderAtEnd(fr->b, s->pad);
		LLVMBuildUnreachable(fr->b);
		s->invoke = make_invoke(fr, calls.at[k], s->pad);
	}
	LLVMSetPersonalityFn(fn->f, fr->personality);
	ir_list_free(&calls);
}

/* Places in the record: header, stack pointer, then the live values. */
static void lay_out(struct frames *fr, const struct frame_function *fn,
		    struct site *s)
{
	uint64_t at = sizeof(struct hexo_frame) + (fn->entry_sp ? 8 : 0);

	s->offset = base_alloc(s->live.n * sizeof(s->offset[0]));
	for (unsigned k = 0; k < s->live.n; k++) {
		LLVMTypeRef t = LLVMTypeOf(s->live.at[k]);

		at = ir_align_up(at, LLVMABIAlignmentOfType(fr->layout, t));
		s->offset[k] = at;
		at += LLVMABISizeOfType(fr->layout, t);
	}
	s->size = ir_align_up(at, 16);
}

void capture_build_save(struct frames *fr, const struct frame_function *fn,
			unsigned site, const LLVMValueRef *values, bool slots,
			LLVMValueRef entry_sp, const struct frame_local *locals)
{
	const struct site *s = &fn->sites[site];
	LLVMValueRef args[] = {
		ir_i32(fr->m, fn->number),
		ir_i32(fr->m, site),
		ir_i32(fr->m, (uint32_t)s->size),
	};
	LLVMValueRef pad =
		LLVMBuildLandingPad(fr->b, fr->pad_type, NULL, 0, "");
	LLVMValueRef record;

	LLVMSetCleanup(pad, 1);
	record = LLVMBuildCall2(fr->b, fr->save_type, fr->save, args, 3, "");
	ir_call_attribute(record, "nomerge", 0);
	if (entry_sp)
		LLVMBuildStore(fr->b, entry_sp,
			       ir_gep(fr->b, record,
				      sizeof(struct hexo_frame)));
	/* their contents must be in memory now */
	for (unsigned k = 0; k < fn->n_locals; k++) {
		LLVMValueRef v = locals[k].value;

		LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->escape),
			       fr->escape, &v, 1, "");
	}
	for (unsigned k = 0; k < s->live.n; k++) {
		LLVMTypeRef type = LLVMTypeOf(s->live.at[k]);
		LLVMValueRef v = values[k];

		if (slots)
			v = LLVMBuildLoad2(fr->b, type, v, "");
		LLVMBuildStore(fr->b, v, ir_gep(fr->b, record, s->offset[k]));
	}
	LLVMBuildCall2(fr->b, fr->unwind_type, fr->unwind, NULL, 0, "");
	LLVMBuildUnreachable(fr->b);
}

void capture_function(struct frames *fr, struct frame_function *fn)
{
	find_sites(fr, fn);
	liveness_fill(fn);
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];

		lay_out(fr, fn, s);
		LLVMInstructionEraseFromParent(LLVMGetFirstInstruction(s->pad));
		LLVMPositionBuilderAtEnd(fr->b, s->pad);
		capture_build_save(fr, fn, k, s->live.at, false, fn->entry_sp,
				   fn->locals);
	}
}
