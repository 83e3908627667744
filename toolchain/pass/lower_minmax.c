/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include <string.h>

#include "toolchain/pass/ir.h"

static bool is_call_of(LLVMValueRef inst, const char *prefix)
{
	LLVMValueRef f = ir_is_call(inst) ? ir_callee(inst) : NULL;

	return f && strncmp(ir_name(f), prefix, strlen(prefix)) == 0;
}

static void expand(LLVMBuilderRef b, LLVMValueRef call, bool max)
{
	LLVMValueRef x = LLVMGetOperand(call, 0), y = LLVMGetOperand(call, 1);
	LLVMValueRef v;

	/* y where they are equal: one instruction on most ISAs */
	LLVMPositionBuilderBefore(b, call);
	v = LLVMBuildFCmp(b, max ? LLVMRealOGT : LLVMRealOLT, x, y, "");
	v = LLVMBuildSelect(b, v, x, y, "");
	v = LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealUNO, y, y, ""), x, v,
			    "");
	LLVMReplaceAllUsesWith(call, v);
	LLVMInstructionEraseFromParent(call);
}

void lower_minmax(LLVMModuleRef m)
{
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));

	ir_each_definition (f, m) {
		ir_each_block (block, f) {
			ir_each_inst_safe (i, next, block) {
				if (is_call_of(i, "llvm.minnum."))
					expand(b, i, false);
				else if (is_call_of(i, "llvm.maxnum."))
					expand(b, i, true);
			}
		}
	}
	LLVMDisposeBuilder(b);
}
