/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the benchmark programs share: the choice of a class, memory, the form
 * of the report, a generator of pseudo-random numbers, a checksum.
 *
 * Results go to stdout, which must not depend on where the program runs;
 * times go to stderr.
 */
#ifndef BENCH_BENCH_H
#define BENCH_BENCH_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

/* The letter of the class the command line asks for, S unless it says. */
static inline char bench_class(int argc, char **argv, const char *known)
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

static inline double bench_seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Zeroed memory; the program ends if there is not enough. */
static inline void *bench_allocate(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p) {
		perror("bench: calloc");
		exit(EXIT_FAILURE);
	}
	return p;
}

/* Relative difference within epsilon; false for a NaN. */
static inline bool bench_close(double value, double expected, double epsilon)
{
	double diff = (value - expected) / expected;

	return diff <= epsilon && diff >= -epsilon;
}

/* The last lines of a program's report; returns its exit status. */
static inline int bench_report(const char *program, char class, bool verified,
			       double seconds)
{
	fprintf(stderr, "%s class %c: %.3f s\n", program, class, seconds);
	puts(verified ? "VERIFICATION SUCCESSFUL" : "VERIFICATION FAILED");
	return verified ? EXIT_SUCCESS : EXIT_FAILURE;
}

/* 64 random bits: a Weyl sequence, mixed (splitmix64). */
static inline uint64_t bench_random_bits(uint64_t *state)
{
	uint64_t z = *state += UINT64_C(0x9e3779b97f4a7c15);

	z = (z ^ z >> 30) * UINT64_C(0xbf58476d1ce4e5b9);
	z = (z ^ z >> 27) * UINT64_C(0x94d049bb133111eb);
	return z ^ z >> 31;
}

/* Uniform in [0, 1). */
static inline double bench_random(uint64_t *state)
{
	return 0x1p-53 * (double)(bench_random_bits(state) >> 11);
}

/* FNV-1a over the bytes: any changed bit shows. */
static inline uint64_t bench_checksum(const void *data, size_t size)
{
	const unsigned char *byte = data;
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ byte[i]) * UINT64_C(0x100000001b3);
	return sum;
}

#endif
