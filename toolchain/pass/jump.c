/* SPDX-License-Identifier: Apache-2.0 */
/*
 * setjmp and longjmp. To liveness, records and resume clone a setjmp is a
 * call like others. But its record is written when it is called, not when it
 * is unwound, and lies in an area among its function's locals; the first
 * time it returns 0, and only in the clone another value.
 */
#include "toolchain/pass/frames.h"

#include "hexo/frame.h"

static LLVMValueRef first_area(const struct frame_function *fn,
			       const struct frame_state *state)
{
	return state->locals[fn->n_locals - fn->n_areas].value;
}

void jump_build_check(struct frames *fr, const struct frame_function *fn,
		      const struct frame_state *state)
{
	LLVMBasicBlockRef block = LLVMGetInsertBlock(fr->b);
	LLVMBasicBlockRef elsewhere =
		LLVMAppendBasicBlockInContext(ir_context(fr->m),
					      LLVMGetBasicBlockParent(block),
					      "elsewhere");
	LLVMValueRef args[] = {
		first_area(fn, state),
		ir_i64(fr->m, fn->areas_size),
	};
	LLVMValueRef here =
		LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->jump_here),
			       fr->jump_here, args, 2, "");

	ir_call_attribute(here, "nomerge", 0);
	LLVMBuildCondBr(fr->b, here, state->landing, elsewhere);
	LLVMPositionBuilderAtEnd(fr->b, elsewhere);
}

LLVMBasicBlockRef jump_build_landing(struct frames *fr,
				     const struct frame_function *fn)
{
	LLVMBasicBlockRef landing =
		LLVMAppendBasicBlockInContext(ir_context(fr->m), fn->f,
					      "landing");
	LLVMTypeRef type = LLVMGlobalGetValueType(fn->clone);
	bool none = LLVMGetReturnType(type) == fr->none;
	LLVMValueRef result;

	LLVMPositionBuilderAtEnd(fr->b, landing);
	capture_build_escape(fr, fn, fn->locals);
	/* Not a site: the frame is the clone's now, and has no other. */
	result = LLVMBuildCall2(fr->b, type, fn->clone, NULL, 0, "");
	LLVMSetTailCall(result, 1);
	if (none)
		LLVMBuildRetVoid(fr->b);
	else
		LLVMBuildRet(fr->b, result);
	return landing;
}

void jump_build_set(struct frames *fr, LLVMValueRef area)
{
	LLVMValueRef args[] = { LLVMGetPoison(fr->ptr), area };

	LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->jump_set),
		       fr->jump_set, args, 2, "");
}

void jump_cut(struct frames *fr, LLVMValueRef invoke)
{
	LLVMBasicBlockRef pad = LLVMGetUnwindDest(invoke);

	LLVMPositionBuilderBefore(fr->b, invoke);
	ir_each_inst_safe (i, next, pad) {
		LLVMOpcode op = LLVMGetInstructionOpcode(i);

		if (op == LLVMLandingPad || op == LLVMUnreachable)
			continue;
		LLVMInstructionRemoveFromParent(i);
		LLVMInsertIntoBuilder(fr->b, i);
		if (ir_calls(i, "hexo_jump_set"))
			LLVMSetOperand(i, 0, LLVMGetOperand(invoke, 0));
	}
	LLVMReplaceAllUsesWith(invoke, LLVMConstNull(LLVMTypeOf(invoke)));
	LLVMBuildBr(fr->b, LLVMGetNormalDest(invoke));
	LLVMInstructionEraseFromParent(invoke);
	LLVMDeleteBasicBlock(pad);
}
