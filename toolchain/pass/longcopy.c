/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/longcopy.h"

#include <llvm-c/DebugInfo.h>
#include <string.h>

enum { TO, FROM, SIZE, OPERANDS }; /* of the intrinsics; memset: a byte */

static bool is_long(LLVMValueRef i)
{
	LLVMValueRef f = ir_is_call(i) ? ir_callee(i) : NULL, size;

	if (!f || (strncmp(ir_name(f), "llvm.memcpy.p0", 14) != 0 &&
		   strncmp(ir_name(f), "llvm.memset.p0", 14) != 0))
		return false;
	size = LLVMGetOperand(i, SIZE);
	return !LLVMIsAConstantInt(size) ||
	       LLVMConstIntGetZExtValue(size) > LONGCOPY_PIECE;
}

static LLVMValueRef advance(LLVMBuilderRef b, LLVMValueRef v)
{
	if (LLVMGetTypeKind(LLVMTypeOf(v)) != LLVMPointerTypeKind)
		return v;
	return ir_gep(b, v, LONGCOPY_PIECE);
}

/*
 *   block; copy(to, from, n); rest
 *      ==>
 *   block; while (n > PIECE) { copy(to, from, PIECE); advance; [poll] }
 *   copy(to, from, n); rest
 */
static void split(LLVMBuilderRef b, LLVMValueRef call, struct ir_list *points)
{
	LLVMModuleRef m = ir_module_of(call);
	LLVMContextRef c = ir_context(m);
	LLVMValueRef f =
		LLVMGetBasicBlockParent(LLVMGetInstructionParent(call));
	LLVMValueRef now[OPERANDS], next[OPERANDS], mark, piece, more, branch;
	LLVMBasicBlockRef block, rest, head, body;

	LLVMPositionBuilderBefore(b, call);
	mark = LLVMBuildFreeze(b, LLVMGetPoison(LLVMInt1TypeInContext(c)), "");
	block = LLVMGetInstructionParent(mark);
	rest = ir_split_after(mark);
	LLVMInstructionEraseFromParent(mark);
	head = LLVMAppendBasicBlockInContext(c, f, "long");
	body = LLVMAppendBasicBlockInContext(c, f, "long.piece");
	LLVMPositionBuilderAtEnd(b, block);
	LLVMBuildBr(b, head);
	LLVMPositionBuilderAtEnd(b, head);
	for (unsigned k = 0; k < OPERANDS; k++) {
		LLVMValueRef v = LLVMGetOperand(call, k);

		now[k] = LLVMBuildPhi(b, LLVMTypeOf(v), "");
		LLVMAddIncoming(now[k], &v, &block, 1);
	}
	piece = LLVMConstInt(LLVMTypeOf(now[SIZE]), LONGCOPY_PIECE, 0);
	more = LLVMBuildICmp(b, LLVMIntUGT, now[SIZE], piece, "");
	branch = LLVMBuildCondBr(b, more, body, rest);
	ir_branch_weights(branch, 1, 1u << 10);
	LLVMPositionBuilderAtEnd(b, body);
	for (unsigned k = 0; k < OPERANDS; k++)
		LLVMSetOperand(call, k, now[k]);
	ir_note(call, IR_NOTE_BYTES, LONGCOPY_PIECE);
	mark = LLVMInstructionClone(call);
	LLVMSetOperand(mark, SIZE, piece);
	LLVMInsertIntoBuilder(b, mark);
	LLVMInstructionSetDebugLoc(mark, LLVMInstructionGetDebugLoc(call));
	next[TO] = advance(b, now[TO]);
	next[FROM] = advance(b, now[FROM]);
	next[SIZE] = LLVMBuildSub(b, now[SIZE], piece, "");
	for (unsigned k = 0; k < OPERANDS; k++)
		LLVMAddIncoming(now[k], &next[k], &body, 1);
	ir_list_add(points, LLVMBuildBr(b, head));
}

void longcopy_split(LLVMValueRef f, struct ir_list *points)
{
	LLVMBuilderRef b =
		LLVMCreateBuilderInContext(ir_context(LLVMGetGlobalParent(f)));
	struct ir_list calls = { 0 };

	ir_each_block (block, f) {
		ir_each_inst (i, block) {
			if (is_long(i))
				ir_list_add(&calls, i);
		}
	}
	for (unsigned k = 0; k < calls.n; k++)
		split(b, calls.at[k], points);
	ir_list_free(&calls);
	LLVMDisposeBuilder(b);
}
