/* SPDX-License-Identifier: Apache-2.0 */
/* A floating-point type that is not the same on every ISA. */
int main(void)
{
	__float128 wide = 1; /* REFUSED: __float128 */

	return wide != 1;
}
