/* SPDX-License-Identifier: Apache-2.0 */
/* A function for machines of one kind. */
int sum(int a, int b);

__attribute__((target("avx2"))) /* the compiler names the next line */
int sum(int a, int b) /* REFUSED: target attribute of sum */
{
	return a + b;
}

int main(void)
{
	return sum(1, -1);
}
