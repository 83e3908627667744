/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/barrier.h"
#include "toolchain/pass/ir.h"

/* The aliases stay, unused: names that native code may ask for. */
static void resolve_aliases(LLVMModuleRef m, enum pass_scope scope)
{
	for (LLVMValueRef a = LLVMGetFirstGlobalAlias(m); a;
	     a = LLVMGetNextGlobalAlias(a))
		if (scope != PASS_RUNTIME ||
		    LLVMGetLinkage(a) != LLVMWeakAnyLinkage)
			LLVMReplaceAllUsesWith(a, LLVMAliasGetAliasee(a));
}

/* What a barrier results in: one value, or a structure of several. */
static LLVMValueRef
build_result(LLVMValueRef call, const struct ir_list *outputs, LLVMBuilderRef b)
{
	LLVMValueRef all = LLVMGetPoison(LLVMTypeOf(call));

	if (outputs->n == 1)
		return outputs->at[0];
	for (unsigned k = 0; k < outputs->n; k++)
		all = LLVMBuildInsertValue(b, all, outputs->at[k], k, "");
	return all;
}

/* `asm volatile("" ::: "memory")` orders the compiler; an empty asm that
 * ties a value to itself hides it. pass_refuse let nothing else through. */
static void lower_asm(LLVMValueRef call, LLVMBuilderRef b)
{
	struct ir_list outputs = { 0 };

	LLVMPositionBuilderBefore(b, call);
	LLVMBuildFence(b, LLVMAtomicOrderingSequentiallyConsistent, 1, "");
	if (barrier_outputs(call, &outputs) && outputs.n)
		LLVMReplaceAllUsesWith(call, build_result(call, &outputs, b));
	ir_list_free(&outputs);
	LLVMInstructionEraseFromParent(call);
}

void lower_symbols(LLVMModuleRef m, enum pass_scope scope)
{
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));

	resolve_aliases(m, scope);
	ir_each_definition (f, m) {
		ir_each_block (block, f) {
			ir_each_inst_safe (i, next, block) {
				if (!ir_is_call(i))
					continue;
				if (LLVMIsAInlineAsm(LLVMGetCalledValue(i))) {
					lower_asm(i, b);
				} else if (ir_calls(i,
						    "llvm.threadlocal.address"
						    ".p0")) {
					LLVMReplaceAllUsesWith(
						i, LLVMGetOperand(i, 0));
					LLVMInstructionEraseFromParent(i);
				}
			}
		}
	}
	ir_each_global (g, m) {
		LLVMSetThreadLocal(g, 0);
		if (LLVMGetLinkage(g) == LLVMCommonLinkage)
			LLVMSetLinkage(g, LLVMInternalLinkage);
	}
	LLVMDisposeBuilder(b);
}
