/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

void lower_twice(LLVMModuleRef m)
{
	ir_each_definition (f, m) {
		if (!ir_has_attribute(f, "returns_twice"))
			continue;
		ir_drop_attribute(f, LLVMAttributeFunctionIndex, "noinline");
		ir_function_attribute(f, "alwaysinline", 0);
	}
}
