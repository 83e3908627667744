/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_TOOLCHAIN_OPTIMISE_H
#define HEXO_TOOLCHAIN_OPTIMISE_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdbool.h>

#include "hexo/error.h"

/* Runs a textual pipeline. machine: whose costs to reckon with, NULL for
 * none: then the only loops unrolled are those that vanish by it. vectorise:
 * whether loops may be vectorised and interleaved. */
int tc_optimise(LLVMModuleRef m, const char *passes,
		LLVMTargetMachineRef machine, bool vectorise,
		struct hexo_error *err);

#endif
