/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

static bool is_wide(LLVMTypeRef type)
{
	return LLVMGetTypeKind(type) == LLVMIntegerTypeKind &&
	       LLVMGetIntTypeWidth(type) > 64;
}

static LLVMValueRef build_pick(LLVMBuilderRef b, LLVMIntPredicate which,
			       LLVMValueRef x, LLVMValueRef y)
{
	return LLVMBuildSelect(b, LLVMBuildICmp(b, which, x, y, ""), x, y, "");
}

static LLVMValueRef build_operation(LLVMBuilderRef b,
				    LLVMAtomicRMWBinOp operation,
				    LLVMValueRef x, LLVMValueRef y)
{
	switch (operation) {
	case LLVMAtomicRMWBinOpAdd:
		return LLVMBuildAdd(b, x, y, "");
	case LLVMAtomicRMWBinOpSub:
		return LLVMBuildSub(b, x, y, "");
	case LLVMAtomicRMWBinOpAnd:
		return LLVMBuildAnd(b, x, y, "");
	case LLVMAtomicRMWBinOpNand:
		return LLVMBuildNot(b, LLVMBuildAnd(b, x, y, ""), "");
	case LLVMAtomicRMWBinOpOr:
		return LLVMBuildOr(b, x, y, "");
	case LLVMAtomicRMWBinOpXor:
		return LLVMBuildXor(b, x, y, "");
	case LLVMAtomicRMWBinOpMax:
		return build_pick(b, LLVMIntSGT, x, y);
	case LLVMAtomicRMWBinOpMin:
		return build_pick(b, LLVMIntSLT, x, y);
	case LLVMAtomicRMWBinOpUMax:
		return build_pick(b, LLVMIntUGT, x, y);
	case LLVMAtomicRMWBinOpUMin:
		return build_pick(b, LLVMIntULT, x, y);
	default: /* exchange: C has no other on integers */
		return y;
	}
}

static LLVMValueRef build_load(LLVMBuilderRef b, LLVMTypeRef type,
			       LLVMValueRef inst)
{
	LLVMValueRef old = LLVMBuildLoad2(b, type, LLVMGetOperand(inst, 0), "");

	LLVMSetAlignment(old, LLVMGetAlignment(inst));
	return old;
}

static void build_store(LLVMBuilderRef b, LLVMValueRef v, LLVMValueRef inst)
{
	LLVMSetAlignment(LLVMBuildStore(b, v, LLVMGetOperand(inst, 0)),
			 LLVMGetAlignment(inst));
}

static void lower_rmw(LLVMBuilderRef b, LLVMValueRef rmw)
{
	LLVMValueRef old = build_load(b, LLVMTypeOf(rmw), rmw);

	build_store(b,
		    build_operation(b, LLVMGetAtomicRMWBinOp(rmw), old,
				    LLVMGetOperand(rmw, 1)),
		    rmw);
	LLVMReplaceAllUsesWith(rmw, old);
	LLVMInstructionEraseFromParent(rmw);
}

static void lower_cmpxchg(LLVMBuilderRef b, LLVMValueRef inst)
{
	LLVMValueRef expected = LLVMGetOperand(inst, 1);
	LLVMValueRef old = build_load(b, LLVMTypeOf(expected), inst);
	LLVMValueRef same = LLVMBuildICmp(b, LLVMIntEQ, old, expected, "");
	LLVMValueRef pair = LLVMGetPoison(LLVMTypeOf(inst));

	build_store(b,
		    LLVMBuildSelect(b, same, LLVMGetOperand(inst, 2), old, ""),
		    inst);
	pair = LLVMBuildInsertValue(b, pair, old, 0, "");
	pair = LLVMBuildInsertValue(b, pair, same, 1, "");
	LLVMReplaceAllUsesWith(inst, pair);
	LLVMInstructionEraseFromParent(inst);
}

static void lower_wide(LLVMBuilderRef b, LLVMValueRef i)
{
	LLVMPositionBuilderBefore(b, i);
	switch (LLVMGetInstructionOpcode(i)) {
	case LLVMLoad:
		if (is_wide(LLVMTypeOf(i)))
			LLVMSetOrdering(i, LLVMAtomicOrderingNotAtomic);
		break;
	case LLVMStore:
		if (is_wide(LLVMTypeOf(LLVMGetOperand(i, 0))))
			LLVMSetOrdering(i, LLVMAtomicOrderingNotAtomic);
		break;
	case LLVMAtomicRMW:
		if (is_wide(LLVMTypeOf(i)))
			lower_rmw(b, i);
		break;
	case LLVMAtomicCmpXchg:
		if (is_wide(LLVMTypeOf(LLVMGetOperand(i, 1))))
			lower_cmpxchg(b, i);
		break;
	default:
		break;
	}
}

void lower_atomics(LLVMModuleRef m)
{
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));

	ir_each_definition (f, m) {
		ir_each_block (block, f) {
			ir_each_inst_safe (i, next, block)
				lower_wide(b, i);
		}
	}
	LLVMDisposeBuilder(b);
}
