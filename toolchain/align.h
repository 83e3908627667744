/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_TOOLCHAIN_ALIGN_H
#define HEXO_TOOLCHAIN_ALIGN_H

#include <llvm-c/Core.h>

/* Aligns arrays and structures, static and local, to a vector where they have
 * its size, as the ABIs of most ISAs do: loads of vectors from them need not
 * be unaligned ones then. */
void tc_align_arrays(LLVMModuleRef m);

#endif
