/* SPDX-License-Identifier: Apache-2.0 */
/* A function that is chosen when a program is loaded. */
static int one(void)
{
	return 1;
}

static void *choose(void)
{
	return (void *)one;
}

int number(void) __attribute__((ifunc("choose"))); /* REFUSED: ifunc number */

int main(void)
{
	return number() - 1;
}
