/* SPDX-License-Identifier: Apache-2.0 */
/* No instruction, but a value that comes from nowhere. */
#include <stdio.h>

int main(void)
{
	int number;

	__asm__("" : "=r"(number)); /* REFUSED: inline assembly */
	printf("%d\n", number);
	return 0;
}
