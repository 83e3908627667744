/* SPDX-License-Identifier: Apache-2.0 */
/* A builtin of one ISA. */
int main(void)
{
	__builtin_ia32_pause(); /* REFUSED: __builtin_ia32_pause */
	return 0;
}
