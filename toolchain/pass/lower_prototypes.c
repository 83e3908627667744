/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

#include <stdlib.h>

#include "base/base.h"

static bool is_integer(LLVMTypeRef t)
{
	return LLVMGetTypeKind(t) == LLVMIntegerTypeKind;
}

/* What a real machine would find in the register: the low bits, or nothing
 * definite. */
static LLVMValueRef convert(LLVMBuilderRef b, LLVMValueRef v, LLVMTypeRef want)
{
	LLVMTypeRef have = LLVMTypeOf(v);
	bool pointer = LLVMGetTypeKind(have) == LLVMPointerTypeKind;

	if (have == want)
		return v;
	if (is_integer(have) && is_integer(want))
		return LLVMBuildIntCast2(b, v, want, 1, "");
	if (is_integer(have) && LLVMGetTypeKind(want) == LLVMPointerTypeKind)
		return LLVMBuildIntToPtr(b, v, want, "");
	if (pointer && is_integer(want))
		return LLVMBuildPtrToInt(b, v, want, "");
	return LLVMConstNull(want);
}

static void repair_call(LLVMValueRef call, LLVMValueRef callee)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(callee);
	unsigned n = LLVMCountParamTypes(type);
	unsigned have = LLVMGetNumArgOperands(call);
	LLVMTypeRef *params = base_alloc(n * sizeof(params[0]));
	LLVMValueRef *args = base_alloc(n * sizeof(args[0]));
	LLVMBuilderRef b =
		LLVMCreateBuilderInContext(ir_context(ir_module_of(call)));
	LLVMTypeRef result = LLVMTypeOf(call);
	LLVMValueRef fresh;

	LLVMGetParamTypes(type, params);
	LLVMPositionBuilderBefore(b, call);
	for (unsigned k = 0; k < n; k++)
		args[k] = k < have ? convert(b, LLVMGetOperand(call, k),
					     params[k])
				   : LLVMConstNull(params[k]);
	fresh = LLVMBuildCall2(b, type, callee, args, n, "");
	LLVMSetInstructionCallConv(fresh, LLVMGetFunctionCallConv(callee));
	if (LLVMGetFirstUse(call)) {
		bool empty =
			LLVMGetTypeKind(LLVMTypeOf(fresh)) == LLVMVoidTypeKind;

		LLVMReplaceAllUsesWith(call, empty ? LLVMConstNull(result)
						   : convert(b, fresh, result));
	}
	LLVMInstructionEraseFromParent(call);
	LLVMDisposeBuilder(b);
	free(params);
	free(args);
}

void lower_prototypes(LLVMModuleRef m, enum pass_scope scope)
{
	ir_each_definition (f, m) {
		ir_each_block (b, f) {
			ir_each_inst_safe (i, next, b) {
				LLVMValueRef callee =
					ir_is_call(i) ? ir_callee(i) : NULL;

				if (callee && !ir_is_intrinsic(callee) &&
				    (scope != PASS_WHOLE ||
				     !LLVMIsDeclaration(callee)) &&
				    LLVMGetCalledFunctionType(i) !=
					    LLVMGlobalGetValueType(callee))
					repair_call(i, callee);
			}
		}
	}
}
