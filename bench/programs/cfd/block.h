/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The blocks of the implicit operator of BT and LU: how the right-hand side
 * at a point depends on u there and at a neighbour, for a time step. The
 * fluxes are linearised; dissipation by fourth differences is left out, and
 * counts on the right-hand side only.
 */
#ifndef BENCH_CFD_BLOCK_H
#define BENCH_CFD_BLOCK_H

#include <string.h>

#include "cfd.h"

/* Beside the 5 x 5 block there is a column for a vector: the right-hand side
 * of a system. Six columns also suit vector registers. The functions that
 * make blocks leave the vector zero. */
#define CFD_VECTOR CFD_VARS
#define CFD_WIDTH  (CFD_VARS + 1)

typedef double cfd_block[CFD_VARS][CFD_WIDTH];

/* The momentum rows of cfd_block_neighbour(). */
CFD_SPECIAL void cfd_block_momentum(int direction, double convection,
				    double viscosity, double diffusion, long p,
				    cfd_block b)
{
	double along = cfd_velocity[direction][p];

	for (int c = 0; c < 3; c++) {
		double v = cfd_velocity[c][p];
		double viscous = viscosity * cfd_viscosity(direction, c);
		double *row = b[1 + c];

		row[0] = viscous * v - convection * along * v;
		row[1 + c] = convection * along - viscous - diffusion;
		if (c != direction) {
			row[1 + direction] = convection * v;
			continue;
		}
		row[0] += convection * CFD_C2 * cfd_kinetic[p];
		for (int a = 0; a < 3; a++)
			if (a != direction)
				row[1 + a] = -convection * CFD_C2 *
					     cfd_velocity[a][p];
		row[1 + direction] += convection * (1.0 - CFD_C2) * along;
		row[CFD_ENERGY] = convection * CFD_C2;
	}
}

/* The energy row of cfd_block_neighbour(). */
CFD_SPECIAL void cfd_block_energy(int direction, double convection,
				  double viscosity, double diffusion, long p,
				  cfd_block b)
{
	double along = cfd_velocity[direction][p];
	double energy = cfd_u[p][CFD_ENERGY] * cfd_inverse[p];
	double conduction = CFD_C1C5 * viscosity;
	double *row = b[CFD_ENERGY];

	row[0] = convection * along *
			 (2.0 * CFD_C2 * cfd_kinetic[p] - CFD_C1 * energy) +
		 conduction * energy;
	for (int c = 0; c < 3; c++) {
		double v = cfd_velocity[c][p];
		double viscous =
			viscosity * cfd_viscosity(direction, c) - conduction;

		row[0] += viscous * v * v;
		row[1 + c] = -convection * CFD_C2 * along * v - viscous * v;
	}
	row[1 + direction] +=
		convection * (CFD_C1 * energy - CFD_C2 * cfd_kinetic[p]);
	row[CFD_ENERGY] = convection * CFD_C1 * along - conduction - diffusion;
}

/* How a point depends on its neighbour p, which comes after it along the
 * direction if side is 1, before it if side is -1. */
CFD_SPECIAL void cfd_block_neighbour(int direction, double side, long p,
				     cfd_block b)
{
	double factor = cfd_grid.dt * cfd_grid.diffusion;
	double convection = side * cfd_grid.dt * cfd_grid.convection;
	double viscosity = factor * CFD_C3C4 * cfd_inverse[p];
	double diffusion = factor * cfd_diffusivity(direction);

	memset(b, 0, sizeof(cfd_block));
	b[0][0] = -diffusion;
	b[0][1 + direction] = convection;
	cfd_block_momentum(direction, convection, viscosity, diffusion, p, b);
	cfd_block_energy(direction, convection, viscosity, diffusion, p, b);
}

/* How strongly u diffuses at a point, along one direction or all three. */
struct cfd_block_weights {
	double viscosity[3];
	double conduction;
	double diffusivity;
};

/* How a point p depends on itself. */
CFD_SPECIAL void cfd_block_diagonal(const struct cfd_block_weights *w, long p,
				    cfd_block b)
{
	double factor = 2.0 * cfd_grid.dt * cfd_grid.diffusion;
	double viscosity = factor * CFD_C3C4 * cfd_inverse[p];
	double conduction = w->conduction * CFD_C1C5 * viscosity;
	double diagonal = 1.0 + factor * w->diffusivity;
	double energy = cfd_u[p][CFD_ENERGY] * cfd_inverse[p];

	memset(b, 0, sizeof(cfd_block));
	b[0][0] = diagonal;
	b[CFD_ENERGY][0] = -conduction * energy;
	for (int c = 0; c < 3; c++) {
		double v = cfd_velocity[c][p];
		double viscous = viscosity * w->viscosity[c];

		b[1 + c][0] = -viscous * v;
		b[1 + c][1 + c] = diagonal + viscous;
		b[CFD_ENERGY][0] -= (viscous - conduction) * v * v;
		b[CFD_ENERGY][1 + c] = (viscous - conduction) * v;
	}
	b[CFD_ENERGY][CFD_ENERGY] = diagonal + conduction;
}

#endif
