/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Line tables in the linked module. clang always makes them, so that a
 * refusal can name a line; an image keeps them only where the user asked for
 * -g, when compiling any of it or when linking.
 */
#ifndef HEXO_TOOLCHAIN_LINES_H
#define HEXO_TOOLCHAIN_LINES_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "toolchain/strings.h"

/* Options by which clang marks an object as compiled with -g. */
void tc_lines_mark(struct tc_strings *argv);

/* Whether an object of the program has that mark. */
bool tc_lines_wanted(LLVMModuleRef m);

/*
 * Makes the lines fit for the passes: loops lose theirs, which serve remarks
 * only and would tie a loop's copy to the function it was copied from.
 */
void tc_lines_keep(LLVMModuleRef m);

#endif
