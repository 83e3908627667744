/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler calls for complex multiplication and division, with the
 * treatment of infinities and NaNs of C99 annex G. In portable code, so that
 * every ISA computes the same bits.
 */
#include <complex.h>
#include <math.h>

#define BOX(x) copysign(isinf(x) ? 1.0 : 0.0, x)
#define UNNAN(x)                                \
	do {                                    \
		if (isnan(x))                   \
			(x) = copysign(0.0, x); \
	} while (0)

double complex __muldc3(double a, double b, double c, double d)
{
	double ac = a * c, bd = b * d, ad = a * d, bc = b * c;
	double x = ac - bd, y = ad + bc;
	int infinite = 0;

	if (!isnan(x) || !isnan(y))
		return CMPLX(x, y);
	if (isinf(a) || isinf(b)) {
		a = BOX(a);
		b = BOX(b);
		UNNAN(c);
		UNNAN(d);
		infinite = 1;
	}
	if (isinf(c) || isinf(d)) {
		c = BOX(c);
		d = BOX(d);
		UNNAN(a);
		UNNAN(b);
		infinite = 1;
	}
	if (!infinite && (isinf(ac) || isinf(bd) || isinf(ad) || isinf(bc))) {
		UNNAN(a);
		UNNAN(b);
		UNNAN(c);
		UNNAN(d);
		infinite = 1;
	}
	if (!infinite)
		return CMPLX(x, y);
	return CMPLX(INFINITY * (a * c - b * d), INFINITY * (a * d + b * c));
}

/* m * 2^e, with m as frexp() gives it, a product of two, or a sum of those:
 * what an int can say of exponents, none of these can exceed. */
struct scaled {
	double m;
	int e;
};

static struct scaled scaled(double x)
{
	struct scaled s;

	s.m = frexp(x, &s.e);
	return s;
}

static struct scaled product(struct scaled s, struct scaled t)
{
	return (struct scaled){ s.m * t.m, s.e + t.e };
}

static struct scaled sum(struct scaled s, struct scaled t)
{
	struct scaled large = s, small = t;

	if (t.m != 0.0 && (s.m == 0.0 || t.e > s.e)) {
		large = t;
		small = s;
	}
	/* What is lost of the small one is below the large one's last bit. */
	large.m += scalbn(small.m, small.e - large.e);
	return large;
}

static double quotient(struct scaled s, struct scaled t)
{
	return scalbn(s.m / t.m, s.e - t.e);
}

/* No step of the division of such numbers comes near an end of the range. */
static int is_moderate(double x)
{
	return x == 0.0 || (fabs(x) >= 0x1p-200 && fabs(x) <= 0x1p+200);
}

/* Finite, and not divided by zero: as if exponents had no limits, until the
 * end. The steps are those of moderate numbers, and so are the bits. */
static double complex divide_finite(double a, double b, double c, double d)
{
	struct scaled sa = scaled(a), sb = scaled(b), sc = scaled(c),
		      sd = scaled(d), minus_a = { -sa.m, sa.e };
	struct scaled norm = sum(product(sc, sc), product(sd, sd));

	return CMPLX(quotient(sum(product(sa, sc), product(sb, sd)), norm),
		     quotient(sum(product(sb, sc), product(minus_a, sd)),
			      norm));
}

static double complex divide_special(double a, double b, double c, double d)
{
	double norm = c * c + d * d;
	double x = (a * c + b * d) / norm, y = (b * c - a * d) / norm;

	if (!isnan(x) || !isnan(y))
		return CMPLX(x, y);
	if (norm == 0.0 && (!isnan(a) || !isnan(b))) {
		x = copysign(INFINITY, c) * a;
		y = copysign(INFINITY, c) * b;
	} else if ((isinf(a) || isinf(b)) && isfinite(c) && isfinite(d)) {
		a = BOX(a);
		b = BOX(b);
		x = INFINITY * (a * c + b * d);
		y = INFINITY * (b * c - a * d);
	} else if ((isinf(c) || isinf(d)) && isfinite(a) && isfinite(b)) {
		c = BOX(c);
		d = BOX(d);
		x = 0.0 * (a * c + b * d);
		y = 0.0 * (b * c - a * d);
	}
	return CMPLX(x, y);
}

double complex __divdc3(double a, double b, double c, double d)
{
	double norm = c * c + d * d;

	if (norm != 0.0 && is_moderate(a) && is_moderate(b) && is_moderate(c) &&
	    is_moderate(d))
		return CMPLX((a * c + b * d) / norm, (b * c - a * d) / norm);
	if (isfinite(a) && isfinite(b) && isfinite(c) && isfinite(d) &&
	    (c != 0.0 || d != 0.0))
		return divide_finite(a, b, c, d);
	/* c and d to where their squares do not leave the range. */
	if (isfinite(c) && isfinite(d)) {
		int scale = c == 0.0 && d == 0.0
				    ? 0
				    : ilogb(fmax(fabs(c), fabs(d)));

		c = scalbn(c, -scale);
		d = scalbn(d, -scale);
	}
	return divide_special(a, b, c, d);
}

static float complex narrow(double complex z)
{
	return CMPLXF((float)creal(z), (float)cimag(z));
}

/* In double nothing overflows that fits a float, and less is rounded. */
float complex __mulsc3(float a, float b, float c, float d)
{
	return narrow(__muldc3(a, b, c, d));
}

float complex __divsc3(float a, float b, float c, float d)
{
	return narrow(__divdc3(a, b, c, d));
}
