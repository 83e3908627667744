/* SPDX-License-Identifier: Apache-2.0 */
/* What the NPB kernels share: the generator of pseudo-random numbers. */
#ifndef BENCH_NPB_H
#define BENCH_NPB_H

#include "bench.h"

/* x' = 5^13 * x mod 2^46, scaled to (0, 1). The specification computes this
 * in doubles, exactly; integers give the same numbers. */
#define NPB_MULTIPLIER UINT64_C(1220703125)
#define NPB_MASK       ((UINT64_C(1) << 46) - 1)
#define NPB_SCALE      0x1p-46

static inline double npb_random(uint64_t *x)
{
	*x = *x * NPB_MULTIPLIER & NPB_MASK;
	return NPB_SCALE * (double)*x;
}

#endif
