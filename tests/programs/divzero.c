/* SPDX-License-Identifier: Apache-2.0 */
/* Divides by zero; with an argument, the smallest integer by -1. */
#include <limits.h>
#include <stdio.h>

static int divide(int a, int b)
{
	return a / b;
}

int main(int argc, char **argv)
{
	volatile int a = argc > 1 ? INT_MIN : 42, b = argc > 1 ? -1 : 0;

	puts("before");
	fflush(stdout);
	printf("after %d\n", divide(a, b));
	return 0;
}
