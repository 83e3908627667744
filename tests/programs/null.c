/* SPDX-License-Identifier: Apache-2.0 */
/* Writes through a null pointer. */
#include <stdio.h>

static int *volatile nowhere;

static void write_to_null(void)
{
	*nowhere = 42;
}

int main(void)
{
	puts("before");
	fflush(stdout);
	write_to_null();
	puts("after");
	return 0;
}
