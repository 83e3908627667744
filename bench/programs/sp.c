/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB SP, "scalar pentadiagonal": as BT, but the operator of each direction
 * is diagonalised first. The change is transformed to the directions'
 * characteristic variables, in which a line is five scalar systems. The
 * dissipation is implicit too, so they are pentadiagonal.
 */
#include <math.h>

#include "cfd/cfd.h"
#include "npb.h"

static const struct cfd_class classes[] = {
	{ .name = 'S',
	  .n = 12,
	  .steps = 100,
	  .dt = 0.015,
	  .residual = { 2.7470315451339479e-02, 1.0360746705285417e-02,
			1.6235745065095532e-02, 1.5840557224455615e-02,
			3.4849040609362460e-02 },
	  .error = { 2.7289258557377227e-05, 1.0364446640837285e-05,
		     1.6154798287166471e-05, 1.5750704994480102e-05,
		     3.4177666183390531e-05 } },
	{ .name = 'W',
	  .n = 36,
	  .steps = 400,
	  .dt = 0.0015,
	  .residual = { 0.1893253733584e-02, 0.1717075447775e-03,
			0.2778153350936e-03, 0.2887475409984e-03,
			0.3143611161242e-02 },
	  .error = { 0.7542088599534e-04, 0.6512852253086e-05,
		     0.1049092285688e-04, 0.1128838671535e-04,
		     0.1212845639773e-03 } },
	{ .name = 'A',
	  .n = 64,
	  .steps = 400,
	  .dt = 0.0015,
	  .residual = { 2.4799822399300195e+00, 1.1276337964368832e+00,
			1.5028977888770491e+00, 1.4217816211695179e+00,
			2.1292113035138280e+00 },
	  .error = { 1.0900140297820550e-04, 3.7343951769282091e-05,
		     5.0092785406541633e-05, 4.7671093939528255e-05,
		     1.3621613399213001e-04 } },
};

#define SQRT_HALF 0.70710678118654752440

static double sound[CFD_POINTS_MAX]; /* the speed of sound */

/* The line being solved. The first three variables travel with the flow and
 * have one matrix, the others with the flow and sound along or against it.
 * Column 2 of a matrix is the diagonal. The two rows behind a line's last
 * stay zero, so that elimination need not stop short. */
enum wave { FLOW, WITH_SOUND, AGAINST_SOUND, WAVES };

static double matrix[CFD_N_MAX + 1][WAVES][5];
static double vector[CFD_N_MAX + 1][CFD_VARS];

static const struct wave_vars {
	int first, end;
} wave_vars[WAVES] = { { 0, 3 }, { 3, 4 }, { 4, 5 } };

static void sound_set(void)
{
	int n = cfd_grid.n;

	for (int k = 0; k < n; k++)
		for (int j = 0; j < n; j++) {
			long first =
				j * cfd_grid.stride[1] + k * cfd_grid.stride[2];

			for (long p = first; p < first + n; p++)
				sound[p] = sqrt(
					CFD_C1 * CFD_C2 * cfd_inverse[p] *
					(cfd_u[p][CFD_ENERGY] - cfd_square[p]));
		}
}

/* The equations of point m, without dissipation. */
CFD_SPECIAL void matrix_convect(int direction, long start, int m)
{
	long s = cfd_grid.stride[direction];
	long p = start + m * s;
	const double *v = cfd_velocity[direction];
	double convection = cfd_grid.dt * cfd_grid.convection;
	double diffusion = cfd_grid.dt * cfd_grid.diffusion;
	/* The largest diffusivity of all variables: the energy's. */
	double constant = diffusion * cfd_diffusivity(direction);
	double variable = diffusion * CFD_C1C5 * CFD_C3C4;
	double before = -convection * v[p - s] - constant -
			variable * cfd_inverse[p - s];
	double after = convection * v[p + s] - constant -
		       variable * cfd_inverse[p + s];
	double diagonal = 1.0 + 2.0 * (constant + variable * cfd_inverse[p]);

	for (int w = 0; w < WAVES; w++) {
		double sign = w == FLOW ? 0.0 : w == WITH_SOUND ? 1.0 : -1.0;
		double *row = matrix[m][w];

		row[0] = 0.0;
		row[1] = before - sign * convection * sound[p - s];
		row[2] = diagonal;
		row[3] = after + sign * convection * sound[p + s];
		row[4] = 0.0;
	}
}

static inline void matrix_add(int m, const double stencil[5])
{
	double factor = cfd_grid.dt * CFD_DISSIPATION;

	for (int w = 0; w < WAVES; w++)
		for (int c = 0; c < 5; c++)
			matrix[m][w][c] += factor * stencil[c];
}

static void matrix_dissipate(void)
{
	static const double first[] = { 0.0, 0.0, 5.0, -4.0, 1.0 };
	static const double second[] = { 0.0, -4.0, 6.0, -4.0, 1.0 };
	static const double middle[] = { 1.0, -4.0, 6.0, -4.0, 1.0 };
	static const double second_last[] = { 1.0, -4.0, 6.0, -4.0, 0.0 };
	static const double last[] = { 1.0, -4.0, 5.0, 0.0, 0.0 };
	int n = cfd_grid.n;

	matrix_add(1, first);
	matrix_add(2, second);
	for (int m = 3; m < n - 3; m++)
		matrix_add(m, middle);
	matrix_add(n - 3, second_last);
	matrix_add(n - 2, last);
}

/* Subtracts row m times row[at] from a later row. */
CFD_SPECIAL void row_subtract(int m, int later, enum wave w, int at)
{
	double factor = matrix[later][w][at];

	matrix[later][w][at + 1] -= factor * matrix[m][w][3];
	matrix[later][w][at + 2] -= factor * matrix[m][w][4];
	for (int v = wave_vars[w].first; v < wave_vars[w].end; v++)
		vector[later][v] -= factor * vector[m][v];
}

CFD_SPECIAL void row_eliminate(int m, enum wave w)
{
	double inverse = 1.0 / matrix[m][w][2];

	matrix[m][w][3] *= inverse;
	matrix[m][w][4] *= inverse;
	for (int v = wave_vars[w].first; v < wave_vars[w].end; v++)
		vector[m][v] *= inverse;
	row_subtract(m, m + 1, w, 1);
	row_subtract(m, m + 2, w, 0);
}

CFD_SPECIAL void row_substitute(int m, enum wave w)
{
	for (int v = wave_vars[w].first; v < wave_vars[w].end; v++)
		vector[m][v] -= matrix[m][w][3] * vector[m + 1][v] +
				matrix[m][w][4] * vector[m + 2][v];
}

/* Solves the systems of a line. */
static void line_solve(void)
{
	int last = cfd_grid.n - 2;

	for (int m = 1; m <= last; m++) {
		row_eliminate(m, FLOW);
		row_eliminate(m, WITH_SOUND);
		row_eliminate(m, AGAINST_SOUND);
	}
	for (int m = last; m > 0; m--) {
		row_substitute(m, FLOW);
		row_substitute(m, WITH_SOUND);
		row_substitute(m, AGAINST_SOUND);
	}
}

CFD_SPECIAL void direction_solve(int direction, long start)
{
	for (int m = 1; m < cfd_grid.n - 1; m++)
		matrix_convect(direction, start, m);
	matrix_dissipate();
	line_solve();
}

/* From the change of u to the characteristic variables of direction 0. */
static inline void to_characteristic(long p, const double *change, double *r)
{
	double c = sound[p], inverse = cfd_inverse[p];
	double x = cfd_velocity[0][p], y = cfd_velocity[1][p];
	double z = cfd_velocity[2][p];
	double entropy = CFD_C2 / (c * c) *
			 (cfd_kinetic[p] * change[0] - x * change[1] -
			  y * change[2] - z * change[3] + change[CFD_ENERGY]);
	double along = SQRT_HALF * inverse * (x * change[0] - change[1]);
	double pressure = SQRT_HALF * inverse * c * entropy;

	r[0] = change[0] - entropy;
	r[1] = -inverse * (z * change[0] - change[3]);
	r[2] = inverse * (y * change[0] - change[2]);
	r[3] = pressure - along;
	r[4] = pressure + along;
}

/* From the characteristic variables of direction 2 to the change of u. */
static inline void from_characteristic(long p, const double *r, double *change)
{
	double c = sound[p], density = cfd_u[p][0];
	double x = cfd_velocity[0][p], y = cfd_velocity[1][p];
	double z = cfd_velocity[2][p];
	double pressure = SQRT_HALF * density / c * (r[3] + r[4]);
	double along = SQRT_HALF * density * (r[3] - r[4]);
	double mass = r[2] + pressure;

	change[0] = mass;
	change[1] = x * mass - density * r[1];
	change[2] = y * mass + density * r[0];
	change[3] = z * mass + along;
	change[CFD_ENERGY] = density * (y * r[0] - x * r[1]) +
			     cfd_kinetic[p] * mass + c * c / CFD_C2 * pressure +
			     z * along;
}

static void x_solve(long start)
{
	for (int m = 1; m < cfd_grid.n - 1; m++) {
		double change[CFD_VARS];

		for (int v = 0; v < CFD_VARS; v++)
			change[v] = cfd_grid.dt * cfd_rhs[start + m][v];
		to_characteristic(start + m, change, vector[m]);
	}
	direction_solve(0, start);
	for (int m = 1; m < cfd_grid.n - 1; m++) {
		const double *r = vector[m];
		double *to = cfd_rhs[start + m];
		double across = SQRT_HALF * r[2];
		double mean = 0.5 * (r[3] + r[4]);

		to[0] = -r[1];
		to[1] = r[0];
		to[2] = SQRT_HALF * (r[3] - r[4]);
		to[3] = mean - across;
		to[4] = mean + across;
	}
}

static inline void vector_load(long start, long s)
{
	for (int m = 1; m < cfd_grid.n - 1; m++)
		for (int v = 0; v < CFD_VARS; v++)
			vector[m][v] = cfd_rhs[start + m * s][v];
}

static void y_solve(long start)
{
	long s = cfd_grid.stride[1];

	vector_load(start, s);
	direction_solve(1, start);
	for (int m = 1; m < cfd_grid.n - 1; m++) {
		const double *r = vector[m];
		double *to = cfd_rhs[start + m * s];
		double across = SQRT_HALF * r[0];
		double mean = 0.5 * (r[3] + r[4]);

		to[0] = SQRT_HALF * (r[3] - r[4]);
		to[1] = -r[2];
		to[2] = r[1];
		to[3] = mean - across;
		to[4] = mean + across;
	}
}

static void z_solve(long start)
{
	long s = cfd_grid.stride[2];

	vector_load(start, s);
	direction_solve(2, start);
	for (int m = 1; m < cfd_grid.n - 1; m++) {
		double change[CFD_VARS];

		from_characteristic(start + m * s, vector[m], change);
		for (int v = 0; v < CFD_VARS; v++)
			cfd_u[start + m * s][v] += change[v];
	}
}

static void sp_step(void)
{
	sound_set();
	cfd_each_line(0, x_solve);
	cfd_each_line(1, y_solve);
	cfd_each_line(2, z_solve);
}

int main(int argc, char **argv)
{
	const struct cfd_class *c = cfd_setup(argc, argv, classes);
	double seconds = cfd_march(c, sp_step);

	return bench_report("SP", c->name, cfd_verify("SP", c), seconds);
}
