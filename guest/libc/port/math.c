/* SPDX-License-Identifier: Apache-2.0 */
/* Mathematics that musl has for some ISAs only, or not at all. */
#include <math.h>

double roundeven(double x);
float roundevenf(float x);
long double roundevenl(long double x);

/* Every ISA has an instruction for it, and all of them round correctly. */
double sqrt(double x)
{
	return __builtin_sqrt(x);
}

float sqrtf(float x)
{
	return __builtin_sqrtf(x);
}

/* C23; the code generator may call it. Rounding is to nearest, always. */
double roundeven(double x)
{
	return rint(x);
}

float roundevenf(float x)
{
	return rintf(x);
}

long double roundevenl(long double x)
{
	return rintl(x);
}
