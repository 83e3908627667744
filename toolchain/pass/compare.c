/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether two values are equal can be told from their difference, or their
 * exclusive or, where that lives on anyway:
 *
 *   x = xor a, b                      x = xor a, b
 *   call f()                 ->       call f()
 *   c = icmp eq a, b                  c = icmp eq x, 0
 *
 * LLVM's canonical form is the left one, since x may then go away. Here it
 * keeps a and b alive over the call: two more registers that the callee must
 * not touch, and two more values in the frame's record.
 */
#include "toolchain/pass/frames.h"

static bool is_equality(LLVMValueRef i)
{
	LLVMIntPredicate p;

	if (LLVMGetInstructionOpcode(i) != LLVMICmp)
		return false;
	p = LLVMGetICmpPredicate(i);
	return p == LLVMIntEQ || p == LLVMIntNE;
}

static bool is_difference(LLVMValueRef x, LLVMValueRef a, LLVMValueRef b)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(x);

	if (op != LLVMXor && op != LLVMSub)
		return false;
	return (LLVMGetOperand(x, 0) == a && LLVMGetOperand(x, 1) == b) ||
	       (LLVMGetOperand(x, 0) == b && LLVMGetOperand(x, 1) == a);
}

/* Is x used in another block, or in a later iteration of this one? Landing
 * pads do not count: they save what lives, whatever that is. */
static bool lives_on(LLVMValueRef x)
{
	LLVMBasicBlockRef here = LLVMGetInstructionParent(x);

	for (LLVMUseRef u = LLVMGetFirstUse(x); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);
		LLVMBasicBlockRef b = LLVMGetInstructionParent(user);

		if (LLVMGetInstructionOpcode(user) == LLVMPHI)
			return true;
		if (b != here && !LLVMIsALandingPadInst(ir_first_nonphi(b)))
			return true;
	}
	return false;
}

/* The only block that control comes from; NULL if there are several. */
static LLVMBasicBlockRef only_predecessor(LLVMBasicBlockRef b)
{
	LLVMUseRef u = LLVMGetFirstUse(LLVMBasicBlockAsValue(b));

	if (!u || LLVMGetNextUse(u) || !LLVMIsAInstruction(LLVMGetUser(u)))
		return NULL;
	return LLVMGetInstructionParent(LLVMGetUser(u));
}

/* What was executed before i; NULL where several ways meet. */
static LLVMValueRef previous(LLVMValueRef i)
{
	LLVMValueRef before = LLVMGetPreviousInstruction(i);
	LLVMBasicBlockRef b;

	if (before)
		return before;
	b = only_predecessor(LLVMGetInstructionParent(i));
	return b ? LLVMGetLastInstruction(b) : NULL;
}

/* How far back a difference is looked for, in instructions. */
#define FAR 64

/* The difference of what i compares, with a call between; or NULL. */
static LLVMValueRef find_difference(LLVMValueRef i)
{
	LLVMValueRef a = LLVMGetOperand(i, 0), b = LLVMGetOperand(i, 1);
	LLVMValueRef x = i;
	bool call = false;

	if (LLVMIsConstant(a) || LLVMIsConstant(b))
		return NULL;
	for (int k = 0; k < FAR && (x = previous(x)); k++) {
		call = call || ir_is_call(x);
		if (call && is_difference(x, a, b) && lives_on(x))
			return x;
	}
	return NULL;
}

void compare_differences(LLVMValueRef f)
{
	ir_each_block (b, f) {
		ir_each_inst (i, b) {
			LLVMValueRef x =
				is_equality(i) ? find_difference(i) : NULL;

			if (!x)
				continue;
			LLVMSetOperand(i, 0, x);
			LLVMSetOperand(i, 1, LLVMConstNull(LLVMTypeOf(x)));
		}
	}
}
