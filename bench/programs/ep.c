/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB EP, "embarrassingly parallel": 2^m pairs of Gaussian deviates by the
 * Marsaglia polar method, their sums, and how many fall into each square
 * annulus.
 */
#include <math.h>

#include "npb.h"

#define SEED   UINT64_C(271828183)
#define ANNULI 10
#define BLOCK  (1 << 16) /* pairs drawn at once */

static const struct ep_class {
	char name;
	int m;
	double sx, sy; /* the official sums */
} classes[] = {
	{ 'S', 24, -3.247834652034740e3, -6.958407078382297e3 },
	{ 'W', 25, -2.863319731645753e3, -6.320053679109499e3 },
	{ 'A', 28, -4.295875165629892e3, -1.580732573678431e4 },
};

struct sums {
	double x, y;
	double annulus[ANNULI];
};

static double uniform[2 * BLOCK];

static void draw_block(uint64_t *seed)
{
	for (int i = 0; i < 2 * BLOCK; i++)
		uniform[i] = npb_random(seed);
}

static void add_block(struct sums *s)
{
	for (int i = 0; i < BLOCK; i++) {
		double x = 2.0 * uniform[2 * i] - 1.0;
		double y = 2.0 * uniform[2 * i + 1] - 1.0;
		double t = x * x + y * y;
		double scale;

		if (t > 1.0)
			continue;
		scale = sqrt(-2.0 * log(t) / t);
		x *= scale;
		y *= scale;
		s->annulus[(int)fmax(fabs(x), fabs(y))] += 1.0;
		s->x += x;
		s->y += y;
	}
}

static const struct ep_class *find_class(char name)
{
	const struct ep_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct ep_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct sums s = { 0 };
	uint64_t seed = SEED;
	double start = bench_seconds();
	double pairs = 0.0;
	bool verified;

	for (long block = 0; block < (1L << c->m) / BLOCK; block++) {
		draw_block(&seed);
		add_block(&s);
	}
	for (int i = 0; i < ANNULI; i++)
		pairs += s.annulus[i];

	printf("EP class %c, 2^%d pairs\n", c->name, c->m);
	printf("sx    %.15e\n", s.x);
	printf("sy    %.15e\n", s.y);
	printf("pairs %.0f\n", pairs);
	for (int i = 0; i < ANNULI; i++)
		printf("%5d %.0f\n", i, s.annulus[i]);
	verified =
		bench_close(s.x, c->sx, 1e-8) && bench_close(s.y, c->sy, 1e-8);
	return bench_report("EP", c->name, verified, bench_seconds() - start);
}
