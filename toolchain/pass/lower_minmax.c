/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include <string.h>

#include "toolchain/pass/ir.h"

static bool is_call_of(LLVMValueRef inst, const char *prefix)
{
	LLVMValueRef f = ir_is_call(inst) ? ir_callee(inst) : NULL;

	return f && strncmp(ir_name(f), prefix, strlen(prefix)) == 0;
}

/* The integer type, or vector of such, of the same size. */
static LLVMTypeRef bits_type(LLVMContextRef c, LLVMTypeRef t)
{
	switch (LLVMGetTypeKind(t)) {
	case LLVMVectorTypeKind:
		return LLVMVectorType(bits_type(c, LLVMGetElementType(t)),
				      LLVMGetVectorSize(t));
	case LLVMFloatTypeKind:
		return LLVMInt32TypeInContext(c);
	case LLVMDoubleTypeKind:
		return LLVMInt64TypeInContext(c);
	default:
		return NULL;
	}
}

static void expand(LLVMBuilderRef b, LLVMContextRef c, LLVMValueRef call,
		   bool max)
{
	LLVMValueRef x = LLVMGetOperand(call, 0), y = LLVMGetOperand(call, 1);
	LLVMTypeRef type = LLVMTypeOf(x), bits = bits_type(c, type);
	LLVMValueRef xb, yb, first, equal, zero, v;

	if (!bits)
		return;
	LLVMPositionBuilderBefore(b, call);
	first = LLVMBuildFCmp(b, max ? LLVMRealOGT : LLVMRealOLT, x, y, "");
	equal = LLVMBuildFCmp(b, LLVMRealOEQ, x, y, "");
	xb = LLVMBuildBitCast(b, x, bits, "");
	yb = LLVMBuildBitCast(b, y, bits, "");
	zero = max ? LLVMBuildAnd(b, xb, yb, "") : LLVMBuildOr(b, xb, yb, "");
	v = LLVMBuildSelect(b, equal, LLVMBuildBitCast(b, zero, type, ""), y,
			    "");
	v = LLVMBuildSelect(b, first, x, v, "");
	v = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealUNO, y, y, ""), x, v,
			    "");
	LLVMReplaceAllUsesWith(call, v);
	LLVMInstructionEraseFromParent(call);
}

void lower_minmax(LLVMModuleRef m)
{
	LLVMContextRef c = ir_context(m);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(c);

	ir_each_definition(f, m)
	{
		ir_each_block(block, f)
		{
			ir_each_inst_safe(i, next, block)
			{
				if (is_call_of(i, "llvm.minnum."))
					expand(b, c, i, false);
				else if (is_call_of(i, "llvm.maxnum."))
					expand(b, c, i, true);
			}
		}
	}
	LLVMDisposeBuilder(b);
}
