/* SPDX-License-Identifier: Apache-2.0 */
/* setjmp and longjmp, as programs use them: errors thrown out of recursion,
 * and retries. */
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>

static jmp_buf on_error;

/* Throws from somewhere deep when the sum of the path gets too large. */
static int descend(int depth, int sum)
{
	volatile int keep = depth;

	if (sum > 1000)
		longjmp(on_error, depth + 1);
	if (depth == 0)
		return sum;
	sum = descend(depth - 1, sum * 3 % 257 + depth);
	return sum + keep % 2;
}

int main(void)
{
	volatile int thrown = 0, finished = 0;
	volatile long total = 0;

	for (volatile int i = 0; i < 300; i++) {
		int code = setjmp(on_error);

		if (code) {
			thrown++;
			total += code;
			continue;
		}
		total += descend(i % 50, i % 3 ? i : 1001 + i);
		finished++;
	}
	printf("thrown %d, finished %d, total %ld\n", thrown, finished, total);
	return 0;
}
