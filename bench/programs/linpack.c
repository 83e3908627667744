/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The LINPACK benchmark: a dense system A x = b by Gaussian elimination with
 * partial pivoting, column by column, where b is the sum of A's columns, so
 * that x is all ones. The normalised residual says whether it is solved.
 */
#include <float.h>
#include <math.h>

#include "bench.h"

#define N_MAX 1999
#define LD    2001 /* from one column to the next; odd, for the cache */

/*
 * An odd n for the largest: the generator has a period of 2^14, so columns
 * of an even length would repeat.
 */
static const struct linpack_class {
	char name;
	int n;
} classes[] = {
	{ 'S', 300 },
	{ 'W', 999 },
	{ 'A', N_MAX },
};

static double a[N_MAX][LD]; /* a[column][row] */
static double b[N_MAX], x[N_MAX];
static int pivot[N_MAX];

/* As LINPACK's: A is drawn from (-2, 2); returns the largest element. */
static double make_system(int n)
{
	int state = 1325;
	double largest = 0.0;

	for (int i = 0; i < n; i++)
		b[i] = 0.0;
	for (int column = 0; column < n; column++) {
		for (int row = 0; row < n; row++) {
			state = 3125 * state % 65536;
			a[column][row] = (state - 32768.0) / 16384.0;
			largest = fmax(largest, fabs(a[column][row]));
			b[row] += a[column][row];
		}
	}
	return largest;
}

static void add_scaled(int n, double factor, const double *restrict from,
		       double *restrict to)
{
	for (int i = 0; i < n; i++)
		to[i] += factor * from[i];
}

static void scale(int n, double factor, double *v)
{
	for (int i = 0; i < n; i++)
		v[i] *= factor;
}

static int index_of_largest(int n, const double *v)
{
	int at = 0;

	for (int i = 1; i < n; i++)
		if (fabs(v[i]) > fabs(v[at]))
			at = i;
	return at;
}

static void swap(double *p, double *q)
{
	double t = *p;

	*p = *q;
	*q = t;
}

/* A = L U in place, L's columns with the opposite sign; false if a column
 * has no pivot. */
static bool factorise(int n)
{
	for (int k = 0; k < n; k++) {
		double *column = a[k];
		int below = n - k - 1;

		pivot[k] = k + index_of_largest(n - k, column + k);
		if (column[pivot[k]] == 0.0)
			return false;
		swap(&column[k], &column[pivot[k]]);
		scale(below, -1.0 / column[k], column + k + 1);
		for (int j = k + 1; j < n; j++) {
			swap(&a[j][k], &a[j][pivot[k]]);
			add_scaled(below, a[j][k], column + k + 1,
				   a[j] + k + 1);
		}
	}
	return true;
}

/* Puts the solution into x, given L U and b there. */
static void solve(int n)
{
	for (int k = 0; k < n - 1; k++) {
		swap(&x[k], &x[pivot[k]]);
		add_scaled(n - k - 1, x[k], a[k] + k + 1, x + k + 1);
	}
	for (int k = n - 1; k >= 0; k--) {
		x[k] /= a[k][k];
		add_scaled(k, -x[k], a[k], x);
	}
}

static double largest_of(int n, const double *v)
{
	return fabs(v[index_of_largest(n, v)]);
}

/* The largest sum of the absolute values in a row. */
static double matrix_norm(int n)
{
	double largest = 0.0;

	for (int row = 0; row < n; row++) {
		double sum = 0.0;

		for (int column = 0; column < n; column++)
			sum += fabs(a[column][row]);
		largest = fmax(largest, sum);
	}
	return largest;
}

/* Makes A and b anew. LINPACK's own residual has no limit; HPL's should be
 * below 16. */
static bool verify(int n)
{
	double largest = make_system(n);
	double x_norm = largest_of(n, x), b_norm = largest_of(n, b);
	double residual, scaled;

	for (int column = 0; column < n; column++)
		add_scaled(n, -x[column], a[column], b);
	residual = largest_of(n, b);
	scaled = residual /
		 (DBL_EPSILON * n * (matrix_norm(n) * x_norm + b_norm));
	printf("normalised residual %.15e\n",
	       residual / (DBL_EPSILON * n * largest * x_norm));
	printf("HPL's residual      %.15e\n", scaled);
	return scaled < 16.0;
}

static const struct linpack_class *find_class(char name)
{
	const struct linpack_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct linpack_class *c =
		find_class(bench_class(argc, argv, "SWA"));
	double seconds, operations, error = 0.0;
	int n = c->n;
	bool regular, verified;

	make_system(n);
	memcpy(x, b, sizeof(x));
	seconds = bench_seconds();
	regular = factorise(n);
	if (regular)
		solve(n);
	seconds = bench_seconds() - seconds;
	operations = 2.0 * n * n * n / 3.0 + 2.0 * n * n;
	fprintf(stderr, "%.0f Mflop/s\n", 1e-6 * operations / seconds);

	printf("LINPACK class %c, order %d\n", c->name, n);
	verified = verify(n) && regular;
	for (int i = 0; i < n; i++)
		error = fmax(error, fabs(x[i] - 1.0));
	printf("largest error       %.15e\n", error);
	printf("checksum            %016llx\n",
	       (unsigned long long)bench_checksum(x, (size_t)n * sizeof(*x)));
	return bench_report("LINPACK", c->name, verified, seconds);
}
