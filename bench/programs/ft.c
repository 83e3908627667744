/* SPDX-License-Identifier: Apache-2.0 */
/*
 * NPB FT: solves a three-dimensional heat equation in Fourier space. One
 * transform forward, then, for each time step, a factor on each coefficient,
 * a transform back and a checksum over 1024 elements.
 *
 * A transform along one axis takes BLOCK lines at once into a work array,
 * where stride-permuting (Stockham) steps run across the block.
 */
#include <math.h>

#include "npb.h"

#define SEED       UINT64_C(314159265)
#define PI         3.141592653589793238
#define ALPHA      1e-6
#define ITERATIONS 6
#define POINTS     1024 /* in a checksum */
#define N_MAX      256
#define BLOCK      16

struct complex {
	double re, im;
};

static const struct ft_class {
	char name;
	int nx, ny, nz;
	struct complex sum[ITERATIONS]; /* the official checksums */
} classes[] = {
	{ 'S',
	  64,
	  64,
	  64,
	  { { 5.546087004964e+02, 4.845363331978e+02 },
	    { 5.546385409189e+02, 4.865304269511e+02 },
	    { 5.546148406171e+02, 4.883910722336e+02 },
	    { 5.545423607415e+02, 4.901273169046e+02 },
	    { 5.544255039624e+02, 4.917475857993e+02 },
	    { 5.542683411902e+02, 4.932597244941e+02 } } },
	{ 'W',
	  128,
	  128,
	  32,
	  { { 5.673612178944e+02, 5.293246849175e+02 },
	    { 5.631436885271e+02, 5.282149986629e+02 },
	    { 5.594024089970e+02, 5.270996558037e+02 },
	    { 5.560698047020e+02, 5.260027904925e+02 },
	    { 5.530898991250e+02, 5.249400845633e+02 },
	    { 5.504159734538e+02, 5.239212247086e+02 } } },
	{ 'A',
	  256,
	  256,
	  128,
	  { { 5.046735008193e+02, 5.114047905510e+02 },
	    { 5.059412319734e+02, 5.098809666433e+02 },
	    { 5.069376896287e+02, 5.098144042213e+02 },
	    { 5.077892868474e+02, 5.101336130759e+02 },
	    { 5.085233095391e+02, 5.104914655194e+02 },
	    { 5.091487099959e+02, 5.107917842803e+02 } } },
};

/* The x axis is the one along which elements are neighbours. */
struct field {
	int nx, ny, nz;
	size_t points;
	struct complex *u0; /* coefficients, at the current time */
	struct complex *u1; /* the solution */
	double *factor;     /* of each coefficient in one time step */
};

typedef struct complex lanes[BLOCK];

static struct complex root[N_MAX / 2]; /* exp(2 pi i k / N_MAX) */
static lanes work[2][N_MAX];

static void roots_init(void)
{
	for (int k = 0; k < N_MAX / 2; k++) {
		double angle = 2.0 * PI * k / N_MAX;

		root[k] = (struct complex){ cos(angle), sin(angle) };
	}
}

static void butterfly(const lanes a, const lanes b, struct complex w, lanes sum,
		      lanes turned)
{
	for (int l = 0; l < BLOCK; l++) {
		double re = a[l].re - b[l].re;
		double im = a[l].im - b[l].im;

		sum[l].re = a[l].re + b[l].re;
		sum[l].im = a[l].im + b[l].im;
		turned[l].re = w.re * re - w.im * im;
		turned[l].im = w.re * im + w.im * re;
	}
}

/* Transforms the lines in work[0]; returns where the result is. */
static lanes *fft_block(int n, int sign)
{
	lanes *from = work[0], *to = work[1];

	for (int span = 1; span < n; span *= 2) {
		int groups = n / 2 / span;
		lanes *swap;

		for (int g = 0; g < groups; g++) {
			struct complex w = root[g * (N_MAX / 2 / groups)];

			w.im *= sign;
			for (int k = g * span; k < (g + 1) * span; k++)
				butterfly(from[k], from[n / 2 + k], w,
					  to[g * span + k],
					  to[(g + 1) * span + k]);
		}
		swap = from;
		from = to;
		to = swap;
	}
	return from;
}

/* BLOCK lines of n elements that are `stride` apart; the first elements of
 * the lines are `lane` apart. */
static void fft_lines(struct complex *u, int n, int stride, int lane, int sign)
{
	lanes *done;

	for (int i = 0; i < n; i++)
		for (int l = 0; l < BLOCK; l++)
			work[0][i][l] = u[i * stride + l * lane];
	done = fft_block(n, sign);
	for (int i = 0; i < n; i++)
		for (int l = 0; l < BLOCK; l++)
			u[i * stride + l * lane] = done[i][l];
}

static void fft_along_x(const struct field *f, struct complex *u, int sign)
{
	for (int row = 0; row < f->ny * f->nz; row += BLOCK)
		fft_lines(u + row * f->nx, f->nx, 1, f->nx, sign);
}

static void fft_along_y(const struct field *f, struct complex *u, int sign)
{
	int plane = f->nx * f->ny;

	for (int z = 0; z < f->nz; z++)
		for (int x = 0; x < f->nx; x += BLOCK)
			fft_lines(u + z * plane + x, f->ny, f->nx, 1, sign);
}

static void fft_along_z(const struct field *f, struct complex *u, int sign)
{
	int plane = f->nx * f->ny;

	for (int at = 0; at < plane; at += BLOCK)
		fft_lines(u + at, f->nz, plane, 1, sign);
}

static void fft_forward(const struct field *f, struct complex *u)
{
	fft_along_x(f, u, 1);
	fft_along_y(f, u, 1);
	fft_along_z(f, u, 1);
}

static void fft_back(const struct field *f, struct complex *u)
{
	fft_along_z(f, u, -1);
	fft_along_y(f, u, -1);
	fft_along_x(f, u, -1);
}

static int frequency_squared(int index, int n)
{
	int frequency = index < n / 2 ? index : index - n;

	return frequency * frequency;
}

static void factors_init(struct field *f)
{
	double *factor = f->factor;

	for (int z = 0; z < f->nz; z++) {
		int zz = frequency_squared(z, f->nz);

		for (int y = 0; y < f->ny; y++) {
			int yy = frequency_squared(y, f->ny);

			for (int x = 0; x < f->nx; x++) {
				int xx = frequency_squared(x, f->nx);

				*factor++ = exp(-4.0 * ALPHA * PI * PI *
						(xx + yy + zz));
			}
		}
	}
}

static void field_init(struct field *f, const struct ft_class *c)
{
	uint64_t seed = SEED;

	*f = (struct field){ .nx = c->nx, .ny = c->ny, .nz = c->nz };
	f->points = (size_t)c->nx * (size_t)c->ny * (size_t)c->nz;
	f->u0 = bench_allocate(f->points, sizeof(*f->u0));
	f->u1 = bench_allocate(f->points, sizeof(*f->u1));
	f->factor = bench_allocate(f->points, sizeof(*f->factor));
	for (size_t i = 0; i < f->points; i++) {
		f->u0[i].re = npb_random(&seed);
		f->u0[i].im = npb_random(&seed);
	}
	factors_init(f);
}

static void field_free(struct field *f)
{
	free(f->u0);
	free(f->u1);
	free(f->factor);
}

static void evolve(struct field *f)
{
	for (size_t i = 0; i < f->points; i++) {
		f->u0[i].re *= f->factor[i];
		f->u0[i].im *= f->factor[i];
		f->u1[i] = f->u0[i];
	}
}

static struct complex checksum(const struct field *f)
{
	struct complex sum = { 0.0, 0.0 };

	for (int i = 1; i <= POINTS; i++) {
		int x = i % f->nx, y = 3 * i % f->ny, z = 5 * i % f->nz;
		const struct complex *u = &f->u1[(z * f->ny + y) * f->nx + x];

		sum.re += u->re;
		sum.im += u->im;
	}
	sum.re /= (double)f->points;
	sum.im /= (double)f->points;
	return sum;
}

static const struct ft_class *find_class(char name)
{
	const struct ft_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct ft_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct field f;
	double start = bench_seconds();
	bool verified = true;

	printf("FT class %c, %d x %d x %d\n", c->name, c->nx, c->ny, c->nz);
	roots_init();
	field_init(&f, c);
	fft_forward(&f, f.u0);
	for (int i = 0; i < ITERATIONS; i++) {
		struct complex sum;

		evolve(&f);
		fft_back(&f, f.u1);
		sum = checksum(&f);
		printf("%5d %.15e %.15e\n", i + 1, sum.re, sum.im);
		verified = verified &&
			   bench_close(sum.re, c->sum[i].re, 1e-12) &&
			   bench_close(sum.im, c->sum[i].im, 1e-12);
	}
	field_free(&f);
	return bench_report("FT", c->name, verified, bench_seconds() - start);
}
