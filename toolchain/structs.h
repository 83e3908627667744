/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures keep their layout when the module gets the portable data layout.
 *
 * clang lays out by le64's, where i64 and vectors may stand at multiples of
 * 4. It relies on that where it can: the packed { int; long } becomes the
 * plain { i32, i64 }, whose i64 would move. Such types become packed ones
 * with explicit padding, and addresses in them are computed in bytes.
 */
#ifndef HEXO_TOOLCHAIN_STRUCTS_H
#define HEXO_TOOLCHAIN_STRUCTS_H

#include <llvm-c/Core.h>

#include "hexo/error.h"

/* Sets the module's data layout; the place of nothing changes. */
int tc_structs_set_layout(LLVMModuleRef m, const char *layout,
			  struct hexo_error *err);

#endif
