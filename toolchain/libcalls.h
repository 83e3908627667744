/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Library functions that no source refers to, but that the optimiser or the
 * code generator may call. The code generator's must be there to the end;
 * the optimiser's must be there before it starts, or else be unknown to it:
 * one that came later would bring a second copy of what it shares with the
 * program.
 */
#ifndef HEXO_TOOLCHAIN_LIBCALLS_H
#define HEXO_TOOLCHAIN_LIBCALLS_H

#include <stdbool.h>

#include "toolchain/program.h"

/* Takes into the program what it may come to call. */
int tc_libcalls_want(struct tc_program *p, struct hexo_error *err);

/* Takes in what the optimiser has come to call in m, which is apart from the
 * runtime. */
int tc_libcalls_want_called(struct tc_program *p, LLVMModuleRef m,
			    struct hexo_error *err);

/* May the optimiser (or, if late, the code generator) call name? */
bool tc_libcalls_has(const char *name, bool late);

/* Hides the optimiser's functions that the module lacks from it; not those
 * that an archive of the program offers, if that is not NULL. */
void tc_libcalls_hide_missing(LLVMModuleRef m, const struct tc_program *p);

#endif
