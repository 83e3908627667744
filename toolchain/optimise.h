/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_TOOLCHAIN_OPTIMISE_H
#define HEXO_TOOLCHAIN_OPTIMISE_H

#include <llvm-c/Core.h>
#include <llvm-c/TargetMachine.h>
#include <stdbool.h>

#include "hexo/error.h"

/* Runs a textual pipeline. machine: whose costs to reckon with, NULL for
 * none. loops: whether loops may be unrolled, interleaved, vectorised. */
int tc_optimise(LLVMModuleRef m, const char *passes,
		LLVMTargetMachineRef machine, bool loops,
		struct hexo_error *err);

#endif
