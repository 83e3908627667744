/* SPDX-License-Identifier: Apache-2.0 */
/* Calls bytes that are data: on the heap, or in .data with an argument. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned char data[64] = { 1 };

int main(int argc, char **argv)
{
	unsigned char *volatile bytes = argc > 1 ? data : malloc(64);
	void (*call)(void);

	puts("before");
	fflush(stdout);
	memset(bytes, 0, 64);
	memcpy(&call, (void *)&bytes, sizeof(call));
	call();
	puts("after");
	return 0;
}
