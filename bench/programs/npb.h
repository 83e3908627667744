/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the NPB kernels share: the generator of pseudo-random numbers, the
 * choice of a class, and the form of the report.
 *
 * Results go to stdout, which must not depend on where the program runs;
 * times go to stderr.
 */
#ifndef BENCH_NPB_H
#define BENCH_NPB_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

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

/* The letter of the class the command line asks for, S unless it says. */
static inline char npb_class(int argc, char **argv, const char *known)
{
	char name = 'S';

	if (argc > 1)
		name = argv[1][0];
	for (const char *k = known; *k; k++)
		if (*k == name && (argc < 2 || !argv[1][1]))
			return name;
	fprintf(stderr, "usage: %s [CLASS]   one of %s\n", argv[0], known);
	exit(2);
}

static inline double npb_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Relative difference within epsilon; false for a NaN. */
static inline bool npb_close(double value, double expected, double epsilon)
{
	double diff = (value - expected) / expected;

	return diff <= epsilon && diff >= -epsilon;
}

/* The last lines of a kernel's report; returns its exit status. */
static inline int npb_report(const char *kernel, char class, bool verified,
			     double seconds)
{
	fprintf(stderr, "%s class %c: %.3f s\n", kernel, class, seconds);
	puts(verified ? "VERIFICATION SUCCESSFUL" : "VERIFICATION FAILED");
	return verified ? EXIT_SUCCESS : EXIT_FAILURE;
}

#endif
