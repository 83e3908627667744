/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

#include <llvm-c/Target.h>
#include <string.h>

static unsigned attribute_kind(const char *name)
{
	return LLVMGetEnumAttributeKindForName(name, strlen(name));
}

/* The callee's copy, made by the caller before the call. */
static LLVMValueRef copy_argument(LLVMValueRef call, unsigned arg,
				  LLVMAttributeRef byval)
{
	LLVMModuleRef m = ir_module_of(call);
	LLVMTargetDataRef layout = LLVMGetModuleDataLayout(m);
	LLVMTypeRef type = LLVMGetTypeAttributeValue(byval);
	LLVMAttributeRef aligned =
		LLVMGetCallSiteEnumAttribute(call, arg + 1,
					     attribute_kind("align"));
	unsigned align = aligned ? (unsigned)LLVMGetEnumAttributeValue(aligned)
				 : LLVMABIAlignmentOfType(layout, type);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(
		LLVMGetBasicBlockParent(LLVMGetInstructionParent(call)));
	LLVMValueRef copy;

	LLVMPositionBuilderBefore(b, LLVMGetFirstInstruction(entry));
	copy = LLVMBuildAlloca(b, type, "byval");
	LLVMSetAlignment(copy, align);
	LLVMPositionBuilderBefore(b, call);
	LLVMBuildMemCpy(b, copy, align, LLVMGetOperand(call, arg), align,
			ir_i64(m, LLVMABISizeOfType(layout, type)));
	LLVMDisposeBuilder(b);
	return copy;
}

static void lower_call(LLVMValueRef call)
{
	unsigned byval = attribute_kind("byval");
	unsigned n = LLVMGetNumArgOperands(call);

	for (unsigned k = 0; k < n; k++) {
		LLVMAttributeRef a =
			LLVMGetCallSiteEnumAttribute(call, k + 1, byval);

		if (!a)
			continue;
		LLVMSetOperand(call, k, copy_argument(call, k, a));
		ir_drop_call_attribute(call, k + 1, "byval");
	}
}

void lower_byval(LLVMModuleRef m)
{
	ir_each_function (f, m) {
		for (unsigned k = 1; k <= LLVMCountParams(f); k++)
			ir_drop_attribute(f, k, "byval");
		ir_each_block (b, f) {
			ir_each_inst (i, b) {
				if (ir_is_call(i))
					lower_call(i);
			}
		}
	}
}
