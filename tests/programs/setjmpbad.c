/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: setjmpbad unset | returned
 *
 * Jumps that C does not define.
 */
#include <setjmp.h>
#include <stdio.h>
#include <string.h>

static jmp_buf buffer;

__attribute__((noinline)) static int mark(int n)
{
	volatile int x[10];

	x[n] = n;
	if (setjmp(buffer))
		printf("came back\n");
	return x[n];
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "returned") == 0)
		mark(3);
	longjmp(buffer, 1);
}
