/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strip-mining: a counting innermost loop becomes two, the inner one running
 * at most STRIP iterations, so that the outer one can poll and the inner one
 * still run at full speed. Where it has few iterations the original is run.
 */
#ifndef HEXO_PASS_STRIPMINE_H
#define HEXO_PASS_STRIPMINE_H

#include "toolchain/pass/loops.h"

#define STRIP 4096
/* Instructions of a loop that is worth a version without strips. */
#define PLAIN_MAX 120

/* Returns the instruction before which the outer loop's poll belongs. The
 * loops l and count came from are stale afterwards. */
LLVMValueRef stripmine(const struct loops *l, const struct loop *loop,
		       const struct loop_count *count);

#endif
