/* SPDX-License-Identifier: Apache-2.0 */
/* Values wider than a register, live over calls: vectors, complex numbers,
 * 128-bit integers, structs. */
#include <complex.h>
#include <stdio.h>

typedef float lanes __attribute__((vector_size(32)));
typedef unsigned __int128 number;

struct both {
	lanes v;
	number n;
};

static struct both down(int depth, lanes v, double complex z, number n)
{
	lanes twice = v + v;
	number square = n * n + (number)depth;
	struct both inner = { v, n };

	if (depth > 0) {
		inner = down(depth - 1, twice, z * (1 + I), square);
		twice += inner.v + (float)creal(z);
	}
	inner = depth % 2 ? down(0, inner.v, z, square) : inner;
	for (int k = 0; k < 8; k++)
		twice[k] = twice[k] / 64 + inner.v[7 - k] / 8 + (float)cimag(z);
	return (struct both){ twice, square ^ inner.n };
}

int main(void)
{
	lanes v = { 1, -2, 3.5f, 4, -5.25f, 6, 7, 8 };
	struct both b = { v, 12345 };

	for (int k = 0; k < 40; k++) {
		b = down(12, b.v * 0.0001f, k - 2.5 * I, b.n + 1);
		printf("%016llx%016llx", (unsigned long long)(b.n >> 64),
		       (unsigned long long)b.n);
		for (int i = 0; i < 8; i++)
			printf(" %a", b.v[i]);
		printf("\n");
	}
	return 0;
}
