/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A small loop that must poll at its back edge, because nothing says how
 * often it runs, is repeated a few times, so that it polls only every so
 * many iterations.
 */
#ifndef HEXO_PASS_UNROLL_H
#define HEXO_PASS_UNROLL_H

#include "toolchain/pass/loops.h"

#define UNROLL_TIMES 4
/* Instructions of a loop that is still worth it. */
#define UNROLL_MAX 40

/*
 * Repeats the loop if it is small, innermost, has one latch, and values that
 * leave it do so through phis of its exit blocks (LCSSA). Returns the block
 * that is the latch now; the original one if nothing was done. The loops l
 * came from are stale afterwards.
 */
LLVMBasicBlockRef unroll(const struct loops *l, const struct loop *loop);

#endif
