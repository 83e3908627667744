/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Random numbers that are the same everywhere: a simulation is repeatable by
 * its seed. xorshift64* (Vigna, "An experimental exploration of Marsaglia's
 * xorshift generators, scrambled", 2016).
 */
#ifndef HEXO_SIM_RANDOM_H
#define HEXO_SIM_RANDOM_H

#include <math.h>
#include <stdint.h>

struct sim_random {
	uint64_t state;
};

static inline struct sim_random sim_random_make(uint64_t seed)
{
	/* Never 0, and small seeds differ in all bits. */
	return (struct sim_random){ (seed + 1) * 0x9e3779b97f4a7c15 | 1 };
}

/* Uniform in (0, 1). */
static inline double sim_uniform(struct sim_random *r)
{
	r->state ^= r->state >> 12;
	r->state ^= r->state << 25;
	r->state ^= r->state >> 27;
	return ((double)((r->state * 0x2545f4914f6cdd1d) >> 12) + 0.5) *
	       0x1p-52;
}

static inline double sim_exponential(struct sim_random *r)
{
	return -log(sim_uniform(r));
}

/* Box and Muller's. */
static inline double sim_normal(struct sim_random *r)
{
	double radius = sqrt(-2 * log(sim_uniform(r)));

	return radius * cos(2 * M_PI * sim_uniform(r));
}

#endif
