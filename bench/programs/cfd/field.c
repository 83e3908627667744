/* SPDX-License-Identifier: Apache-2.0 */
/* The fields at the beginning, the march, and the verification. */
#include <math.h>

#include "../npb.h"
#include "cfd.h"

#define EPSILON 1e-8

struct cfd_grid cfd_grid;
double cfd_u[CFD_POINTS_MAX][CFD_VARS];

/* The exact solution: for each variable a constant and then, power by power
 * from the first to the fourth, the coefficients of x, y and z. */
static const double exact_coefficients[CFD_VARS][13] = {
	{ 2.0, 0.0, 0.0, 4.0, 5.0, 3.0, 0.5, 0.02, 0.01, 0.03, 0.5, 0.4, 0.3 },
	{ 1.0, 0.0, 0.0, 0.0, 1.0, 2.0, 3.0, 0.01, 0.03, 0.02, 0.4, 0.3, 0.5 },
	{ 2.0, 2.0, 0.0, 0.0, 0.0, 2.0, 3.0, 0.04, 0.03, 0.05, 0.3, 0.5, 0.4 },
	{ 2.0, 2.0, 0.0, 0.0, 0.0, 2.0, 3.0, 0.03, 0.05, 0.04, 0.2, 0.1, 0.3 },
	{ 5.0, 4.0, 3.0, 2.0, 0.1, 0.4, 0.3, 0.05, 0.04, 0.03, 0.1, 0.3, 0.2 },
};

static double exact(int variable, const double x[3])
{
	const double *c = exact_coefficients[variable];
	double value = c[0];

	for (int d = 0; d < 3; d++) {
		double power = c[10 + d];

		for (int at = 7; at > 0; at -= 3)
			power = power * x[d] + c[at + d];
		value += power * x[d];
	}
	return value;
}

/* Transfinite interpolation from the six faces. */
static double interpolated(int variable, const double x[3])
{
	double p[3];

	for (int d = 0; d < 3; d++) {
		double face[3] = { x[0], x[1], x[2] };

		face[d] = 1.0;
		p[d] = x[d] * exact(variable, face);
		face[d] = 0.0;
		p[d] += (1.0 - x[d]) * exact(variable, face);
	}
	return p[0] + p[1] + p[2] - p[0] * p[1] - p[0] * p[2] - p[1] * p[2] +
	       p[0] * p[1] * p[2];
}

static bool on_face(int i)
{
	return i == 0 || i == cfd_grid.n - 1;
}

static void field_set(double (*inside)(int variable, const double x[3]))
{
	for (int k = 0; k < cfd_grid.n; k++)
		for (int j = 0; j < cfd_grid.n; j++)
			for (int i = 0; i < cfd_grid.n; i++) {
				double x[3] = { i * cfd_grid.h, j * cfd_grid.h,
						k * cfd_grid.h };
				bool face =
					on_face(i) || on_face(j) || on_face(k);
				double *u = cfd_u[cfd_index(i, j, k)];

				for (int m = 0; m < CFD_VARS; m++)
					u[m] = face ? exact(m, x)
						    : inside(m, x);
			}
}

void cfd_field_exact(void)
{
	field_set(exact);
}

void cfd_field_initial(void)
{
	field_set(interpolated);
}

const struct cfd_class *cfd_setup(int argc, char **argv,
				  const struct cfd_class *classes)
{
	char name = bench_class(argc, argv, "SWA");
	const struct cfd_class *c = classes;

	while (c->name != name)
		c++;
	cfd_grid.n = c->n;
	cfd_grid.dt = c->dt;
	cfd_grid.h = 1.0 / (c->n - 1);
	cfd_grid.convection = 1.0 / (2.0 * cfd_grid.h);
	cfd_grid.diffusion = 1.0 / (cfd_grid.h * cfd_grid.h);

	/* Odd, so that a line along k does not fall on few cache sets. */
	cfd_grid.stride[0] = 1;
	cfd_grid.stride[1] = c->n | 1;
	cfd_grid.stride[2] = cfd_grid.stride[1] * cfd_grid.stride[1];
	return c;
}

double cfd_march(const struct cfd_class *c, void (*step)(void))
{
	double start;

	cfd_field_exact();
	cfd_forcing_set();

	/* One untimed step touches all memory. */
	cfd_field_initial();
	cfd_rhs_compute();
	step();
	cfd_field_initial();

	start = bench_seconds();
	for (int i = 0; i < c->steps; i++) {
		cfd_rhs_compute();
		step();
	}
	return bench_seconds() - start;
}

static void add_squares(double sum[CFD_VARS], const double error[CFD_VARS])
{
	for (int m = 0; m < CFD_VARS; m++)
		sum[m] += error[m] * error[m];
}

/* The root mean squares of cfd_rhs and of u's error. On the faces both are
 * zero. */
static void norms(double residual[CFD_VARS], double error[CFD_VARS])
{
	int end = cfd_grid.n - 1;
	double points = pow(cfd_grid.n - 2, 3.0);

	for (int k = 1; k < end; k++)
		for (int j = 1; j < end; j++)
			for (int i = 1; i < end; i++) {
				double x[3] = { i * cfd_grid.h, j * cfd_grid.h,
						k * cfd_grid.h };
				long p = cfd_index(i, j, k);
				double e[CFD_VARS];

				for (int m = 0; m < CFD_VARS; m++)
					e[m] = cfd_u[p][m] - exact(m, x);
				add_squares(error, e);
				add_squares(residual, cfd_rhs[p]);
			}
	for (int m = 0; m < CFD_VARS; m++) {
		residual[m] = sqrt(residual[m] / points);
		error[m] = sqrt(error[m] / points);
	}
}

static bool norms_check(const char *title, const double value[CFD_VARS],
			const double expected[CFD_VARS])
{
	bool good = true;

	for (int m = 0; m < CFD_VARS; m++) {
		printf("%s %d  %.15e\n", title, m + 1, value[m]);
		good &= bench_close(value[m], expected[m], EPSILON);
	}
	return good;
}

bool cfd_verify(const char *kernel, const struct cfd_class *c)
{
	double residual[CFD_VARS] = { 0 }, error[CFD_VARS] = { 0 };
	bool good;

	cfd_rhs_compute();
	norms(residual, error);
	printf("%s class %c, %d x %d x %d points, %d steps\n", kernel, c->name,
	       c->n, c->n, c->n, c->steps);
	good = norms_check("residual", residual, c->residual);
	return norms_check("error   ", error, c->error) && good;
}
