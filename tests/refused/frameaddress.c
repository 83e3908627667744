/* SPDX-License-Identifier: Apache-2.0 */
/* Where a frame lies differs from ISA to ISA. */
#include <stdio.h>

int main(void)
{
	void *caller = __builtin_return_address(0); /* REFUSED: returnaddress */

	printf("%p\n", caller);
	return 0;
}
