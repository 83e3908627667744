/* SPDX-License-Identifier: Apache-2.0 */
/* Allocates and fills memory until there is none; with an argument, it does
 * not look whether it got any. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* A compiler may leave out an allocation that nobody sees. */
static char *volatile seen;

int main(int argc, char **argv)
{
	size_t mib = 0;

	puts("before");
	fflush(stdout);
	for (;;) {
		char *block = malloc(1 << 20);

		if (!block && argc < 2)
			break;
		memset(block, 1, 1 << 20);
		seen = block;
		mib++;
	}
	printf("out of memory: %d, some was there: %d\n", errno == ENOMEM,
	       mib > 0);
	return 3;
}
