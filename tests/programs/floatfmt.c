/* SPDX-License-Identifier: Apache-2.0 */
/* Floating point: conversions both ways, special values, and sums over libm
 * whose every bit must agree. */
#include <fenv.h>
#include <float.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static uint64_t bits_of(double x)
{
	uint64_t bits;

	memcpy(&bits, &x, sizeof(bits));
	return bits;
}

static double from_bits(uint64_t bits)
{
	double x;

	memcpy(&x, &bits, sizeof(x));
	return x;
}

static void formats(void)
{
	static const double values[] = {
		0.0,
		-0.0,
		1.0,
		-1.5,
		0.1,
		1.0 / 3,
		1e22,
		1e23,
		DBL_MAX,
		DBL_MIN,
		DBL_EPSILON,
		5e-324,
		2.2250738585072009e-308,
		123456789.125,
		9007199254740993.0,
		-2.5e-7,
		0x1.fffffep127,
		INFINITY,
		-INFINITY,
	};

	for (size_t i = 0; i < sizeof(values) / sizeof(*values); i++)
		printf("%.17g %a %e %.3f %g %10.2e\n", values[i], values[i],
		       values[i], fabs(values[i]) < 1e30 ? values[i] : 0.0,
		       values[i], values[i]);
	printf("%f %F %d %d\n", fabs(nan("")), INFINITY, isnan(nan("")),
	       isinf(-INFINITY));
	/* Exact, however wide a long double is. */
	printf("%Lg %.3Lf\n", 1.0L / 8, -0.375L);
}

static void parses(void)
{
	static const char *const texts[] = {
		"0.1",
		"1e308",
		"1e309",
		"-1e-400",
		"4.9e-324",
		"2.5e-324",
		"0x1.8p3",
		"inf",
		"-infinity",
		"nan",
		"179769313486231580793728971405301e276",
		"9007199254740992.99999999999999999999",
		"  12.5xyz",
		".",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(*texts); i++) {
		char *end;
		double x = strtod(texts[i], &end);

		if (isnan(x))
			printf("%s: nan, rest '%s'\n", texts[i], end);
		else
			printf("%s: %016llx, rest '%s'\n", texts[i],
			       (unsigned long long)bits_of(x), end);
	}
}

/* Text and back for random bit patterns gives the same bits. */
static void round_trips(void)
{
	uint64_t state = 42;
	int wrong = 0;

	for (int i = 0; i < 1500; i++) {
		char text[64];
		double x;

		state = state * UINT64_C(6364136223846793005) + 1;
		x = from_bits(state ^ state >> 29);
		if (!isfinite(x))
			continue;
		snprintf(text, sizeof(text), i % 2 ? "%.17g" : "%a", x);
		wrong += bits_of(strtod(text, NULL)) != bits_of(x);
	}
	printf("round trips wrong: %d\n", wrong);
}

static double identity(double x)
{
	return x;
}

static void functions(void)
{
	static const struct {
		const char *name;
		double (*f)(double);
	} table[] = {
		{ "identity", identity }, { "sin", sin },
		{ "cos", cos },           { "tan", tan },
		{ "asin", asin },         { "atan", atan },
		{ "exp", exp },           { "exp2", exp2 },
		{ "log", log },           { "log2", log2 },
		{ "log10", log10 },       { "sqrt", sqrt },
		{ "cbrt", cbrt },         { "sinh", sinh },
		{ "tanh", tanh },         { "erf", erf },
		{ "tgamma", tgamma },     { "lgamma", lgamma },
		{ "floor", floor },       { "rint", rint },
		{ "round", round },       { "expm1", expm1 },
		{ "log1p", log1p },
	};

	for (size_t i = 0; i < sizeof(table) / sizeof(*table); i++) {
		double sum = 0.0;

		for (int k = 1; k < 200; k++)
			sum += table[i].f(k / 201.0) / k;
		printf("%s %.17g %016llx\n", table[i].name, sum,
		       (unsigned long long)bits_of(sum));
	}
}

static void two_arguments(void)
{
	double sum = 0.0, product = 1.0;
	float single = 0.0f;
	int exponent;

	for (int i = 1; i < 300; i++) {
		sum += pow(i, 0.37) + atan2(i, 7.0) + hypot(i, 3.5) +
		       fmod(1e6, i + 0.25) + remainder(i, 2.3) +
		       fma(i, 1.0 / 3, -i / 3.0) + ldexp(i, -i % 30);
		product = nextafter(product * 1.01, 0.0);
		single += sinf((float)i) * powf((float)i, 0.3f);
	}
	printf("sum %.17g, product %.17g, single %.9g\n", sum, product, single);
	printf("frexp %.17g", frexp(product, &exponent));
	printf(" %d\n", exponent);
}

/* Not contracted: a * b + c rounds twice. */
static void rounding(void)
{
	volatile double a = 1.0 + 0x1p-30, b = 1.0 - 0x1p-30, c = -1.0;

	printf("a * b + c = %a, fma %a\n", a * b + c, fma(a, b, c));
	printf("tiny %a, denormal sum %a\n", DBL_MIN / 3, 5e-324 + DBL_MIN);
	printf("llrint %lld, to int %d, to unsigned %u\n", llrint(2.5),
	       (int)-2.99, (unsigned)(c + 3e9));
	printf("rounding mode is to nearest: %d\n",
	       fegetround() == FE_TONEAREST);
}

int main(void)
{
	formats();
	parses();
	round_trips();
	functions();
	two_arguments();
	rounding();
	return 0;
}
