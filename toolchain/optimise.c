/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/optimise.h"

#include <errno.h>
#include <llvm-c/Transforms/PassBuilder.h>

int tc_optimise(LLVMModuleRef m, const char *passes,
		LLVMTargetMachineRef machine, bool vectorise,
		struct hexo_error *err)
{
	LLVMPassBuilderOptionsRef options = LLVMCreatePassBuilderOptions();
	LLVMErrorRef e;
	char *text;
	int r;

	LLVMPassBuilderOptionsSetLoopVectorization(options, vectorise);
	LLVMPassBuilderOptionsSetLoopInterleaving(options, vectorise);
	LLVMPassBuilderOptionsSetLoopUnrolling(options, true);
	e = LLVMRunPasses(m, passes, machine, options);
	LLVMDisposePassBuilderOptions(options);
	if (!e)
		return 0;
	text = LLVMGetErrorMessage(e);
	r = hexo_fail(err, -EINVAL, "optimising: %s", text);
	LLVMDisposeErrorMessage(text);
	return r;
}
