/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/float.h"

#include <string.h>

#include "toolchain/pass/ir.h"

static bool is_multiply_add(LLVMValueRef inst)
{
	LLVMValueRef f = ir_is_call(inst) ? ir_callee(inst) : NULL;

	return f && strncmp(ir_name(f), "llvm.fmuladd.", 13) == 0;
}

void tc_float_split(LLVMModuleRef m)
{
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));

	ir_each_definition (f, m) {
		ir_each_block (block, f) {
			ir_each_inst_safe (i, next, block) {
				LLVMValueRef v;

				if (!is_multiply_add(i))
					continue;
				LLVMPositionBuilderBefore(b, i);
				v = LLVMBuildFMul(b, LLVMGetOperand(i, 0),
						  LLVMGetOperand(i, 1), "");
				v = LLVMBuildFAdd(b, v, LLVMGetOperand(i, 2),
						  "");
				LLVMReplaceAllUsesWith(i, v);
				LLVMInstructionEraseFromParent(i);
			}
		}
	}
	LLVMDisposeBuilder(b);
}

void tc_float_fix(LLVMModuleRef m)
{
	static const char *const attributes[] = {
		"unsafe-fp-math",          "no-nans-fp-math",
		"no-infs-fp-math",         "approx-func-fp-math",
		"no-signed-zeros-fp-math",
	};

	ir_each_definition (f, m) {
		for (size_t k = 0;
		     k < sizeof(attributes) / sizeof(attributes[0]); k++)
			LLVMRemoveStringAttributeAtIndex(
				f, LLVMAttributeFunctionIndex, attributes[k],
				(unsigned)strlen(attributes[k]));
		ir_each_block (block, f) {
			ir_each_inst (i, block) {
				if (LLVMCanValueUseFastMathFlags(i))
					LLVMSetFastMathFlags(i,
							     LLVMFastMathNone);
			}
		}
	}
}
