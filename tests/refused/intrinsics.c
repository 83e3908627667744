/* SPDX-License-Identifier: Apache-2.0 */
/* A header of one ISA. */
#include <immintrin.h> /* REFUSED: immintrin.h */

int main(void)
{
	return 0;
}
