/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

/* The call sites that the hooks are told would be addresses of one ISA's
 * code: what a program wrote itself has been refused. */
static void forget_call_sites(LLVMModuleRef m)
{
	ir_each_definition (f, m) {
		ir_each_block (b, f) {
			ir_each_inst_safe (i, next, b) {
				if (!ir_calls(i, "llvm.returnaddress"))
					continue;
				LLVMReplaceAllUsesWith(i,
						       LLVMConstNull(
							       LLVMTypeOf(i)));
				LLVMInstructionEraseFromParent(i);
			}
		}
	}
}

int lower_instrument(LLVMModuleRef m, struct hexo_error *err)
{
	int r = ir_run_passes(m, "function(ee-instrument)", err);

	forget_call_sites(m);
	return r;
}
