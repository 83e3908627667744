/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals that still have an address after optimisation go to the portable
 * stack, at the same address on every ISA. The function saves the stack
 * pointer at entry and puts it back before it returns.
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/Target.h>
#include <string.h>

static LLVMValueRef marker(struct frames *fr, const char *name)
{
	LLVMTypeRef params[] = { fr->i64, fr->i64 };
	LLVMValueRef f = ir_declare(fr->m, name, fr->ptr, params, 2);

	LLVMAddAttributeAtIndex(f, LLVMAttributeReturnIndex,
				ir_attribute(fr->m, "noalias", 0));
	ir_function_attribute(f, "nounwind", 0);
	ir_function_attribute(f, "willreturn", 0);
	ir_function_attribute(f, "memory", IR_MEMORY_INACCESSIBLE);
	return f;
}

/* Lifetime markers speak of allocas only. */
static void drop_lifetimes(LLVMValueRef alloca)
{
	LLVMUseRef next;

	for (LLVMUseRef u = LLVMGetFirstUse(alloca); u; u = next) {
		LLVMValueRef user = LLVMGetUser(u);
		LLVMValueRef f;

		next = LLVMGetNextUse(u);
		if (!LLVMIsAInstruction(user) || !ir_is_call(user))
			continue;
		f = ir_callee(user);
		if (f && (strncmp(ir_name(f), "llvm.lifetime.", 14) == 0 ||
			  strncmp(ir_name(f), "llvm.invariant.", 15) == 0))
			LLVMInstructionEraseFromParent(user);
	}
}

static LLVMValueRef convert_alloca(struct frames *fr, LLVMValueRef alloca,
				   bool fixed)
{
	LLVMTypeRef type = LLVMGetAllocatedType(alloca);
	uint64_t each = LLVMABISizeOfType(fr->layout, type);
	uint64_t align = LLVMGetAlignment(alloca);
	LLVMValueRef count = LLVMGetOperand(alloca, 0);
	LLVMTypeRef params[] = { fr->i64, fr->i64 };
	LLVMValueRef args[2], local;

	drop_lifetimes(alloca);
	LLVMPositionBuilderBefore(fr->b, alloca);
	count = LLVMBuildIntCast2(fr->b, count, fr->i64, 0, "");
	args[0] = LLVMBuildMul(fr->b, count, ir_i64(fr->m, each), "");
	args[1] = ir_i64(fr->m, align);
	local = LLVMBuildCall2(fr->b, LLVMFunctionType(fr->ptr, params, 2, 0),
			       marker(fr, fixed ? MARK_ALLOCA
						: MARK_ALLOCA_DYNAMIC),
			       args, 2, "local");
	LLVMAddCallSiteAttribute(local, LLVMAttributeReturnIndex,
				 ir_attribute(fr->m, "align", align));
	LLVMReplaceAllUsesWith(alloca, local);
	LLVMInstructionEraseFromParent(alloca);
	return local;
}

/* llvm.stacksave and stackrestore around variable-size locals. */
static void convert_stack_calls(struct frames *fr, LLVMValueRef f)
{
	ir_each_block(b, f)
	{
		ir_each_inst_safe(i, next, b)
		{
			if (ir_calls(i, "llvm.stacksave.p0")) {
				LLVMPositionBuilderBefore(fr->b, i);
				LLVMReplaceAllUsesWith(
					i, LLVMBuildLoad2(fr->b, fr->ptr,
							  fr->pstack, ""));
			} else if (ir_calls(i, "llvm.stackrestore.p0")) {
				LLVMPositionBuilderBefore(fr->b, i);
				LLVMBuildStore(fr->b, LLVMGetOperand(i, 0),
					       fr->pstack);
			} else {
				continue;
			}
			LLVMInstructionEraseFromParent(i);
		}
	}
}

static bool is_fixed(LLVMValueRef alloca, LLVMBasicBlockRef entry)
{
	return LLVMGetInstructionParent(alloca) == entry &&
	       LLVMIsAConstantInt(LLVMGetOperand(alloca, 0));
}

void pstack_convert(struct frames *fr, struct frame_function *fn)
{
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(fn->f);
	struct ir_list allocas = { 0 };
	LLVMValueRef saved;

	ir_each_block(b, fn->f)
	{
		ir_each_inst(i, b)
		{
			if (LLVMIsAAllocaInst(i))
				ir_list_add(&allocas, i);
		}
	}
	if (!allocas.n)
		return;
	LLVMPositionBuilderBefore(fr->b, LLVMGetFirstInstruction(entry));
	saved = LLVMBuildLoad2(fr->b, fr->ptr, fr->pstack, "pstack");
	ir_list_add(&fn->locals, saved);
	convert_stack_calls(fr, fn->f);
	for (unsigned k = 0; k < allocas.n; k++) {
		bool fixed = is_fixed(allocas.at[k], entry);
		LLVMValueRef l = convert_alloca(fr, allocas.at[k], fixed);

		/* a variable-size one is a live value like any other */
		if (fixed)
			ir_list_add(&fn->locals, l);
	}
	ir_each_block(b, fn->f)
	{
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (LLVMGetInstructionOpcode(end) != LLVMRet)
			continue;
		LLVMPositionBuilderBefore(fr->b, end);
		LLVMBuildStore(fr->b, saved, fr->pstack);
	}
	ir_list_free(&allocas);
}
