/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion without end. With an argument, the frames are small and live in
 * registers and on the native stack only. */
#include <stdio.h>

static unsigned long large(unsigned long depth)
{
	volatile char room[1000];

	room[depth % sizeof(room)] = 1;
	return large(depth + 1) + (unsigned long)room[0];
}

static unsigned long small(unsigned long depth);

/* Read anew in each call, so that the recursion cannot become a loop. */
static unsigned long (*volatile again)(unsigned long) = small;

static unsigned long small(unsigned long depth)
{
	return again(depth + 1) * 3 + depth;
}

int main(int argc, char **argv)
{
	again = argc > 1 ? small : large;
	puts("before");
	fflush(stdout);
	printf("after %lu\n", again(0));
	return 0;
}
