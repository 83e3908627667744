/* SPDX-License-Identifier: Apache-2.0 */
/* Making a module portable: the passes and what stands between them. */
#ifndef HEXO_TOOLCHAIN_PORTABLE_H
#define HEXO_TOOLCHAIN_PORTABLE_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "hexo/error.h"
#include "toolchain/pass/pass.h"

/* Lowers and optimises; the module is clang's before and needs only
 * tc_portable_finish() afterwards. What the optimiser may call has been seen
 * to, and symbols that others need are external. *lines says whether line
 * tables are to stay; it becomes true where the module asks for them. */
int tc_portable_optimise(LLVMModuleRef m, enum pass_scope scope, bool *lines,
			 struct hexo_error *err);

/* Polls, frames, layout. outside is NULL for a whole program. Of the
 * runtime's objects the first part is done before the second, as all must
 * have polls before it is known which functions reach one. */
int tc_portable_poll(LLVMModuleRef m, const struct pass_outside *outside,
		     struct pass_stats *stats, struct hexo_error *err);
int tc_portable_finish(LLVMModuleRef m, const struct pass_outside *outside,
		       struct pass_stats *stats, struct hexo_error *err);

#endif
