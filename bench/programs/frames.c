/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Works at the bottom of a few nested calls, each with values that live
 * across the next: what parks and resumes is a stack of known height.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

static uint64_t work(uint64_t rounds)
{
	uint64_t x = 1;

	for (uint64_t i = 0; i < rounds; i++)
		for (int k = 0; k < 50; k++)
			x = x * UINT64_C(6364136223846793005) + i;
	return x;
}

static uint64_t nest(int depth, uint64_t a, uint64_t b, double c,
		     uint64_t rounds)
{
	uint64_t inner;

	if (!depth)
		return work(rounds);
	inner = nest(depth - 1, a + b, b * 3, c * 1.5, rounds);
	return (inner ^ a ^ b) * 3 + (uint64_t)c;
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 17;
	uint64_t rounds = argc > 2 ? strtoull(argv[2], NULL, 10) : 100000;

	printf("%llu\n", (unsigned long long)nest(depth, 1, 2, 3.0, rounds));
	return 0;
}
