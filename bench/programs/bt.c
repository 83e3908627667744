/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB BT, "block tridiagonal": each time step solves one implicit operator
 * for each direction in turn; its lines are independent systems that are
 * tridiagonal in blocks of 5 x 5.
 */
#include <string.h>

#include "cfd/block.h"
#include "cfd/cfd.h"
#include "npb.h"

static const struct cfd_class classes[] = {
	{ .name = 'S',
	  .n = 12,
	  .steps = 60,
	  .dt = 0.01,
	  .residual = { 1.7034283709541311e-01, 1.2975252070034097e-02,
			3.2527926989486055e-02, 2.6436421275166801e-02,
			1.9211784131744430e-01 },
	  .error = { 4.9976913345811579e-04, 4.5195666782961927e-05,
		     7.3973765172921357e-05, 7.3821238632439731e-05,
		     8.9269630987491446e-04 } },
	{ .name = 'W',
	  .n = 24,
	  .steps = 200,
	  .dt = 0.0008,
	  .residual = { 0.1125590409344e+03, 0.1180007595731e+02,
			0.2710329767846e+02, 0.2469174937669e+02,
			0.2638427874317e+03 },
	  .error = { 0.4419655736008e+01, 0.4638531260002e+00,
		     0.1011551749967e+01, 0.9235878729944e+00,
		     0.1018045837718e+02 } },
	{ .name = 'A',
	  .n = 64,
	  .steps = 200,
	  .dt = 0.0008,
	  .residual = { 1.0806346714637264e+02, 1.1319730901220813e+01,
			2.5974354511582465e+01, 2.3665622544678910e+01,
			2.5278963211748344e+02 },
	  .error = { 4.2348416040525025e+00, 4.4390282496995698e-01,
		     9.6692480136345650e-01, 8.8302063039765474e-01,
		     9.7379901770829278e+00 } },
};

/* Of the line being solved: the blocks right of the diagonal, and the
 * vectors, for the points done. */
static cfd_block done[CFD_N_MAX];

/* y -= a * x */
CFD_SPECIAL void block_subtract(cfd_block y, cfd_block a, cfd_block x)
{
	for (int row = 0; row < CFD_VARS; row++)
		for (int k = 0; k < CFD_VARS; k++)
			for (int column = 0; column < CFD_WIDTH; column++)
				y[row][column] -= a[row][k] * x[k][column];
}

/* One pivot of block_solve(). */
CFD_SPECIAL void pivot_eliminate(cfd_block a, cfd_block x, int pivot)
{
	double inverse = 1.0 / a[pivot][pivot];

	for (int column = pivot + 1; column < CFD_VARS; column++)
		a[pivot][column] *= inverse;
	for (int column = 0; column < CFD_WIDTH; column++)
		x[pivot][column] *= inverse;
	for (int row = 0; row < CFD_VARS; row++) {
		double factor = a[row][pivot];

		if (row == pivot)
			continue;
		for (int column = pivot + 1; column < CFD_VARS; column++)
			a[row][column] -= factor * a[pivot][column];
		for (int column = 0; column < CFD_WIDTH; column++)
			x[row][column] -= factor * x[pivot][column];
	}
}

/* x := a^-1 * x by Gauss-Jordan elimination, without pivoting: the diagonal
 * dominates. Destroys a. */
CFD_SPECIAL void block_solve(cfd_block a, cfd_block x)
{
	pivot_eliminate(a, x, 0);
	pivot_eliminate(a, x, 1);
	pivot_eliminate(a, x, 2);
	pivot_eliminate(a, x, 3);
	pivot_eliminate(a, x, 4);
}

/* The equation of point m, which is at index p: subtracts the point before
 * and divides by the diagonal block. */
CFD_SPECIAL void line_eliminate(int direction, long p, int m)
{
	struct cfd_block_weights w = {
		.viscosity = { cfd_viscosity(direction, 0),
			       cfd_viscosity(direction, 1),
			       cfd_viscosity(direction, 2) },
		.conduction = 1.0,
		.diffusivity = cfd_diffusivity(direction),
	};
	/* The first direction's right-hand side is the change by one step. */
	double scale = direction == 0 ? cfd_grid.dt : 1.0;
	long s = cfd_grid.stride[direction];
	cfd_block diagonal, before;

	cfd_block_diagonal(&w, p, diagonal);
	for (int row = 0; row < CFD_VARS; row++)
		diagonal[row][CFD_VECTOR] = scale * cfd_rhs[p][row];
	if (m > 1) {
		cfd_block_neighbour(direction, -1.0, p - s, before);
		block_subtract(diagonal, before, done[m - 1]);
	}
	cfd_block_neighbour(direction, 1.0, p + s, done[m]);
	for (int row = 0; row < CFD_VARS; row++)
		done[m][row][CFD_VECTOR] = diagonal[row][CFD_VECTOR];
	block_solve(diagonal, done[m]);
}

CFD_SPECIAL void line_solve(int direction, long start)
{
	long s = cfd_grid.stride[direction];
	int last = cfd_grid.n - 2;
	double x[CFD_VARS] = { 0 }; /* nothing changes on the face */

	for (int m = 1; m <= last; m++)
		line_eliminate(direction, start + m * s, m);
	for (int m = last; m > 0; m--) {
		double *to = cfd_rhs[start + m * s];

		for (int row = 0; row < CFD_VARS; row++) {
			double sum = done[m][row][CFD_VECTOR];

			for (int column = 0; column < CFD_VARS; column++)
				sum -= done[m][row][column] * x[column];
			to[row] = sum;
		}
		memcpy(x, to, sizeof(x));
	}
}

static void x_solve(long start)
{
	line_solve(0, start);
}

static void y_solve(long start)
{
	line_solve(1, start);
}

static void z_solve(long start)
{
	long s = cfd_grid.stride[2];

	line_solve(2, start);
	for (int k = 1; k < cfd_grid.n - 1; k++)
		for (int m = 0; m < CFD_VARS; m++)
			cfd_u[start + k * s][m] += cfd_rhs[start + k * s][m];
}

static void bt_step(void)
{
	cfd_each_line(0, x_solve);
	cfd_each_line(1, y_solve);
	cfd_each_line(2, z_solve);
}

int main(int argc, char **argv)
{
	const struct cfd_class *c = cfd_setup(argc, argv, classes);
	double seconds = cfd_march(c, bt_step);

	return bench_report("BT", c->name, cfd_verify("BT", c), seconds);
}
