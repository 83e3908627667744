/* SPDX-License-Identifier: Apache-2.0 */
/*
 * k-means by Lloyd's rounds: each point to the nearest centre, each centre to
 * the mean of its points. The points lie in boxes around a few random places.
 *
 * Checked at the end: the distances never grew, and the points' variance is
 * the variance within the clusters plus that between them (Huygens).
 */
#include "bench.h"

#define SEED UINT64_C(20170226)

static const struct kmeans_class {
	char name;
	int points, clusters, dimensions, rounds;
} classes[] = {
	{ 'S', 20000, 8, 4, 15 },
	{ 'W', 200000, 16, 12, 25 },
	{ 'A', 400000, 24, 16, 30 },
};

struct kmeans {
	const struct kmeans_class *class;
	double *point;  /* points rows of dimensions */
	double *centre; /* clusters rows of dimensions */
	double *sum;    /* like centre: of a cluster's points */
	int *cluster;   /* of each point */
	int *count;     /* of each cluster's points */
};

static double distance_squared(int n, const double *p, const double *q)
{
	double sum = 0.0;

	for (int i = 0; i < n; i++) {
		double difference = p[i] - q[i];

		sum += difference * difference;
	}
	return sum;
}

/* Each point at a random place's box; the first points are the centres. */
static void kmeans_draw(struct kmeans *k)
{
	const struct kmeans_class *c = k->class;
	uint64_t seed = SEED;
	int d = c->dimensions;
	double *place = k->sum;

	for (int i = 0; i < c->clusters * d; i++)
		place[i] = 10.0 * bench_random(&seed);
	for (int i = 0; i < c->points; i++) {
		uint64_t at = bench_random_bits(&seed) % (uint64_t)c->clusters;

		for (int j = 0; j < d; j++)
			k->point[i * d + j] = place[(int)at * d + j] +
					      4.0 * bench_random(&seed);
		k->cluster[i] = -1;
	}
	memcpy(k->centre, k->point, sizeof(double) * (size_t)(c->clusters * d));
}

static void kmeans_init(struct kmeans *k, const struct kmeans_class *c)
{
	size_t row = (size_t)c->dimensions;
	size_t points = (size_t)c->points, clusters = (size_t)c->clusters;

	k->class = c;
	k->point = bench_allocate(points * row, sizeof(double));
	k->centre = bench_allocate(clusters * row, sizeof(double));
	k->sum = bench_allocate(clusters * row, sizeof(double));
	k->cluster = bench_allocate(points, sizeof(int));
	k->count = bench_allocate(clusters, sizeof(int));
	kmeans_draw(k);
}

static void kmeans_free(struct kmeans *k)
{
	free(k->point);
	free(k->centre);
	free(k->sum);
	free(k->cluster);
	free(k->count);
}

static int nearest(const struct kmeans *k, const double *point,
		   double *distance)
{
	int d = k->class->dimensions, best = 0;

	*distance = distance_squared(d, point, k->centre);
	for (int i = 1; i < k->class->clusters; i++) {
		double other = distance_squared(d, point, k->centre + i * d);

		if (other < *distance) {
			*distance = other;
			best = i;
		}
	}
	return best;
}

/* Returns the sum of squared distances; counts the points that move to
 * another cluster. */
static double assign_points(struct kmeans *k, int *moved)
{
	int d = k->class->dimensions;
	double total = 0.0;

	memset(k->count, 0, sizeof(int) * (size_t)k->class->clusters);
	memset(k->sum, 0, sizeof(double) * (size_t)(k->class->clusters * d));
	*moved = 0;
	for (int i = 0; i < k->class->points; i++) {
		const double *point = k->point + i * d;
		double distance;
		int to = nearest(k, point, &distance);

		*moved += to != k->cluster[i];
		k->cluster[i] = to;
		k->count[to]++;
		for (int j = 0; j < d; j++)
			k->sum[to * d + j] += point[j];
		total += distance;
	}
	return total;
}

/* The centre of a cluster that has lost all points stays. */
static void move_centres(struct kmeans *k)
{
	int d = k->class->dimensions;

	for (int i = 0; i < k->class->clusters; i++)
		for (int j = 0; j < d && k->count[i] > 0; j++)
			k->centre[i * d + j] = k->sum[i * d + j] / k->count[i];
}

static bool verify(const struct kmeans *k)
{
	int d = k->class->dimensions, counted = 0;
	double *mean = bench_allocate((size_t)d, sizeof(double));
	double total = 0.0, within = 0.0, between = 0.0;

	for (int i = 0; i < k->class->points; i++)
		for (int j = 0; j < d; j++)
			mean[j] += k->point[i * d + j] / k->class->points;
	for (int i = 0; i < k->class->points; i++) {
		const double *centre = k->centre + k->cluster[i] * d;

		total += distance_squared(d, k->point + i * d, mean);
		within += distance_squared(d, k->point + i * d, centre);
	}
	for (int i = 0; i < k->class->clusters; i++) {
		between += k->count[i] *
			   distance_squared(d, k->centre + i * d, mean);
		counted += k->count[i];
		printf("%5d %d\n", i, k->count[i]);
	}
	free(mean);
	printf("within  %.15e\n", within);
	printf("between %.15e\n", between);
	printf("total   %.15e\n", total);
	return counted == k->class->points &&
	       bench_close(within + between, total, 1e-10);
}

static const struct kmeans_class *find_class(char name)
{
	const struct kmeans_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct kmeans_class *c =
		find_class(bench_class(argc, argv, "SWA"));
	struct kmeans k;
	double seconds, before = 0.0;
	bool verified = true;

	printf("k-means class %c: %d points, %d clusters, %d dimensions\n",
	       c->name, c->points, c->clusters, c->dimensions);
	kmeans_init(&k, c);
	seconds = bench_seconds();
	for (int round = 1; round <= c->rounds; round++) {
		int moved;
		double total = assign_points(&k, &moved);

		move_centres(&k);
		printf("%5d %.15e %d\n", round, total, moved);
		if (round > 1 && total > before * (1.0 + 1e-12))
			verified = false;
		before = total;
	}
	seconds = bench_seconds() - seconds;
	verified = verify(&k) && verified;
	kmeans_free(&k);
	return bench_report("k-means", c->name, verified, seconds);
}
