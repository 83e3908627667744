/* SPDX-License-Identifier: Apache-2.0 */
/* A jump to a function with very many values and calls, which the compiler
 * treats in another way. */
#include <setjmp.h>
#include <stdio.h>

static jmp_buf out;

__attribute__((noinline)) static unsigned next(unsigned x, int code)
{
	volatile unsigned y = x;

	for (int i = 0; i < 3; i++)
		y = y * 1664525 + 1013904223;
	if (code && y % 5 == 0)
		longjmp(out, code);
	return y >> 3;
}

#define EACH(op)                                                               \
	op(0) op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10)     \
		op(11) op(12) op(13) op(14) op(15) op(16) op(17) op(18) op(19) \
			op(20) op(21) op(22) op(23) op(24) op(25) op(26)       \
				op(27) op(28) op(29) op(30) op(31)

#define MAKE(n)                            \
	unsigned v##n = next(seed + n, 0); \
	double d##n = v##n / 16.0;
#define AGAIN(n) volatile unsigned w##n = next(v##n, 0);
#define RISK(n)              \
	if (at == n && ++at) \
		w##n += next(v##n + w##n, n + 1);
#define SUM(n) sum += v##n * d##n + w##n;

static double large(unsigned seed)
{
	volatile double sum = 0;
	volatile int at = 0, thrown = 0;
	int code;

	EACH(MAKE)
	EACH(AGAIN)
	code = setjmp(out);
	if (code) {
		thrown += code;
		sum += code;
	}
	EACH(RISK)
	EACH(SUM)
	printf("thrown %d, at %d\n", thrown, at);
	return sum;
}

int main(void)
{
	for (unsigned seed = 0; seed < 5; seed++)
		printf("%.10g\n", large(seed));
	return 0;
}
