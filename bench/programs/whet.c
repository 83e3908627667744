/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mix of what small numerical programs do, in the manner of Whetstone: a
 * recurrence over four elements, in place and through a parameter, choices,
 * whole numbers, trigonometry, calls, permuted elements, and exp, log and
 * sqrt. A pass runs through all modules and starts anew.
 *
 * Each module's result is also known in a closed form.
 */
#include <math.h>

#include "bench.h"

#define T        0.499975
#define T1       0.50025
#define T2       2.0
#define STEPS    1000 /* of a module in a pass */
#define GCD_MAX  40
#define ELEMENTS 4

static const struct whet_class {
	char name;
	int passes;
} classes[] = {
	{ 'S', 40 },
	{ 'W', 2000 },
	{ 'A', 12000 },
};

/* What the modules add up over all passes. */
struct sums {
	double element[ELEMENTS]; /* of the recurrence in place */
	double parameter[ELEMENTS];
	long gcd;
	double whole;
	double angle;
	double call;
	double rotated;
	double standard;
};

static double global[ELEMENTS];

static void start_elements(double *e, int pass)
{
	e[0] = 1.0 + pass % 8;
	e[1] = -1.0;
	e[2] = -1.0;
	e[3] = -1.0;
}

static void step_elements(double *e)
{
	e[0] = (e[0] + e[1] + e[2] - e[3]) * T;
	e[1] = (e[0] + e[1] - e[2] + e[3]) * T;
	e[2] = (e[0] - e[1] + e[2] + e[3]) * T;
	e[3] = (-e[0] + e[1] + e[2] + e[3]) * T;
}

static void module_elements(int pass, struct sums *s)
{
	start_elements(global, pass);
	for (int i = 0; i < STEPS; i++) {
		global[0] = (global[0] + global[1] + global[2] - global[3]) * T;
		global[1] = (global[0] + global[1] - global[2] + global[3]) * T;
		global[2] = (global[0] - global[1] + global[2] + global[3]) * T;
		global[3] =
			(-global[0] + global[1] + global[2] + global[3]) * T;
	}
	for (int i = 0; i < ELEMENTS; i++)
		s->element[i] += global[i];
}

static void module_parameter(int pass, struct sums *s)
{
	double e[ELEMENTS];

	start_elements(e, pass);
	for (int i = 0; i < STEPS; i++)
		step_elements(e);
	for (int i = 0; i < ELEMENTS; i++)
		s->parameter[i] += e[i];
}

/* Choices: greatest common divisors by subtraction. */
static void module_choices(struct sums *s)
{
	for (int a = 1; a <= GCD_MAX; a++) {
		for (int b = 1; b <= GCD_MAX; b++) {
			int x = a, y = b;

			while (x != y) {
				if (x > y)
					x -= y;
				else
					y -= x;
			}
			s->gcd += x;
		}
	}
}

/* Each step finds j, k and l as they were: 1, 2, 3. */
static void module_whole(struct sums *s)
{
	int j = 1, k = 2, l = 3;

	for (int i = 0; i < STEPS; i++) {
		j = j * (k - j) * (l - k);
		k = l * k - (l - j) * k;
		l = (l - k) * (k + j);
		global[l - 2] = j + k + l;
		global[k - 2] = j * k * l;
		s->whole += global[0] + global[1];
	}
}

/* x' = T atan(2 sin x cos x / cos 2x) = 2 T x */
static void module_angles(struct sums *s)
{
	double x = 0.5;

	for (int i = 0; i < STEPS; i++)
		x = T * atan(T2 * sin(x) * cos(x) /
			     (cos(x + x) + cos(x - x) - 1.0));
	s->angle += x;
}

static void average(double x, double y, double *z)
{
	x = T * (x + y);
	y = T * (x + y);
	*z = (x + y) / T2;
}

static void module_calls(struct sums *s)
{
	double sum = 0.0;

	for (int i = 0; i < STEPS; i++) {
		double z;

		average(1.0 + i % 4, 1.0 + i % 4, &z);
		sum += z;
	}
	s->call += sum;
}

static void rotate(double *e, int j, int k, int l)
{
	double first = e[j];

	e[j] = e[k];
	e[k] = e[l];
	e[l] = first;
}

static void module_rotate(struct sums *s)
{
	global[0] = 1.0;
	global[1] = 2.0;
	global[2] = 3.0;
	for (int i = 0; i < STEPS; i++)
		rotate(global, 0, 1, 2);
	s->rotated += global[0];
}

/* x' = sqrt(exp(log x / T1)), so log x' = log x / (2 T1) */
static void module_standard(struct sums *s)
{
	double x = 0.75;

	for (int i = 0; i < STEPS; i++)
		x = sqrt(exp(log(x) / T1));
	s->standard += x;
}

static void run_pass(int pass, struct sums *s)
{
	module_elements(pass, s);
	module_parameter(pass, s);
	module_choices(s);
	module_whole(s);
	module_angles(s);
	module_calls(s);
	module_rotate(s);
	module_standard(s);
}

typedef double matrix[ELEMENTS][ELEMENTS];

static void square(matrix m)
{
	matrix product = { { 0.0 } };

	for (int i = 0; i < ELEMENTS; i++)
		for (int k = 0; k < ELEMENTS; k++)
			for (int j = 0; j < ELEMENTS; j++)
				product[i][j] += m[i][k] * m[k][j];
	memcpy(m, product, sizeof(product));
}

static void apply(const matrix m, double *e)
{
	double product[ELEMENTS] = { 0.0 };

	for (int i = 0; i < ELEMENTS; i++)
		for (int j = 0; j < ELEMENTS; j++)
			product[i] += m[i][j] * e[j];
	memcpy(e, product, sizeof(product));
}

/* STEPS steps are a power of the matrix of one, and linear in the start. */
static void expected_elements(int passes, double *sum)
{
	matrix m;

	memset(sum, 0, sizeof(*sum) * ELEMENTS);
	for (int pass = 0; pass < passes; pass++) {
		double e[ELEMENTS];

		start_elements(e, pass);
		for (int i = 0; i < ELEMENTS; i++)
			sum[i] += e[i];
	}
	for (int j = 0; j < ELEMENTS; j++) {
		double unit[ELEMENTS] = { 0.0 };

		unit[j] = 1.0;
		step_elements(unit);
		for (int i = 0; i < ELEMENTS; i++)
			m[i][j] = unit[i];
	}
	for (int n = STEPS; n > 0; n /= 2) {
		if (n & 1)
			apply(m, sum);
		square(m);
	}
}

static long expected_gcd(void)
{
	long sum = 0;

	for (int a = 1; a <= GCD_MAX; a++) {
		for (int b = 1; b <= GCD_MAX; b++) {
			int x = a, y = b;

			while (y != 0) {
				int rest = x % y;

				x = y;
				y = rest;
			}
			sum += x;
		}
	}
	return sum;
}

static bool check(const char *what, double sum, double expected)
{
	printf("%-10s %.15e\n", what, sum);
	if (bench_close(sum, expected, 1e-10))
		return true;
	printf("%-10s %.15e expected\n", what, expected);
	return false;
}

static bool verify(const struct sums *s, int passes)
{
	double n = passes, mean = 2.5 * STEPS, e[ELEMENTS];
	bool right = true;

	expected_elements(passes, e);
	for (int i = 0; i < ELEMENTS; i++) {
		right = check("element", s->element[i], e[i]) && right;
		right = check("parameter", s->parameter[i], e[i]) && right;
	}
	right = check("choices", s->gcd, n * expected_gcd()) && right;
	right = check("whole", s->whole, n * STEPS * 12.0) && right;
	right = check("angles", s->angle, n * 0.5 * pow(2.0 * T, STEPS)) &&
		right;
	right = check("calls", s->call,
		      n * mean * (2.0 * T + T * (2.0 * T + 1.0)) / T2) &&
		right;
	right = check("rotated", s->rotated, n * (1 + STEPS % 3)) && right;
	return check("standard", s->standard,
		     n * exp(log(0.75) * pow(0.5 / T1, STEPS))) &&
	       right;
}

static const struct whet_class *find_class(char name)
{
	const struct whet_class *c = classes;

	while (c->name != name)
		c++;
	return c;
}

int main(int argc, char **argv)
{
	const struct whet_class *c = find_class(bench_class(argc, argv, "SWA"));
	struct sums s = { 0 };
	double seconds = bench_seconds();

	for (int pass = 0; pass < c->passes; pass++)
		run_pass(pass, &s);
	seconds = bench_seconds() - seconds;
	printf("Whetstone-like mix class %c, %d passes\n", c->name, c->passes);
	return bench_report("whet", c->name, verify(&s, c->passes), seconds);
}
