/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/align.h"

#include <llvm-c/Target.h>

#include "toolchain/pass/ir.h"

#define VECTOR 16 /* bytes, of the smallest vectors that ISAs have */

static bool is_large(LLVMTargetDataRef layout, LLVMTypeRef t)
{
	LLVMTypeKind kind = LLVMGetTypeKind(t);

	return (kind == LLVMArrayTypeKind || kind == LLVMStructTypeKind) &&
	       LLVMABISizeOfType(layout, t) >= VECTOR;
}

static void align(LLVMTargetDataRef layout, LLVMValueRef v, LLVMTypeRef t)
{
	if (is_large(layout, t) && LLVMGetAlignment(v) < VECTOR)
		LLVMSetAlignment(v, VECTOR);
}

void tc_align_arrays(LLVMModuleRef m)
{
	LLVMTargetDataRef layout = LLVMGetModuleDataLayout(m);

	ir_each_global (g, m) {
		const char *section = LLVMGetSection(g);

		/* an explicit section may be read as one array */
		if (!LLVMIsDeclaration(g) && !(section && *section))
			align(layout, g, LLVMGlobalGetValueType(g));
	}
	ir_each_definition (f, m) {
		ir_each_block (b, f) {
			ir_each_inst (i, b) {
				if (LLVMIsAAllocaInst(i))
					align(layout, i,
					      LLVMGetAllocatedType(i));
			}
		}
	}
}
