/* SPDX-License-Identifier: Apache-2.0 */
/*
 * PageRank by power iteration over a random graph with a few pages that many
 * link to (R-MAT), in compressed rows. Each page gathers from those that link
 * to it.
 *
 * Checked by a step that pushes along the links instead: the ranks must be
 * its fixed point, too, and sum to 1.
 */
#include <math.h>

#include "bench.h"

#define SEED    UINT64_C(19980129)
#define DAMPING 0.85
#define SHOWN   5

static const struct pagerank_class {
	char name;
	int log_pages, log_links, rounds;
} classes[] = {
	{ 'S', 12, 16, 50 },
	{ 'W', 18, 21, 40 },
	{ 'A', 19, 23, 60 },
};

struct graph {
	int pages, links;
	int *start; /* page p is linked to by from[start[p]...start[p + 1]) */
	int *from;
	int *degree; /* how many links a page has */
};

struct ranks {
	double *now, *next;
	double *share; /* what a page gives each that it links to */
};

/*
 * Halves the square of all pairs of pages log_pages times. Three bits of a
 * random number choose a quarter: five times in eight the one where both
 * pages have the lower numbers.
 */
static void draw_link(const struct pagerank_class *c, uint64_t *seed, int *from,
		      int *to)
{
	uint64_t bits = bench_random_bits(seed);

	*from = 0;
	*to = 0;
	for (int i = 0; i < c->log_pages; i++, bits >>= 3) {
		int choice = (int)(bits & 7);

		*from = 2 * *from + (choice == 5 || choice == 7);
		*to = 2 * *to + (choice == 6 || choice == 7);
	}
}

/* Draws the links twice: to count, and to put them at their places. */
static void graph_init(struct graph *g, const struct pagerank_class *c)
{
	uint64_t seed = SEED;
	int from, to;

	g->pages = 1 << c->log_pages;
	g->links = 1 << c->log_links;
	g->start = bench_allocate((size_t)g->pages + 1, sizeof(int));
	g->degree = bench_allocate((size_t)g->pages, sizeof(int));
	g->from = bench_allocate((size_t)g->links, sizeof(int));
	for (int i = 0; i < g->links; i++) {
		draw_link(c, &seed, &from, &to);
		g->degree[from]++;
		g->start[to]++;
	}
	/* For now the end of each page's part, which filling moves down. */
	for (int p = 0; p < g->pages; p++)
		g->start[p + 1] += g->start[p];
	seed = SEED;
	for (int i = 0; i < g->links; i++) {
		draw_link(c, &seed, &from, &to);
		g->from[--g->start[to]] = from;
	}
}

static void graph_free(struct graph *g)
{
	free(g->start);
	free(g->degree);
	free(g->from);
}

/* What every page gets: the damping's part, and that of the pages without a
 * link, which is spread over all. */
static double give_shares(const struct graph *g, struct ranks *r)
{
	double loose = 0.0;

	for (int p = 0; p < g->pages; p++) {
		if (g->degree[p] > 0) {
			r->share[p] = DAMPING * r->now[p] / g->degree[p];
		} else {
			r->share[p] = 0.0;
			loose += r->now[p];
		}
	}
	return (1.0 - DAMPING + DAMPING * loose) / g->pages;
}

static double difference(int n, const double *p, const double *q)
{
	double sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += fabs(p[i] - q[i]);
	return sum;
}

/* Returns by how much the ranks changed. */
static double gather_round(const struct graph *g, struct ranks *r)
{
	double base = give_shares(g, r);
	double *swap = r->now;

	for (int p = 0; p < g->pages; p++) {
		double sum = base;

		for (int i = g->start[p]; i < g->start[p + 1]; i++)
			sum += r->share[g->from[i]];
		r->next[p] = sum;
	}
	r->now = r->next;
	r->next = swap;
	return difference(g->pages, r->now, r->next);
}

/* The change by a round that draws the links again and pushes. */
static double push_round(const struct graph *g, const struct pagerank_class *c,
			 struct ranks *r)
{
	double base = give_shares(g, r);
	uint64_t seed = SEED;
	int from, to;

	for (int p = 0; p < g->pages; p++)
		r->next[p] = base;
	for (int i = 0; i < g->links; i++) {
		draw_link(c, &seed, &from, &to);
		r->next[to] += r->share[from];
	}
	return difference(g->pages, r->now, r->next);
}

/* The pages with the highest ranks, which are set to 0. */
static void show_highest(struct ranks *r, int pages)
{
	for (int i = 0; i < SHOWN; i++) {
		int best = 0;

		for (int p = 1; p < pages; p++)
			if (r->now[p] > r->now[best])
				best = p;
		printf("page %7d %.15e\n", best, r->now[best]);
		r->now[best] = 0.0;
	}
}

static bool verify(const struct graph *g, const struct pagerank_class *c,
		   struct ranks *r, double change)
{
	double sum = 0.0, residual = push_round(g, c, r);

	for (int p = 0; p < g->pages; p++)
		sum += r->now[p];
	printf("sum      %.15e\n", sum);
	printf("residual %.15e\n", residual);
	return bench_close(sum, 1.0, 1e-10) && residual < change + 1e-12 &&
	       residual < 1e-6;
}

static const struct pagerank_class *find_class(char name)
{
	const struct pagerank_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct pagerank_class *c =
		find_class(bench_class(argc, argv, "SWA"));
	struct graph g;
	struct ranks r;
	double seconds, change = 0.0;
	bool verified;

	graph_init(&g, c);
	r.now = bench_allocate((size_t)g.pages, sizeof(double));
	r.next = bench_allocate((size_t)g.pages, sizeof(double));
	r.share = bench_allocate((size_t)g.pages, sizeof(double));
	for (int p = 0; p < g.pages; p++)
		r.now[p] = 1.0 / g.pages;
	printf("PageRank class %c, 2^%d pages, 2^%d links\n", c->name,
	       c->log_pages, c->log_links);

	seconds = bench_seconds();
	for (int i = 1; i <= c->rounds; i++) {
		change = gather_round(&g, &r);
		printf("%5d %.15e\n", i, change);
	}
	seconds = bench_seconds() - seconds;
	verified = verify(&g, c, &r, change);
	show_highest(&r, g.pages);
	graph_free(&g);
	free(r.now);
	free(r.next);
	free(r.share);
	return bench_report("PageRank", c->name, verified, seconds);
}
