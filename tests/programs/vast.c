/* SPDX-License-Identifier: Apache-2.0 */
/* Static data of more than 2 GiB, of which a few pages are used. */
#include <stdio.h>

#define MIB (1L << 20)

static double first[256 * MIB / 8];
static long vast[2100 * MIB / 8];
static char last[100] = "behind the array";
static long *const middle = &vast[1300 * MIB / 8];

int main(void)
{
	long n = sizeof(vast) / sizeof(vast[0]);
	long sum = 0;

	for (long i = 0; i < n; i += 8 * MIB)
		vast[i] += i;
	*middle += 5;
	vast[n - 1] = 7;
	first[100] = 1.5;
	for (long i = n - 1; i >= 0; i -= 4 * MIB - 1)
		sum += vast[i] * 3;
	for (long i = 0; i < n; i += 8 * MIB)
		sum += vast[i];
	printf("%ld %g %s %ld\n", sum, first[100], last, *middle);
	return 0;
}
