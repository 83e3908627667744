/* SPDX-License-Identifier: Apache-2.0 */
/* Fails in the way its first argument names, some calls deep. Each line that
 * a trace shows is marked with the number of its frame. */
#include <assert.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int *volatile nowhere;
static int (*volatile no_function)(int);
static volatile int zero, sink;
static const char *way;

static inline void store(int *at, int value)
{
	*at = value; /* null:0 */
}

static inline int check(const char *what, int value)
{
	if (strcmp(way, what) == 0)
		store(nowhere, value); /* null:1 */
	return value + 1;
}

static __attribute__((noinline)) int divide(int value)
{
	return 7 / (value - value + zero) + 1; /* divide:0 */
}

static __attribute__((noinline)) int small(int depth)
{
	volatile int local = depth;

	return small(depth + 1) + local; /* overflow */
}

/* Long enough to be moved in the middle of it. */
static __attribute__((noinline)) void work(void)
{
	for (int k = 0; k < 1000; k++)
		for (int j = 0; j < 1000; j++)
			sink += j ^ k; /* work */
}

static __attribute__((noinline)) int fail(int value)
{
	work();                        /* work:1 */
	value += check("null", value); /* null:2 */
	if (strcmp(way, "divide") == 0)
		value += divide(value); /* divide:1 */
	if (strcmp(way, "call") == 0)
		value += no_function(value); /* call:1 */
	if (strcmp(way, "abort") == 0)
		abort(); /* abort:1 */
	if (strcmp(way, "overflow") == 0)
		value += small(value);
	assert(strcmp(way, "assert") != 0); /* assert:1 */
	return value;
}

static __attribute__((noinline)) int descend(int depth)
{
	if (depth == 0)
		return fail(depth) + 1;   /* fail */
	return descend(depth - 1) + sink; /* descend */
}

int main(int argc, char **argv)
{
	int result;

	way = argc > 1 ? argv[1] : "";
	puts("before");
	fflush(stdout);
	result = descend(2); /* main */
	printf("after %d\n", result);
	return 0;
}
