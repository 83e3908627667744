/* SPDX-License-Identifier: Apache-2.0 */
/* Assembly outside functions. REFUSED: assembly outside functions */
__asm__(".globl answer\nanswer:\n");

int main(void)
{
	return 0;
}
