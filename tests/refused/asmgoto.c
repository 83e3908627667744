/* SPDX-License-Identifier: Apache-2.0 */
/* Assembly that jumps, even with no instruction in it. */
int main(void)
{
	__asm__ goto("" : : : : out); /* REFUSED: asm goto */
	return 1;
out:
	return 0;
}
