/* SPDX-License-Identifier: Apache-2.0 */
/* How many ways N queens stand on an N x N board, by recursion over rows. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

/* Bit i of each mask: column i of this row is attacked from above, along
 * the column and the two diagonals. */
static uint64_t place(uint32_t all, uint32_t columns, uint32_t left,
		      uint32_t right)
{
	uint32_t free_columns = all & ~(columns | left | right);
	uint64_t ways = 0;

	if (columns == all)
		return 1;
	while (free_columns) {
		uint32_t queen = free_columns & -free_columns;

		free_columns ^= queen;
		ways += place(all, columns | queen, (left | queen) << 1,
			      (right | queen) >> 1);
	}
	return ways;
}

int main(int argc, char **argv)
{
	int n = argc > 1 ? atoi(argv[1]) : 0;

	/* The classes of the other programs, or a number. */
	if (argc < 2 || argv[1][0] == 'S')
		n = 9;
	else if (argv[1][0] == 'W')
		n = 12;
	else if (argv[1][0] == 'A')
		n = 14;
	if (n < 1 || n > 20) {
		fprintf(stderr, "usage: %s [S|W|A|N]   N up to 20\n", argv[0]);
		return 2;
	}
	printf("%d queens: %llu ways\n", n,
	       (unsigned long long)place((1u << n) - 1, 0, 0, 0));
	return 0;
}
