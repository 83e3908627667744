/* SPDX-License-Identifier: Apache-2.0 */
/* For printf: the sign of a NaN that an operation made is an ISA's choice,
 * so it is not printed. */
#include <math.h>

#undef signbit
#define signbit(x) (!isnan(x) && __builtin_signbit(x))
