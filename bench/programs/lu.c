/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB LU: symmetric successive over-relaxation. Each time step goes through
 * the points forward, solving the lower triangle of the implicit operator of
 * all directions, and then backward, solving the upper one, both by 5 x 5
 * blocks.
 */
#include "cfd/block.h"
#include "cfd/cfd.h"
#include "npb.h"

#define OMEGA 1.2
#define SCALE (1.0 / (OMEGA * (2.0 - OMEGA)))

static const struct cfd_class classes[] = {
	{ .name = 'S',
	  .n = 12,
	  .steps = 50,
	  .dt = 0.5,
	  .residual = { 1.6196343210976702e-02, 2.1976745164821318e-03,
			1.5179927653399185e-03, 1.5029584435994323e-03,
			3.4264073155896461e-02 },
	  .error = { 6.4223319957960924e-04, 8.4144342047347926e-05,
		     5.8588269616485186e-05, 5.8474222595157350e-05,
		     1.3103347914111294e-03 } },
	{ .name = 'W',
	  .n = 33,
	  .steps = 300,
	  .dt = 1.5e-3,
	  .residual = { 0.1236511638192e+02, 0.1317228477799e+01,
			0.2550120713095e+01, 0.2326187750252e+01,
			0.2826799444189e+02 },
	  .error = { 0.4867877144216e+00, 0.5064652880982e-01,
		     0.9281818101960e-01, 0.8570126542733e-01,
		     0.1084277417792e+01 } },
	{ .name = 'A',
	  .n = 64,
	  .steps = 250,
	  .dt = 2.0,
	  .residual = { 7.7902107606689367e+02, 6.3402765259692870e+01,
			1.9499249727292479e+02, 1.7845301160418537e+02,
			1.8384760349464247e+03 },
	  .error = { 2.9964085685471943e+01, 2.8194576365003349e+00,
		     7.3473412698774742e+00, 6.7139225687777051e+00,
		     7.0715315688392578e+01 } },
};

/* The official surface integrals, by class. */
static const struct integral {
	char class;
	double value;
} integrals[] = {
	{ 'S', 7.8418928865937083e+00 },
	{ 'W', 0.1161399311023e+02 },
	{ 'A', 2.6030925604886277e+01 },
};

static const struct cfd_block_weights all_directions = {
	.viscosity = { 4.0 / 3.0 + 2.0, 4.0 / 3.0 + 2.0, 4.0 / 3.0 + 2.0 },
	.conduction = 3.0,
	.diffusivity = 0.75 + 0.75 + 1.0,
};

/* y += b * x */
CFD_SPECIAL void block_apply(const cfd_block b, const double *x, double *y)
{
	for (int row = 0; row < CFD_VARS; row++)
		for (int column = CFD_VARS - 1; column >= 0; column--)
			y[row] += b[row][column] * x[column];
}

/* Leaves the inverse on the diagonal. */
CFD_SPECIAL void pivot_eliminate(cfd_block a, int pivot)
{
	double inverse = 1.0 / a[pivot][pivot];

	a[pivot][pivot] = inverse;
	for (int row = pivot + 1; row < CFD_VARS; row++) {
		double factor = inverse * a[row][pivot];

		for (int column = pivot + 1; column < CFD_WIDTH; column++)
			a[row][column] -= factor * a[pivot][column];
	}
}

/* What was found last comes last: each point waits for the one before. */
CFD_SPECIAL void row_substitute(const cfd_block a, double *x, int row)
{
	double sum = a[row][CFD_VECTOR];

	for (int column = CFD_VARS - 1; column > row; column--)
		sum -= a[row][column] * x[column];
	x[row] = sum * a[row][row];
}

/* x = a^-1 times a's vector, by elimination without pivoting: the diagonal
 * dominates. Destroys a. */
CFD_SPECIAL void block_solve(cfd_block a, double *x)
{
	pivot_eliminate(a, 0);
	pivot_eliminate(a, 1);
	pivot_eliminate(a, 2);
	pivot_eliminate(a, 3);
	pivot_eliminate(a, 4);
	row_substitute(a, x, 4);
	row_substitute(a, x, 3);
	row_substitute(a, x, 2);
	row_substitute(a, x, 1);
	row_substitute(a, x, 0);
}

/* Adds the block of p's neighbour along a direction times its change. */
CFD_SPECIAL void neighbour_add(int direction, double side, long p, double *sum)
{
	long s = cfd_grid.stride[direction];
	long from = side > 0.0 ? p + s : p - s;
	cfd_block b;

	cfd_block_neighbour(direction, side, from, b);
	block_apply(b, cfd_rhs[from], sum);
}

/* The same for the three neighbours on a side. */
CFD_SPECIAL void neighbours_sum(double side, long p, double *sum)
{
	for (int m = 0; m < CFD_VARS; m++)
		sum[m] = 0.0;
	neighbour_add(2, side, p, sum);
	neighbour_add(1, side, p, sum);
	neighbour_add(0, side, p, sum);
}

static void lower_solve(long p)
{
	double sum[CFD_VARS];
	cfd_block diagonal;

	neighbours_sum(-1.0, p, sum);
	cfd_block_diagonal(&all_directions, p, diagonal);
	for (int m = 0; m < CFD_VARS; m++)
		diagonal[m][CFD_VECTOR] =
			cfd_grid.dt * cfd_rhs[p][m] - OMEGA * sum[m];
	block_solve(diagonal, cfd_rhs[p]);
}

static void upper_solve(long p)
{
	double sum[CFD_VARS], change[CFD_VARS];
	cfd_block diagonal;

	neighbours_sum(1.0, p, sum);
	cfd_block_diagonal(&all_directions, p, diagonal);
	for (int m = 0; m < CFD_VARS; m++)
		diagonal[m][CFD_VECTOR] = OMEGA * sum[m];
	block_solve(diagonal, change);
	for (int m = 0; m < CFD_VARS; m++)
		cfd_rhs[p][m] -= change[m];
}

static void u_update(void)
{
	int last = cfd_grid.n - 2;

	for (int k = 1; k <= last; k++)
		for (int j = 1; j <= last; j++)
			for (int i = 1; i <= last; i++) {
				long p = cfd_index(i, j, k);

				for (int m = 0; m < CFD_VARS; m++)
					cfd_u[p][m] += SCALE * cfd_rhs[p][m];
			}
}

static void lu_step(void)
{
	int last = cfd_grid.n - 2;

	for (int k = 1; k <= last; k++)
		for (int j = 1; j <= last; j++)
			for (int i = 1; i <= last; i++)
				lower_solve(cfd_index(i, j, k));
	for (int k = last; k > 0; k--)
		for (int j = last; j > 0; j--)
			for (int i = last; i > 0; i--)
				upper_solve(cfd_index(i, j, k));
	u_update();
}

/* The pressure over a face of a box, by the trapezoidal rule; `at` is its
 * first point, a and b its points along the strides sa and sb. */
static double face_integral(long at, int a, long sa, int b, long sb)
{
	double sum = 0.0;

	for (int y = 0; y < b - 1; y++)
		for (int x = 0; x < a - 1; x++) {
			long p = at + x * sa + y * sb;

			sum += cfd_pressure(p) + cfd_pressure(p + sa) +
			       cfd_pressure(p + sb) + cfd_pressure(p + sa + sb);
		}
	return 0.25 * cfd_grid.h * cfd_grid.h * sum;
}

/* The pressure over the six faces of the box the specification chose. */
static double surface_integral(void)
{
	const int n = cfd_grid.n;
	const int first[3] = { 1, 1, 2 }, last[3] = { n - 2, n - 3, n - 2 };
	const long *s = cfd_grid.stride;
	double sum = 0.0;

	for (int d = 0; d < 3; d++) {
		int a = d == 0 ? 1 : 0, b = d == 2 ? 1 : 2;
		long at = first[a] * s[a] + first[b] * s[b];
		int na = last[a] - first[a] + 1, nb = last[b] - first[b] + 1;

		sum += face_integral(at + first[d] * s[d], na, s[a], nb, s[b]);
		sum += face_integral(at + last[d] * s[d], na, s[a], nb, s[b]);
	}
	return sum;
}

static bool integral_check(char class)
{
	const struct integral *expected = integrals;
	double value = surface_integral();

	while (expected->class != class)
		expected++;
	printf("integral    %.15e\n", value);
	return bench_close(value, expected->value, 1e-8);
}

int main(int argc, char **argv)
{
	const struct cfd_class *c = cfd_setup(argc, argv, classes);
	double seconds = cfd_march(c, lu_step);
	bool verified = cfd_verify("LU", c);

	verified &= integral_check(c->name);
	return bench_report("LU", c->name, verified, seconds);
}
