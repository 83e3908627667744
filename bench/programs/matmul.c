/* SPDX-License-Identifier: Apache-2.0 */
/* A product of square matrices in blocks that fit a small cache. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK 32

static void fill(double *m, int n, int seed)
{
	for (int i = 0; i < n * n; i++)
		m[i] = (double)((i * 7 + seed) % 101) / 64.0 - 0.75;
}

static void multiply_block(int n, const double *a, const double *b, double *c)
{
	for (int i = 0; i < BLOCK; i++) {
		for (int k = 0; k < BLOCK; k++) {
			double factor = a[i * n + k];

			for (int j = 0; j < BLOCK; j++)
				c[i * n + j] += factor * b[k * n + j];
		}
	}
}

static void multiply(int n, const double *a, const double *b, double *c)
{
	memset(c, 0, sizeof(*c) * (size_t)(n * n));
	for (int i = 0; i < n; i += BLOCK)
		for (int k = 0; k < n; k += BLOCK)
			for (int j = 0; j < n; j += BLOCK)
				multiply_block(n, a + i * n + k, b + k * n + j,
					       c + i * n + j);
}

/* FNV-1a over the bit patterns: any changed bit shows. */
static uint64_t checksum(const double *m, int n)
{
	uint64_t sum = UINT64_C(0xcbf29ce484222325);

	for (int i = 0; i < n * n; i++) {
		uint64_t bits;

		memcpy(&bits, &m[i], sizeof(bits));
		for (int shift = 0; shift < 64; shift += 8)
			sum = (sum ^ (bits >> shift & 0xff)) *
			      UINT64_C(0x100000001b3);
	}
	return sum;
}

int main(int argc, char **argv)
{
	char class = argc > 1 ? argv[1][0] : 'S';
	int n = class == 'S' ? 128 : class == 'W' ? 512 : 1024;
	double *a = malloc(sizeof(*a) * (size_t)(n * n));
	double *b = malloc(sizeof(*b) * (size_t)(n * n));
	double *c = malloc(sizeof(*c) * (size_t)(n * n));
	double trace = 0.0;

	if (!strchr("SWA", class) || !a || !b || !c) {
		fprintf(stderr, "usage: %s [S|W|A]\n", argv[0]);
		return 2;
	}
	fill(a, n, 3);
	fill(b, n, 50);
	multiply(n, a, b, c);
	for (int i = 0; i < n; i++)
		trace += c[i * n + i];
	printf("matmul %d: trace %.17g, checksum %016llx\n", n, trace,
	       (unsigned long long)checksum(c, n));
	free(a);
	free(b);
	free(c);
	return 0;
}
