/* SPDX-License-Identifier: Apache-2.0 */
/* Deep recursion whose frames hold values of all kinds across the call, some
 * of them by address. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

struct link {
	const struct link *outer;
	uint32_t value;
	double weight;
};

/* Each level's link lies in its frame; the innermost walks them all. */
static double descend(const struct link *outer, int depth)
{
	struct link here = { outer, outer ? outer->value * 69069u + 1 : 1,
			     1.0 / (depth + 1) };
	double local = here.weight * depth;
	double deeper;

	if (depth == 0) {
		double sum = 0.0;

		for (const struct link *l = &here; l; l = l->outer)
			sum += l->value % 1000 * l->weight;
		return sum;
	}
	deeper = descend(&here, depth - 1);
	/* The frame's values are as they were before the call. */
	return deeper + local + (here.value & 3) - here.weight;
}

static unsigned ackermann(unsigned m, unsigned n)
{
	if (m == 0)
		return n + 1;
	if (n == 0)
		return ackermann(m - 1, 1);
	return ackermann(m - 1, ackermann(m, n - 1));
}

/* An array of a size known only at run time in each frame. */
static uint32_t variable(int depth)
{
	uint32_t values[depth + 1];

	for (int i = 0; i <= depth; i++)
		values[i] = (uint32_t)(i * depth);
	if (depth > 0)
		values[depth / 2] += variable(depth - 1);
	return values[depth / 2] ^ values[depth];
}

int main(int argc, char **argv)
{
	int depth = argc > 1 ? atoi(argv[1]) : 5000;

	printf("depth %d: %.17g\n", depth, descend(NULL, depth));
	printf("ackermann(2, 40) = %u\n", ackermann(2, 40));
	printf("variable(100) = %u\n", variable(100));
	return 0;
}
