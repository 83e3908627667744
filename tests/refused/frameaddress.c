/* SPDX-License-Identifier: Apache-2.0 */
/* Where a frame lies differs from ISA to ISA. */
#include <stdio.h>

int main(void)
{
	printf("%p\n", __builtin_return_address(0)); /* REFUSED: returnaddress */
	return 0;
}
