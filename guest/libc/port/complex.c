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

double complex __divdc3(double a, double b, double c, double d)
{
	double large = fmax(fabs(c), fabs(d)), power = logb(large);
	int scale = 0;
	double norm, x, y;

	if (isfinite(power)) {
		scale = (int)power;
		c = scalbn(c, -scale);
		d = scalbn(d, -scale);
	}
	norm = c * c + d * d;
	x = scalbn((a * c + b * d) / norm, -scale);
	y = scalbn((b * c - a * d) / norm, -scale);
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
	} else if (isinf(power) && power > 0.0 && isfinite(a) && isfinite(b)) {
		c = BOX(c);
		d = BOX(d);
		x = 0.0 * (a * c + b * d);
		y = 0.0 * (b * c - a * d);
	}
	return CMPLX(x, y);
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
