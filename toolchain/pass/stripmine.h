/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strip-mining: a counting innermost loop becomes two, the inner one running
 * at most STRIP iterations, so that the outer one can poll and the inner one
 * still be vectorised.
 */
#ifndef HEXO_PASS_STRIPMINE_H
#define HEXO_PASS_STRIPMINE_H

#include "toolchain/pass/loops.h"

#define STRIP 16384

/* Returns the instruction before which the outer loop's poll belongs. The
 * loops l and count came from are stale afterwards. */
LLVMValueRef stripmine(const struct loops *l, const struct loop *loop,
		       const struct loop_count *count);

#endif
