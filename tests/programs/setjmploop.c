/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: setjmploop PAIRS
 *
 * Many jumps: as exceptions, to the frame itself, and as the only loop there
 * is. The native stack must not grow.
 */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

/* Exceptions, as libraries make them. */
struct handler {
	jmp_buf env;
	struct handler *outer;
};

static struct handler *innermost;
static long thrown, cleaned;

static void throw(int code)
{
	struct handler *h = innermost;

	innermost = h->outer;
	thrown++;
	longjmp(h->env, code);
}

__attribute__((noinline)) static int parse(int depth, int n)
{
	struct handler h;

	if (depth == 0) {
		if (n % 3)
			throw(n % 5 + 1);
		return n % 7;
	}
	h.outer = innermost;
	innermost = &h;
	if (setjmp(h.env) == 0) {
		int r = parse(depth - 1, n);

		innermost = h.outer;
		return r + 1;
	}
	cleaned += depth;
	if (depth < 5 && depth > n % 4)
		throw(depth);
	return depth * 100;
}

static long exceptions(int rounds)
{
	long sum = 0;

	for (int i = 0; i < rounds; i++)
		sum += parse(5, i);
	return sum;
}

static jmp_buf again;

static long no_loop(long pairs)
{
	volatile long n = 0;

	if (setjmp(again) < 0)
		return -1;
	if (++n < pairs)
		longjmp(again, 1);
	return n;
}

static long in_loop(long pairs)
{
	long sum = 0;

	for (volatile long i = 0; i < pairs; i++) {
		int code = setjmp(again);

		if (code == 0)
			longjmp(again, (int)(i % 9 + 1));
	}
	for (long i = 0; i < 1000; i++)
		sum += i;
	return sum;
}

int main(int argc, char **argv)
{
	long pairs = argc > 1 ? strtol(argv[1], NULL, 10) : 20000;

	printf("%ld jumps without a loop\n", no_loop(pairs));
	printf("%ld in a loop\n", in_loop(pairs));
	printf("sum %ld\n", exceptions((int)(pairs / 20)));
	printf("thrown %ld, cleaned %ld\n", thrown, cleaned);
	return 0;
}
