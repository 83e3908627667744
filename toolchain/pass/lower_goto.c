/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

/* Labels are numbered per function, from 1: no label is a null pointer. */
static void number_label(LLVMValueRef f, LLVMBasicBlockRef label,
			 struct ir_map *labels)
{
	LLVMModuleRef m = LLVMGetGlobalParent(f);
	LLVMTypeRef ptr = LLVMPointerTypeInContext(ir_context(m), 0);

	if (ir_map_get(labels, label) >= 0)
		return;
	ir_map_put(labels, label, (int)labels->n + 1);
	LLVMReplaceAllUsesWith(LLVMBlockAddress(f, label),
			       LLVMConstIntToPtr(ir_i64(m, labels->n), ptr));
}

static bool listed_before(LLVMValueRef jump, unsigned k)
{
	for (unsigned i = 0; i < k; i++)
		if (LLVMGetSuccessor(jump, i) == LLVMGetSuccessor(jump, k))
			return true;
	return false;
}

static void lower_jump(LLVMValueRef f, LLVMValueRef jump, struct ir_map *labels)
{
	LLVMModuleRef m = LLVMGetGlobalParent(f);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));
	LLVMBasicBlockRef nowhere =
		LLVMAppendBasicBlockInContext(ir_context(m), f, "nolabel");
	LLVMTypeRef i64 = LLVMInt64TypeInContext(ir_context(m));
	unsigned n = LLVMGetNumSuccessors(jump);
	LLVMValueRef number, select;

	for (unsigned k = 0; k < n; k++)
		number_label(f, LLVMGetSuccessor(jump, k), labels);
	LLVMPositionBuilderAtEnd(b, nowhere);
	LLVMBuildUnreachable(b);
	LLVMPositionBuilderBefore(b, jump);
	number = LLVMBuildPtrToInt(b, LLVMGetOperand(jump, 0), i64, "");
	select = LLVMBuildSwitch(b, number, nowhere, n);
	for (unsigned k = 0; k < n; k++) {
		LLVMBasicBlockRef to = LLVMGetSuccessor(jump, k);

		/* two labels at one place are one block, listed twice */
		if (listed_before(jump, k))
			continue;
		LLVMAddCase(select, ir_i64(m, (uint64_t)ir_map_get(labels, to)),
			    to);
	}
	LLVMInstructionEraseFromParent(jump);
	LLVMDisposeBuilder(b);
}

void lower_goto(LLVMModuleRef m)
{
	ir_each_definition (f, m) {
		struct ir_list jumps = { 0 };
		struct ir_map labels = { 0 };

		ir_each_block (b, f) {
			LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

			if (LLVMGetInstructionOpcode(end) == LLVMIndirectBr)
				ir_list_add(&jumps, end);
		}
		for (unsigned k = 0; k < jumps.n; k++)
			lower_jump(f, jumps.at[k], &labels);
		ir_list_free(&jumps);
		ir_map_free(&labels);
	}
}
