/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB CG, "conjugate gradient": the smallest eigenvalue of a large sparse
 * symmetric matrix by the inverse power method, each step solved by 25
 * rounds of conjugate gradients.
 *
 * The matrix is a weighted sum of outer products of sparse random vectors,
 * plus (RCOND - shift) on the diagonal.
 */
#include <math.h>

#include "npb.h"

#define SEED       UINT64_C(314159265)
#define RCOND      0.1
#define CG_ROUNDS  25
#define NONZER_MAX 11

static const struct cg_class {
	char name;
	int n, nonzer, iterations;
	double shift, zeta; /* the official eigenvalue estimate */
} classes[] = {
	{ 'S', 1400, 7, 15, 10.0, 8.5971775078648 },
	{ 'W', 7000, 8, 15, 12.0, 10.362595087124 },
	{ 'A', 14000, 11, 15, 20.0, 17.130235054029 },
};

/* A sparse vector; one more element than nonzer for the 0.5 put in. */
struct sparse_vector {
	int count;
	int index[NONZER_MAX + 1];
	double value[NONZER_MAX + 1];
};

/* Compressed rows: row r is [start[r], start[r + 1]). */
struct matrix {
	int n;
	int *start, *column;
	double *value;
};

struct solver {
	struct matrix a;
	double *x, *z, *p, *q, *r;
};

static bool vector_has(const struct sparse_vector *v, int index)
{
	for (int i = 0; i < v->count; i++)
		if (v->index[i] == index)
			return true;
	return false;
}

/* nonzer random elements at distinct random places below n, and 0.5 at
 * `middle`. */
static void vector_draw(struct sparse_vector *v, int n, int nonzer, int middle,
			uint64_t *seed)
{
	int power = 1;

	while (power < n)
		power *= 2;
	v->count = 0;
	while (v->count < nonzer) {
		double value = npb_random(seed);
		int index = (int)(power * npb_random(seed));

		if (index >= n || vector_has(v, index))
			continue;
		v->index[v->count] = index;
		v->value[v->count++] = value;
	}
	for (int i = 0; i < v->count; i++) {
		if (v->index[i] == middle) {
			v->value[i] = 0.5;
			return;
		}
	}
	v->index[v->count] = middle;
	v->value[v->count++] = 0.5;
}

/*
 * Adds value to the element (row, column). While the matrix grows, a row's
 * columns are sorted and its unused places, at the end, have column -1.
 */
static void matrix_add(struct matrix *a, int row, int column, double value)
{
	int at = a->start[row];

	while (a->column[at] >= 0 && a->column[at] < column)
		at++;
	if (a->column[at] != column) {
		int last = at;

		while (a->column[last] >= 0)
			last++;
		for (; last > at; last--) {
			a->column[last] = a->column[last - 1];
			a->value[last] = a->value[last - 1];
		}
		a->column[at] = column;
		a->value[at] = 0.0;
	}
	a->value[at] += value;
}

/* Room for every product, although many fall on the same element. */
static void matrix_reserve(struct matrix *a, const struct sparse_vector *v)
{
	int room;

	a->start = bench_allocate((size_t)a->n + 1, sizeof(*a->start));
	for (int i = 0; i < a->n; i++)
		for (int k = 0; k < v[i].count; k++)
			a->start[v[i].index[k] + 1] += v[i].count;
	for (int row = 0; row < a->n; row++)
		a->start[row + 1] += a->start[row];
	room = a->start[a->n];
	a->column = bench_allocate((size_t)room, sizeof(*a->column));
	a->value = bench_allocate((size_t)room, sizeof(*a->value));
	for (int i = 0; i < room; i++)
		a->column[i] = -1;
}

static void matrix_pack(struct matrix *a)
{
	int used = 0;

	for (int row = 0; row < a->n; row++) {
		int from = a->start[row];

		a->start[row] = used;
		for (; from < a->start[row + 1] && a->column[from] >= 0;
		     from++) {
			a->column[used] = a->column[from];
			a->value[used++] = a->value[from];
		}
	}
	a->start[a->n] = used;
}

static void matrix_make(struct matrix *a, const struct cg_class *c,
			uint64_t *seed)
{
	struct sparse_vector *v = bench_allocate((size_t)c->n, sizeof(*v));
	double ratio = pow(RCOND, 1.0 / c->n);
	double weight = 1.0;

	a->n = c->n;
	for (int i = 0; i < c->n; i++)
		vector_draw(&v[i], c->n, c->nonzer, i, seed);
	matrix_reserve(a, v);
	for (int i = 0; i < c->n; i++) {
		for (int k = 0; k < v[i].count; k++) {
			int row = v[i].index[k];
			double scale = weight * v[i].value[k];

			for (int l = 0; l < v[i].count; l++) {
				int column = v[i].index[l];
				double value = v[i].value[l] * scale;

				if (row == i && column == i)
					value += RCOND - c->shift;
				matrix_add(a, row, column, value);
			}
		}
		weight *= ratio;
	}
	matrix_pack(a);
	free(v);
}

static void multiply(const struct matrix *a, const double *restrict x,
		     double *restrict y)
{
	for (int row = 0; row < a->n; row++) {
		double sum = 0.0;

		for (int k = a->start[row]; k < a->start[row + 1]; k++)
			sum += a->value[k] * x[a->column[k]];
		y[row] = sum;
	}
}

static double dot(int n, const double *x, const double *y)
{
	double sum = 0.0;

	for (int i = 0; i < n; i++)
		sum += x[i] * y[i];
	return sum;
}

/* Solves A z = x nearly; returns the norm of the residual. */
static double conjugate_gradient(struct solver *s)
{
	int n = s->a.n;
	double rho, residual = 0.0;

	memset(s->z, 0, sizeof(*s->z) * (size_t)n);
	memcpy(s->r, s->x, sizeof(*s->r) * (size_t)n);
	memcpy(s->p, s->x, sizeof(*s->p) * (size_t)n);
	rho = dot(n, s->r, s->r);
	for (int round = 0; round < CG_ROUNDS; round++) {
		double alpha, beta, rho_before = rho;

		multiply(&s->a, s->p, s->q);
		alpha = rho / dot(n, s->p, s->q);
		for (int i = 0; i < n; i++) {
			s->z[i] += alpha * s->p[i];
			s->r[i] -= alpha * s->q[i];
		}
		rho = dot(n, s->r, s->r);
		beta = rho / rho_before;
		for (int i = 0; i < n; i++)
			s->p[i] = s->r[i] + beta * s->p[i];
	}
	multiply(&s->a, s->z, s->r);
	for (int i = 0; i < n; i++) {
		double difference = s->x[i] - s->r[i];

		residual += difference * difference;
	}
	return sqrt(residual);
}

static void set_ones(double *x, int n)
{
	for (int i = 0; i < n; i++)
		x[i] = 1.0;
}

/* One step of the power method; returns the estimate of the eigenvalue. */
static double power_step(struct solver *s, double shift, double *residual)
{
	int n = s->a.n;
	double product, scale;

	*residual = conjugate_gradient(s);
	product = dot(n, s->x, s->z);
	scale = 1.0 / sqrt(dot(n, s->z, s->z));
	for (int i = 0; i < n; i++)
		s->x[i] = scale * s->z[i];
	return shift + 1.0 / product;
}

static void solver_init(struct solver *s, const struct cg_class *c)
{
	double **vectors[] = { &s->x, &s->z, &s->p, &s->q, &s->r };
	uint64_t seed = SEED;

	/* The specification draws one number before the matrix. */
	npb_random(&seed);
	matrix_make(&s->a, c, &seed);
	for (size_t i = 0; i < sizeof(vectors) / sizeof(*vectors); i++)
		*vectors[i] = bench_allocate((size_t)c->n, sizeof(double));
}

static void solver_free(struct solver *s)
{
	free(s->a.start);
	free(s->a.column);
	free(s->a.value);
	free(s->x);
	free(s->z);
	free(s->p);
	free(s->q);
	free(s->r);
}

static const struct cg_class *find_class(char name)
{
	const struct cg_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct cg_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct solver s;
	double seconds, residual, zeta = 0.0;

	solver_init(&s, c);
	printf("CG class %c, %d rows, %d nonzeros\n", c->name, c->n,
	       s.a.start[c->n]);

	/* One untimed step touches all memory. */
	set_ones(s.x, c->n);
	power_step(&s, c->shift, &residual);
	set_ones(s.x, c->n);

	seconds = bench_seconds();
	for (int i = 1; i <= c->iterations; i++) {
		zeta = power_step(&s, c->shift, &residual);
		printf("%5d %21.14e %18.13f\n", i, residual, zeta);
	}
	seconds = bench_seconds() - seconds;
	solver_free(&s);
	printf("zeta  %.13f\n", zeta);
	return bench_report("CG", c->name, bench_close(zeta, c->zeta, 1e-10),
			    seconds);
}
