/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the NPB applications BT, SP and LU share. All three bring the
 * compressible Navier-Stokes equations on a cube to a steady state, with a
 * forcing term that makes a polynomial the exact solution. Grid, boundary
 * values, right-hand side and norms are the same; they differ in how they
 * solve for the change of one time step.
 *
 * A point (i, j, k) of the grid has the index cfd_index(i, j, k) in each
 * array. The strides follow the class, so that a small class touches little
 * memory. Direction 0 is i, 1 is j, 2 is k.
 */
#ifndef BENCH_CFD_H
#define BENCH_CFD_H

#include <stdbool.h>

/* Density, three momenta, energy. */
#define CFD_VARS   5
#define CFD_ENERGY 4

#define CFD_N_MAX      64
#define CFD_ROW_MAX    (CFD_N_MAX + 1)
#define CFD_POINTS_MAX (CFD_ROW_MAX * CFD_ROW_MAX * CFD_ROW_MAX)

/* The constants of the gas, as the specification names them. */
#define CFD_C1    1.4
#define CFD_C2    0.4
#define CFD_C3C4  0.1
#define CFD_C1C5  1.96
#define CFD_C1345 (CFD_C1C5 * CFD_C3C4)

/* Coefficient of the artificial dissipation by fourth differences. */
#define CFD_DISSIPATION 0.25

/* A function made for each direction: its calls name the direction as a
 * constant, and half of what it computes falls away. */
#define CFD_SPECIAL static inline __attribute__((always_inline))

struct cfd_class {
	char name;
	int n; /* points along an edge */
	int steps;
	double dt;
	double residual[CFD_VARS]; /* the official norms after all steps */
	double error[CFD_VARS];
};

struct cfd_grid {
	int n;
	long stride[3];
	double h; /* distance of two points */
	double dt;
	double convection; /* 1 / 2h: the factor of a first difference */
	double diffusion;  /* 1 / h^2: of a second difference */
};

extern struct cfd_grid cfd_grid;
extern double cfd_u[CFD_POINTS_MAX][CFD_VARS];

/* The rate of change of u, and where the solvers work; zero on the faces. */
extern double cfd_rhs[CFD_POINTS_MAX][CFD_VARS];

/* Of u when cfd_rhs_compute() was last called: velocity, 1 / density, and
 * kinetic energy by volume and by mass. */
extern double cfd_velocity[3][CFD_POINTS_MAX];
extern double cfd_inverse[CFD_POINTS_MAX];
extern double cfd_square[CFD_POINTS_MAX];
extern double cfd_kinetic[CFD_POINTS_MAX];

static inline long cfd_index(int i, int j, int k)
{
	return i + j * cfd_grid.stride[1] + k * cfd_grid.stride[2];
}

static inline double cfd_pressure(long p)
{
	return CFD_C2 * (cfd_u[p][CFD_ENERGY] - cfd_square[p]);
}

/* Artificial diffusion along a direction, the same for all variables. */
static inline double cfd_diffusivity(int direction)
{
	return direction == 2 ? 1.0 : 0.75;
}

/* How strongly velocity component c diffuses along a direction. */
static inline double cfd_viscosity(int direction, int c)
{
	return c == direction ? 4.0 / 3.0 : 1.0;
}

/*
 * Calls solve(start) for each line of the interior along a direction. The
 * line's points are start + m * stride[direction], 0 <= m < n, the first and
 * the last of them on faces.
 */
static inline void cfd_each_line(int direction, void (*solve)(long start))
{
	long inner = cfd_grid.stride[direction == 0 ? 1 : 0];
	long outer = cfd_grid.stride[direction == 2 ? 1 : 2];

	for (int b = 1; b < cfd_grid.n - 1; b++)
		for (int a = 1; a < cfd_grid.n - 1; a++)
			solve(b * outer + a * inner);
}

/* The class the command line asks for, with its grid set up. */
const struct cfd_class *cfd_setup(int argc, char **argv,
				  const struct cfd_class *classes);

/* From the initial values, all steps. Before each call of step(), cfd_rhs
 * and what belongs to it are up to date; it must add the change to cfd_u.
 * Returns the seconds it took. */
double cfd_march(const struct cfd_class *c, void (*step)(void));

/* Prints the norms of residual and error; true if both are the official
 * ones. */
bool cfd_verify(const char *kernel, const struct cfd_class *c);

/* Sets cfd_u to the exact solution, or to the initial values: exact on the
 * faces and interpolated between them. */
void cfd_field_exact(void);
void cfd_field_initial(void);

/* To be called once, when cfd_u is exact: from then on cfd_rhs_compute()
 * includes the forcing that keeps it so. */
void cfd_forcing_set(void);

void cfd_rhs_compute(void);

#endif
