/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A product of square matrices of floats. Parts of both are packed so that
 * they stay in a cache, and tiles of the result are summed up in registers.
 *
 * Checked as Freivalds does: C r is A (B r) for random vectors r of +1 and -1.
 */
#include <math.h>

#include "bench.h"

#define SEED    UINT64_C(19790901)
#define TILE_M  4
#define TILE_N  8
#define BLOCK_M 64  /* rows of A in a packed block */
#define BLOCK_K 256 /* columns of A, rows of B */
#define VECTORS 4

/* n is a multiple of both blocks' sides. */
static const struct sgemm_class {
	char name;
	int n;
} classes[] = {
	{ 'S', 256 },
	{ 'W', 1536 },
	{ 'A', 2560 },
};

static float packed_a[BLOCK_M * BLOCK_K];

/* Rows in groups of TILE_M, a column of a group side by side. */
static void pack_a(int n, const float *a)
{
	float *to = packed_a;

	for (int i = 0; i < BLOCK_M; i += TILE_M)
		for (int k = 0; k < BLOCK_K; k++)
			for (int t = 0; t < TILE_M; t++)
				*to++ = a[(i + t) * n + k];
}

/* Columns in groups of TILE_N, a row of a group side by side. */
static void pack_b(int n, const float *b, float *to)
{
	for (int j = 0; j < n; j += TILE_N)
		for (int k = 0; k < BLOCK_K; k++)
			for (int t = 0; t < TILE_N; t++)
				*to++ = b[k * n + j + t];
}

static void multiply_tile(int n, const float *restrict a,
			  const float *restrict b, float *restrict c)
{
	float sum[TILE_M][TILE_N] = { { 0.0f } };

	for (int k = 0; k < BLOCK_K; k++) {
		for (int i = 0; i < TILE_M; i++)
			for (int j = 0; j < TILE_N; j++)
				sum[i][j] += a[i] * b[j];
		a += TILE_M;
		b += TILE_N;
	}
	for (int i = 0; i < TILE_M; i++)
		for (int j = 0; j < TILE_N; j++)
			c[i * n + j] += sum[i][j];
}

/* The packed block of A times the packed rows of B, added to rows of C. */
static void multiply_block(int n, const float *packed_b, float *c)
{
	for (int j = 0; j < n; j += TILE_N)
		for (int i = 0; i < BLOCK_M; i += TILE_M)
			multiply_tile(n, packed_a + i * BLOCK_K,
				      packed_b + j * BLOCK_K, c + i * n + j);
}

static void multiply(int n, const float *a, const float *b, float *c)
{
	float *packed_b =
		bench_allocate((size_t)n * BLOCK_K, sizeof(*packed_b));

	memset(c, 0, sizeof(*c) * (size_t)(n * n));
	for (int k = 0; k < n; k += BLOCK_K) {
		pack_b(n, b + k * n, packed_b);
		for (int i = 0; i < n; i += BLOCK_M) {
			pack_a(n, a + i * n + k);
			multiply_block(n, packed_b, c + i * n);
		}
	}
	free(packed_b);
}

/* y = M x, in doubles. */
static void multiply_vector(int n, const float *m, const double *x, double *y)
{
	for (int i = 0; i < n; i++) {
		double sum = 0.0;

		for (int j = 0; j < n; j++)
			sum += (double)m[i * n + j] * x[j];
		y[i] = sum;
	}
}

/*
 * Rounding moves an element of C by about 2^-24 n / 12, and n of them add up
 * like a random walk. The limit is twelve times that, and far below what one
 * wrong product would change.
 */
static bool verify(int n, const float *a, const float *b, const float *c,
		   uint64_t *seed)
{
	double *r = bench_allocate((size_t)n, sizeof(*r));
	double *br = bench_allocate((size_t)n, sizeof(*br));
	double *abr = bench_allocate((size_t)n, sizeof(*abr));
	double *cr = bench_allocate((size_t)n, sizeof(*cr));
	double limit = 0x1p-24 * n * sqrt(n), worst = 0.0;

	for (int v = 0; v < VECTORS; v++) {
		for (int i = 0; i < n; i++)
			r[i] = bench_random(seed) < 0.5 ? -1.0 : 1.0;
		multiply_vector(n, b, r, br);
		multiply_vector(n, a, br, abr);
		multiply_vector(n, c, r, cr);
		for (int i = 0; i < n; i++)
			worst = fmax(worst, fabs(cr[i] - abr[i]));
	}
	free(r);
	free(br);
	free(abr);
	free(cr);
	printf("largest error %.15e\n", worst);
	return worst < limit;
}

static void fill(int n, float *m, uint64_t *seed)
{
	for (int i = 0; i < n * n; i++)
		m[i] = (float)(bench_random(seed) - 0.5);
}

static const struct sgemm_class *find_class(char name)
{
	const struct sgemm_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct sgemm_class *class =
		find_class(bench_class(argc, argv, "SWA"));
	int n = class->n;
	size_t elements = (size_t)n * (size_t)n;
	float *a = bench_allocate(elements, sizeof(*a));
	float *b = bench_allocate(elements, sizeof(*b));
	float *c = bench_allocate(elements, sizeof(*c));
	uint64_t seed = SEED;
	double seconds, trace = 0.0;
	bool verified;

	fill(n, a, &seed);
	fill(n, b, &seed);
	seconds = bench_seconds();
	multiply(n, a, b, c);
	seconds = bench_seconds() - seconds;
	fprintf(stderr, "%.0f Mflop/s\n", 2e-6 * n * n * n / seconds);

	for (int i = 0; i < n; i++)
		trace += (double)c[i * n + i];
	printf("SGEMM class %c, order %d\n", class->name, n);
	printf("trace         %.15e\n", trace);
	printf("checksum      %016llx\n",
	       (unsigned long long)bench_checksum(c, elements * sizeof(*c)));
	verified = verify(n, a, b, c, &seed);
	free(a);
	free(b);
	free(c);
	return bench_report("SGEMM", class->name, verified, seconds);
}
