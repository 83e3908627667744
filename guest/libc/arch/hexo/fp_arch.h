/* SPDX-License-Identifier: Apache-2.0 */
/* musl's barriers keep floating-point exception flags right. No ISA's flags
 * are visible to a program (see bits/fenv.h), so nothing has to be kept. */
#define fp_barrierf fp_barrierf
static inline float fp_barrierf(float x)
{
	return x;
}

#define fp_barrier fp_barrier
static inline double fp_barrier(double x)
{
	return x;
}

#define fp_barrierl fp_barrierl
static inline long double fp_barrierl(long double x)
{
	return x;
}

#define fp_force_evalf fp_force_evalf
static inline void fp_force_evalf(float x)
{
	(void)x;
}

#define fp_force_eval fp_force_eval
static inline void fp_force_eval(double x)
{
	(void)x;
}

#define fp_force_evall fp_force_evall
static inline void fp_force_evall(long double x)
{
	(void)x;
}
