/* SPDX-License-Identifier: Apache-2.0 */
/* Cycles of one machine say nothing on another. */
int main(void)
{
	unsigned long now;

	now = __builtin_readcyclecounter(); /* REFUSED: readcyclecounter */
	return now == 0;
}
