/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_TOOLCHAIN_INTERNALIZE_H
#define HEXO_TOOLCHAIN_INTERNALIZE_H

#include <llvm-c/Core.h>
#include <stdbool.h>

/* The module is the program: all symbols become its own, except main, those
 * that native code, the passes, or the code generator refer to, and, unless
 * late, those that the optimiser may come to call. */
void tc_internalize(LLVMModuleRef m, bool late);

#endif
