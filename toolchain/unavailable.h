/* SPDX-License-Identifier: Apache-2.0 */
/* Functions of the C library that always fail in a job. */
#ifndef HEXO_TOOLCHAIN_UNAVAILABLE_H
#define HEXO_TOOLCHAIN_UNAVAILABLE_H

#include <llvm-c/Core.h>

/* Warns of each place of the program (of what has line numbers: the library
 * has none) that calls one, by file and line. It is no error: packages have
 * such calls in paths that they do not need. */
void tc_unavailable_warn(LLVMModuleRef m);

#endif
