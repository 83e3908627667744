/* SPDX-License-Identifier: Apache-2.0 */
/* Making a module portable: the passes and what stands between them. */
#ifndef HEXO_TOOLCHAIN_PORTABLE_H
#define HEXO_TOOLCHAIN_PORTABLE_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "hexo/error.h"
#include "toolchain/pass/pass.h"

/* Lowers and optimises; the module is clang's before, and gets polls
 * (pass_polls) afterwards. What the optimiser may call has been seen to, and
 * symbols that others need are external. *lines says whether line tables are
 * to stay; it becomes true where the module asks for them. */
int tc_portable_optimise(LLVMModuleRef m, enum pass_scope scope, bool *lines,
			 struct hexo_error *err);

/* Frames and layout, after pass_polls. outside is NULL for a whole program.
 * All of the runtime's objects have their polls before the first is finished:
 * only then is it known which functions reach one. */
int tc_portable_finish(LLVMModuleRef m, const struct pass_outside *outside,
		       struct pass_stats *stats, struct hexo_error *err);

#endif
