/* SPDX-License-Identifier: Apache-2.0 */
/* Recursion without end. With "small", the frames are small and live in
 * registers and on the native stack only; with "huge", each is larger than
 * what lies unmapped below the stacks; with "variable", so large that only
 * asking for it overflows. */
#include <stdio.h>
#include <string.h>

static unsigned long large(unsigned long depth)
{
	volatile char room[1000];

	room[depth % sizeof(room)] = 1;
	return large(depth + 1) + (unsigned long)room[0];
}

static unsigned long variable(unsigned long depth);
static unsigned long (*volatile again_variable)(unsigned long) = variable;

static unsigned long huge(unsigned long depth)
{
	volatile char room[5 << 20];

	room[depth] = 1;
	return huge(depth + 1) + (unsigned long)room[0];
}

/* A local of a size that only the caller knows, far beyond the stack's. */
static unsigned long variable(unsigned long depth)
{
	volatile char room[(depth + 1) << 27];

	room[depth] = 1;
	return again_variable(depth + 1) + (unsigned long)room[0];
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
	if (argc > 1 && strcmp(argv[1], "small") == 0)
		again = small;
	else if (argc > 1 && strcmp(argv[1], "variable") == 0)
		again = variable;
	else
		again = argc > 1 ? huge : large;
	puts("before");
	fflush(stdout);
	printf("after %lu\n", again(0));
	return 0;
}
