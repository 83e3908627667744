/* SPDX-License-Identifier: Apache-2.0 */
/* Large memory: static, mapped, grown in place and elsewhere, given back and
 * taken again. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MIB ((size_t)1 << 20)

static unsigned char fixed[9 * MIB];

static void fill(unsigned char *p, size_t from, size_t to)
{
	for (size_t i = from; i < to; i += 512)
		p[i] = (unsigned char)(i / 512 * 31 + 7);
}

static unsigned long sum(const unsigned char *p, size_t n)
{
	unsigned long s = 0;

	for (size_t i = 0; i < n; i += 256)
		s = s * 33 + p[i];
	return s;
}

int main(void)
{
	size_t size = 3 * MIB, to;
	unsigned char *p = calloc(1, size);

	fill(p, 0, size);
	for (int step = 0; step < 4; step++) {
		/* What is in the way, so that some growth must move. */
		void *wall = malloc(MIB);

		to = size * 2 - 12345;
		p = realloc(p, to);
		memset(p + size, 0, to - size);
		fill(p, (size + 511) / 512 * 512, to);
		printf("%zu: %lu\n", to, sum(p, to));
		size = to;
		free(wall);
	}
	p = realloc(p, 5 * MIB);
	printf("shrunk: %lu\n", sum(p, 5 * MIB));
	free(p);
	p = calloc(1, 40 * MIB);
	printf("zero: %lu\n", sum(p, 40 * MIB));
	free(p);
	printf("static: %lu\n", sum(fixed, sizeof(fixed)));
	fill(fixed, 0, sizeof(fixed));
	printf("static: %lu\n", sum(fixed, sizeof(fixed)));
	return 0;
}
