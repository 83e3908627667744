/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: deep DEPTH
 *
 * A recursion so many frames deep, each with a local that others write.
 */
#include <stdio.h>
#include <stdlib.h>

static unsigned down(long depth, unsigned *from)
{
	unsigned mine = *from * 3 + (unsigned)depth, result;

	if (depth == 0) {
		for (volatile int i = 0; i < 1000; i++)
			mine += (unsigned)i;
		return mine;
	}
	result = down(depth - 1, &mine);
	return result * 5 + mine;
}

int main(int argc, char **argv)
{
	unsigned start = 1;
	long depth = argc > 1 ? strtol(argv[1], NULL, 10) : 1000;

	printf("%u\n", down(depth, &start));
	return 0;
}
