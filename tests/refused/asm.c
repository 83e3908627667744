/* SPDX-License-Identifier: Apache-2.0 */
/* An instruction of one ISA. */
#include <stdio.h>

int main(void)
{
	int number = 42;

	__asm__("nop" : "+r"(number)); /* REFUSED: inline assembly */
	printf("%d\n", number);
	return 0;
}
