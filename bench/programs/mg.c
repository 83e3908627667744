/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB MG, "multigrid": four V-cycles on the discrete Poisson problem
 * A u = v, periodic in all three directions, where v is zero but for ten
 * points with +1 and ten with -1.
 *
 * Level l has 2^l points along each axis and one more at either end, which
 * repeats the point at the other side.
 */
#include <math.h>

#include "npb.h"

#define SEED       UINT64_C(314159265)
#define ITERATIONS 4
#define CHARGES    10
#define LEVELS_MAX 8
#define M_MAX      ((1 << LEVELS_MAX) + 2)

static const struct mg_class {
	char name;
	int levels;
	double norm; /* the official norm of the last residual */
} classes[] = {
	{ 'S', 5, 0.5307707005734e-04 },
	{ 'W', 7, 0.6467329375339e-05 },
	{ 'A', 8, 0.2433365309069e-05 },
};

/* Weights by the number of coordinates in which a neighbour differs. In A
 * the second is 0, in the smoother the fourth. */
static const double a_weight[4] = { -8.0 / 3.0, 0.0, 1.0 / 6.0, 1.0 / 12.0 };
static const double c_weight[4] = { -3.0 / 8.0, 1.0 / 32.0, -1.0 / 64.0, 0.0 };

struct multigrid {
	int top;
	double *u[LEVELS_MAX + 1];
	double *r[LEVELS_MAX + 1];
	double *v; /* of the top level */
};

/* Points along an axis of a level's array. */
static int level_size(int level)
{
	return (1 << level) + 2;
}

static size_t level_points(int level)
{
	size_t m = (size_t)level_size(level);

	return m * m * m;
}

/* The points at both ends of each axis repeat those at the other side. */
static void wrap(int m, double u[m][m][m])
{
	for (int z = 1; z < m - 1; z++) {
		for (int y = 1; y < m - 1; y++) {
			u[z][y][0] = u[z][y][m - 2];
			u[z][y][m - 1] = u[z][y][1];
		}
		for (int x = 0; x < m; x++) {
			u[z][0][x] = u[z][m - 2][x];
			u[z][m - 1][x] = u[z][1][x];
		}
	}
	memcpy(u[0], u[m - 2], sizeof(u[0]));
	memcpy(u[m - 1], u[1], sizeof(u[0]));
}

/* Sums of the four neighbours in a plane across x: at its sides and at its
 * corners. */
static void sum_across(int m, double u[m][m][m], int z, int y,
		       double *restrict sides, double *restrict corners)
{
	for (int x = 0; x < m; x++) {
		sides[x] = u[z][y - 1][x] + u[z][y + 1][x] + u[z - 1][y][x] +
			   u[z + 1][y][x];
		corners[x] = u[z - 1][y - 1][x] + u[z - 1][y + 1][x] +
			     u[z + 1][y - 1][x] + u[z + 1][y + 1][x];
	}
}

/* r = v - A u; r may be v. */
static void residual(int m, double u[m][m][m], double v[m][m][m],
		     double r[m][m][m])
{
	const double *a = a_weight;
	double side[M_MAX], corner[M_MAX];

	for (int z = 1; z < m - 1; z++) {
		for (int y = 1; y < m - 1; y++) {
			sum_across(m, u, z, y, side, corner);
			for (int x = 1; x < m - 1; x++)
				r[z][y][x] =
					v[z][y][x] - a[0] * u[z][y][x] -
					a[2] * (corner[x] + side[x - 1] +
						side[x + 1]) -
					a[3] * (corner[x - 1] + corner[x + 1]);
		}
	}
	wrap(m, r);
}

/* u += C r, C being close to the inverse of A for high frequencies. */
static void smooth(int m, double r[m][m][m], double u[m][m][m])
{
	const double *c = c_weight;
	double side[M_MAX], corner[M_MAX];

	for (int z = 1; z < m - 1; z++) {
		for (int y = 1; y < m - 1; y++) {
			sum_across(m, r, z, y, side, corner);
			for (int x = 1; x < m - 1; x++)
				u[z][y][x] +=
					c[0] * r[z][y][x] +
					c[1] * (r[z][y][x - 1] +
						r[z][y][x + 1] + side[x]) +
					c[2] * (corner[x] + side[x - 1] +
						side[x + 1]);
		}
	}
	wrap(m, u);
}

/* Full weighting of a fine grid (m) at the points of a coarse one (n). */
static void restrict_to(int m, double fine[m][m][m], int n,
			double coarse[n][n][n])
{
	double side[M_MAX], corner[M_MAX];

	for (int z = 1; z < n - 1; z++) {
		for (int y = 1; y < n - 1; y++) {
			double *line = fine[2 * z][2 * y];

			sum_across(m, fine, 2 * z, 2 * y, side, corner);
			for (int x = 1; x < n - 1; x++) {
				int at = 2 * x;

				coarse[z][y][x] =
					0.5 * line[at] +
					0.25 * (line[at - 1] + line[at + 1] +
						side[at]) +
					0.125 * (side[at - 1] + side[at + 1] +
						 corner[at]) +
					0.0625 * (corner[at - 1] +
						  corner[at + 1]);
			}
		}
	}
	wrap(n, coarse);
}

/* Adds a scaled coarse line to a fine one: its points at the even places,
 * what is half-way between them at the odd ones. */
static void add_line(int n, const double *restrict line, double scale,
		     double *restrict to)
{
	for (int x = 0; x < n - 1; x++) {
		to[2 * x] += scale * line[x];
		to[2 * x + 1] += 0.5 * scale * (line[x] + line[x + 1]);
	}
}

/* fine += the trilinear interpolation of coarse. */
static void interpolate(int n, double coarse[n][n][n], int m,
			double fine[m][m][m])
{
	double y_sum[M_MAX], z_sum[M_MAX], yz_sum[M_MAX];

	for (int z = 0; z < n - 1; z++) {
		for (int y = 0; y < n - 1; y++) {
			double *line = coarse[z][y];

			for (int x = 0; x < n; x++) {
				y_sum[x] = coarse[z][y + 1][x] + line[x];
				z_sum[x] = coarse[z + 1][y][x] + line[x];
				yz_sum[x] = coarse[z + 1][y + 1][x] +
					    coarse[z + 1][y][x] + y_sum[x];
			}
			add_line(n, line, 1.0, fine[2 * z][2 * y]);
			add_line(n, y_sum, 0.5, fine[2 * z][2 * y + 1]);
			add_line(n, z_sum, 0.5, fine[2 * z + 1][2 * y]);
			add_line(n, yz_sum, 0.25, fine[2 * z + 1][2 * y + 1]);
		}
	}
}

static double norm(int m, double r[m][m][m])
{
	double sum = 0.0, n = m - 2;

	for (int z = 1; z < m - 1; z++)
		for (int y = 1; y < m - 1; y++)
			for (int x = 1; x < m - 1; x++)
				sum += r[z][y][x] * r[z][y][x];
	return sqrt(sum / (n * n * n));
}

/* Arrays of a level as what the operators take. */
#define GRID(level, array) \
	((double(*)[level_size(level)][level_size(level)])(array))

static void clear(struct multigrid *g, int level)
{
	memset(g->u[level], 0, level_points(level) * sizeof(double));
}

static void v_cycle(struct multigrid *g)
{
	int m;

	for (int l = g->top; l > 1; l--)
		restrict_to(level_size(l), GRID(l, g->r[l]), level_size(l - 1),
			    GRID(l - 1, g->r[l - 1]));
	clear(g, 1);
	smooth(level_size(1), GRID(1, g->r[1]), GRID(1, g->u[1]));
	for (int l = 2; l < g->top; l++) {
		m = level_size(l);
		clear(g, l);
		interpolate(level_size(l - 1), GRID(l - 1, g->u[l - 1]), m,
			    GRID(l, g->u[l]));
		residual(m, GRID(l, g->u[l]), GRID(l, g->r[l]),
			 GRID(l, g->r[l]));
		smooth(m, GRID(l, g->r[l]), GRID(l, g->u[l]));
	}
	m = level_size(g->top);
	interpolate(level_size(g->top - 1), GRID(g->top - 1, g->u[g->top - 1]),
		    m, GRID(g->top, g->u[g->top]));
	residual(m, GRID(g->top, g->u[g->top]), GRID(g->top, g->v),
		 GRID(g->top, g->r[g->top]));
	smooth(m, GRID(g->top, g->r[g->top]), GRID(g->top, g->u[g->top]));
}

/* The residual of the top level; returns its norm. */
static double top_residual(struct multigrid *g)
{
	int m = level_size(g->top);

	residual(m, GRID(g->top, g->u[g->top]), GRID(g->top, g->v),
		 GRID(g->top, g->r[g->top]));
	return norm(m, GRID(g->top, g->r[g->top]));
}

/* Points with the largest values so far, the smallest of these first. */
struct largest {
	double value[CHARGES];
	size_t place[CHARGES];
};

static void largest_offer(struct largest *l, double value, size_t place)
{
	int i = 0;

	if (value <= l->value[0])
		return;
	for (; i < CHARGES - 1 && l->value[i + 1] < value; i++) {
		l->value[i] = l->value[i + 1];
		l->place[i] = l->place[i + 1];
	}
	l->value[i] = value;
	l->place[i] = place;
}

/* +1 where a random field has its ten largest values, -1 where it has its
 * ten smallest. */
static void charges_init(int m, double v[m][m][m])
{
	struct largest high, low;
	double *points = &v[0][0][0];
	uint64_t seed = SEED;

	for (int i = 0; i < CHARGES; i++) {
		high.value[i] = 0.0;
		low.value[i] = -1.0;
	}
	for (int z = 1; z < m - 1; z++) {
		for (int y = 1; y < m - 1; y++) {
			for (int x = 1; x < m - 1; x++) {
				double value = npb_random(&seed);
				size_t place = (size_t)(&v[z][y][x] - points);

				largest_offer(&high, value, place);
				largest_offer(&low, -value, place);
			}
		}
	}
	for (int i = 0; i < CHARGES; i++) {
		points[high.place[i]] = 1.0;
		points[low.place[i]] = -1.0;
	}
	wrap(m, v);
}

static void multigrid_init(struct multigrid *g, int top)
{
	g->top = top;
	for (int l = 1; l <= top; l++) {
		g->u[l] = bench_allocate(level_points(l), sizeof(double));
		g->r[l] = bench_allocate(level_points(l), sizeof(double));
	}
	g->v = bench_allocate(level_points(top), sizeof(double));
	charges_init(level_size(top), GRID(top, g->v));
}

static void multigrid_free(struct multigrid *g)
{
	for (int l = 1; l <= g->top; l++) {
		free(g->u[l]);
		free(g->r[l]);
	}
	free(g->v);
}

static const struct mg_class *find_class(char name)
{
	const struct mg_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct mg_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct multigrid g;
	double seconds, rest;

	multigrid_init(&g, c->levels);
	printf("MG class %c, %d^3 points\n", c->name, 1 << c->levels);

	/* One untimed cycle touches all memory. */
	top_residual(&g);
	v_cycle(&g);
	clear(&g, g.top);

	seconds = bench_seconds();
	rest = top_residual(&g);
	printf("%5d %.15e\n", 0, rest);
	for (int i = 1; i <= ITERATIONS; i++) {
		v_cycle(&g);
		rest = top_residual(&g);
		printf("%5d %.15e\n", i, rest);
	}
	seconds = bench_seconds() - seconds;
	multigrid_free(&g);
	return bench_report("MG", c->name, bench_close(rest, c->norm, 1e-8),
			    seconds);
}
