/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point that gives the same bits on every ISA. */
#ifndef HEXO_TOOLCHAIN_FLOAT_H
#define HEXO_TOOLCHAIN_FLOAT_H

#include <llvm-c/Core.h>

/* Multiply-adds that may or may not round in between (FP_CONTRACT ON) always
 * do: only some ISAs have the instruction that does not. */
void tc_float_split(LLVMModuleRef m);

/* Takes back the freedom of -ffast-math, after the optimiser that works for
 * all ISAs has used it and before those that work for one. */
void tc_float_fix(LLVMModuleRef m);

#endif
