/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The four kernels of McCalpin's STREAM: copy, scale, add and triad, over
 * arrays that do not fit a cache. All elements of an array stay equal, so
 * the same steps on three numbers tell what each must be in the end.
 */
#include <math.h>

#include "bench.h"

#define N_MAX   (1 << 22)
#define SCALAR  3.0
#define KERNELS 4

/* A round multiplies `a` by 15; 200 of them stay below 1e236. */
static const struct stream_class {
	char name;
	int n, rounds;
} classes[] = {
	{ 'S', 1 << 19, 10 },
	{ 'W', N_MAX, 40 },
	{ 'A', N_MAX, 200 },
};

static double a[N_MAX], b[N_MAX], c[N_MAX];

static void init(int n)
{
	for (int i = 0; i < n; i++) {
		a[i] = 2.0;
		b[i] = 2.0;
		c[i] = 0.0;
	}
}

static void copy(int n)
{
	for (int i = 0; i < n; i++)
		c[i] = a[i];
}

static void scale(int n)
{
	for (int i = 0; i < n; i++)
		b[i] = SCALAR * c[i];
}

static void add(int n)
{
	for (int i = 0; i < n; i++)
		c[i] = a[i] + b[i];
}

static void triad(int n)
{
	for (int i = 0; i < n; i++)
		a[i] = b[i] + SCALAR * c[i];
}

/* STREAM reports the best time of each kernel; so many arrays of n doubles
 * go to and from memory in it. */
static const struct kernel {
	const char *name;
	void (*run)(int n);
	int arrays;
} kernels[KERNELS] = {
	{ "copy", copy, 2 },
	{ "scale", scale, 2 },
	{ "add", add, 3 },
	{ "triad", triad, 3 },
};

static void run_rounds(const struct stream_class *class)
{
	double best[KERNELS];

	for (int round = 0; round < class->rounds; round++) {
		for (int k = 0; k < KERNELS; k++) {
			double seconds = bench_seconds();

			kernels[k].run(class->n);
			seconds = bench_seconds() - seconds;
			if (round == 0 || seconds < best[k])
				best[k] = seconds;
		}
	}
	for (int k = 0; k < KERNELS; k++)
		fprintf(stderr, "%-6s %8.0f MB/s\n", kernels[k].name,
			1e-6 * 8.0 * kernels[k].arrays * class->n / best[k]);
}

/* Whether the array is what it must be, on the average. */
static bool check(const char *name, const double *x, int n, double expected)
{
	double sum = 0.0, error = 0.0;

	for (int i = 0; i < n; i++) {
		sum += x[i];
		error += fabs(x[i] - expected);
	}
	error /= n * fabs(expected);
	printf("%s  sum %.15e  error %.15e\n", name, sum, error);
	return error < 1e-13;
}

static bool verify(const struct stream_class *class)
{
	double a1 = 2.0, b1 = 2.0, c1 = 0.0;
	bool right;

	for (int round = 0; round < class->rounds; round++) {
		c1 = a1;
		b1 = SCALAR * c1;
		c1 = a1 + b1;
		a1 = b1 + SCALAR * c1;
	}
	right = check("a", a, class->n, a1);
	right = check("b", b, class->n, b1) && right;
	return check("c", c, class->n, c1) && right;
}

static const struct stream_class *find_class(char name)
{
	const struct stream_class *class = classes;

	while (class->name != name)
		class ++;
	return class;
}

int main(int argc, char **argv)
{
	const struct stream_class *class =
		find_class(bench_class(argc, argv, "SWA"));
	double seconds;

	printf("STREAM class %c, 3 arrays of %d, %d rounds\n", class->name,
	       class->n, class->rounds);
	init(class->n);
	seconds = bench_seconds();
	run_rounds(class);
	seconds = bench_seconds() - seconds;
	return bench_report("STREAM", class->name, verify(class), seconds);
}
