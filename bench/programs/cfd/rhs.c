/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The right-hand side: central differences of the fluxes, viscous and
 * artificial diffusion by second differences, and artificial dissipation by
 * fourth differences, which are one-sided next to the faces.
 */
#include "cfd.h"

double cfd_rhs[CFD_POINTS_MAX][CFD_VARS];
double cfd_velocity[3][CFD_POINTS_MAX];
double cfd_inverse[CFD_POINTS_MAX];
double cfd_square[CFD_POINTS_MAX];
double cfd_kinetic[CFD_POINTS_MAX];
static double forcing[CFD_POINTS_MAX][CFD_VARS];

/* How far from the faces at the ends of its line a point is. */
enum place { FIRST, SECOND, MIDDLE, SECOND_LAST, LAST };

static enum place place_of(int i)
{
	if (i < 3)
		return i == 1 ? FIRST : SECOND;
	if (i > cfd_grid.n - 4)
		return i == cfd_grid.n - 2 ? LAST : SECOND_LAST;
	return MIDDLE;
}

static void primitives_set(long first, int count)
{
	for (long p = first; p < first + count; p++) {
		const double *u = cfd_u[p];
		double inverse = 1.0 / u[0];
		double square = 0.5 *
				(u[1] * u[1] + u[2] * u[2] + u[3] * u[3]) *
				inverse;

		for (int c = 0; c < 3; c++)
			cfd_velocity[c][p] = u[1 + c] * inverse;
		cfd_inverse[p] = inverse;
		cfd_square[p] = square;
		cfd_kinetic[p] = square * inverse;
	}
}

static inline double second_difference(const double *a, long s)
{
	return a[s] - 2.0 * a[0] + a[-s];
}

/* Only the points that the place's stencil has are read. */
CFD_SPECIAL double fourth_difference(const double *a, long s, enum place place)
{
	switch (place) {
	case FIRST:
		return 5.0 * a[0] - 4.0 * a[s] + a[2 * s];
	case SECOND:
		return -4.0 * a[-s] + 6.0 * a[0] - 4.0 * a[s] + a[2 * s];
	case MIDDLE:
		return a[-2 * s] - 4.0 * a[-s] + 6.0 * a[0] - 4.0 * a[s] +
		       a[2 * s];
	case SECOND_LAST:
		return a[-2 * s] - 4.0 * a[-s] + 6.0 * a[0] - 4.0 * a[s];
	case LAST:
		return a[-2 * s] - 4.0 * a[-s] + 5.0 * a[0];
	}
	return 0.0;
}

/* The terms that are linear in u, at points of the same place. */
CFD_SPECIAL void linear_add_at(enum place place, int direction, long first,
			       int count)
{
	long s = CFD_VARS * cfd_grid.stride[direction];
	double factor = cfd_diffusivity(direction) * cfd_grid.diffusion;
	const double *restrict u = cfd_u[first];
	double *restrict rhs = cfd_rhs[first];

	for (long q = 0; q < CFD_VARS * (long)count; q++)
		rhs[q] += factor * second_difference(u + q, s) -
			  CFD_DISSIPATION * fourth_difference(u + q, s, place);
}

static void linear_add(enum place place, int direction, long first, int count)
{
	switch (place) {
	case FIRST:
		linear_add_at(FIRST, direction, first, count);
		break;
	case SECOND:
		linear_add_at(SECOND, direction, first, count);
		break;
	case MIDDLE:
		linear_add_at(MIDDLE, direction, first, count);
		break;
	case SECOND_LAST:
		linear_add_at(SECOND_LAST, direction, first, count);
		break;
	case LAST:
		linear_add_at(LAST, direction, first, count);
		break;
	}
}

/* The flux of energy per unit of velocity: energy and pressure. */
static inline double enthalpy(long p)
{
	return CFD_C1 * cfd_u[p][CFD_ENERGY] - CFD_C2 * cfd_square[p];
}

/* Viscosity and the conduction of heat, in the energy's equation. */
CFD_SPECIAL double energy_diffusion(int direction, long p, long s)
{
	const double *v = cfd_velocity[direction];
	double speed =
		v[p + s] * v[p + s] - 2.0 * v[p] * v[p] + v[p - s] * v[p - s];
	double heat = cfd_u[p + s][CFD_ENERGY] * cfd_inverse[p + s] -
		      2.0 * cfd_u[p][CFD_ENERGY] * cfd_inverse[p] +
		      cfd_u[p - s][CFD_ENERGY] * cfd_inverse[p - s];

	return (1.0 - CFD_C1C5) * second_difference(cfd_kinetic + p, s) +
	       1.0 / 6.0 * speed + CFD_C1C5 * heat;
}

/* Fluxes and viscosity along a direction, for a row of points along i. */
CFD_SPECIAL void flux_add(int direction, long first, int count)
{
	long s = cfd_grid.stride[direction];
	double convection = cfd_grid.convection;
	double viscosity = CFD_C3C4 * cfd_grid.diffusion;
	const double *v = cfd_velocity[direction];

	for (long p = first; p < first + count; p++) {
		const double *before = cfd_u[p - s], *after = cfd_u[p + s];
		double *rhs = cfd_rhs[p];

		rhs[0] -= convection *
			  (after[1 + direction] - before[1 + direction]);
		for (int c = 0; c < 3; c++) {
			double flux = after[1 + c] * v[p + s] -
				      before[1 + c] * v[p - s];

			if (c == direction)
				flux += cfd_pressure(p + s) -
					cfd_pressure(p - s);
			rhs[1 + c] +=
				viscosity * cfd_viscosity(direction, c) *
					second_difference(cfd_velocity[c] + p,
							  s) -
				convection * flux;
		}
		rhs[CFD_ENERGY] +=
			viscosity * energy_diffusion(direction, p, s) -
			convection * (enthalpy(p + s) * v[p + s] -
				      enthalpy(p - s) * v[p - s]);
	}
}

/* The row of points (i, j, k), without those on faces. */
static void row_compute(int j, int k)
{
	int inside = cfd_grid.n - 2;
	long first = cfd_index(1, j, k), last = first + inside - 1;

	for (long p = first; p <= last; p++)
		for (int m = 0; m < CFD_VARS; m++)
			cfd_rhs[p][m] = forcing[p][m];
	flux_add(0, first, inside);
	flux_add(1, first, inside);
	flux_add(2, first, inside);
	linear_add(FIRST, 0, first, 1);
	linear_add(SECOND, 0, first + 1, 1);
	linear_add(MIDDLE, 0, first + 2, inside - 4);
	linear_add(SECOND_LAST, 0, last - 1, 1);
	linear_add(LAST, 0, last, 1);
	linear_add(place_of(j), 1, first, inside);
	linear_add(place_of(k), 2, first, inside);
}

void cfd_rhs_compute(void)
{
	int n = cfd_grid.n;

	for (int k = 0; k < n; k++)
		for (int j = 0; j < n; j++)
			primitives_set(cfd_index(0, j, k), n);
	for (int k = 1; k < n - 1; k++)
		for (int j = 1; j < n - 1; j++)
			row_compute(j, k);
}

void cfd_forcing_set(void)
{
	cfd_rhs_compute();
	for (long p = 0; p < cfd_grid.n * cfd_grid.stride[2]; p++)
		for (int m = 0; m < CFD_VARS; m++)
			forcing[p][m] = -cfd_rhs[p][m];
}
