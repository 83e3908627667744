/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Strip-mining: a counting innermost loop becomes two, the inner one running
 * a strip of iterations, so that the outer one can poll and the inner one
 * still run at full speed. Where it has few iterations the original is run.
 */
#ifndef HEXO_PASS_STRIPMINE_H
#define HEXO_PASS_STRIPMINE_H

#include "toolchain/pass/loops.h"

/* A strip has so many IR instructions, within these numbers of iterations:
 * each may touch a page for the first time, which is slow. */
#define STRIP_WORK 32768
#define STRIP_MIN  128
#define STRIP_MAX  4096
/* Instructions of a loop that is worth a version without strips. */
#define PLAIN_MAX 120

/* Returns the instruction before which the outer loop's poll belongs. The
 * loops l and count came from are stale afterwards. */
LLVMValueRef stripmine(const struct loops *l, const struct loop *loop,
		       const struct loop_count *count);

#endif
