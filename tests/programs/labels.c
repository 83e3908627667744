/* SPDX-License-Identifier: Apache-2.0 */
/* Computed goto: labels taken several times, several labels at one place,
 * differences of labels. */
#include <stdio.h>

static int count(const short *steps)
{
	static void *const labels[] = { &&add, &&twice, &&same, &&end, &&add };
	void *base = &&add;
	int n = 1;

	if (!steps) {
		for (int k = 0; k < 5; k++)
			n += (char *)labels[k] == (char *)base;
		return n;
	}
	goto *labels[*steps++];
add:
	n += 3;
	goto *(base + ((char *)labels[*steps++] - (char *)base));
twice:
same:
	n *= 2;
	goto *labels[*steps++];
end:
	return n;
}

int main(void)
{
	static const short steps[] = { 0, 1, 4, 2, 0, 3 };

	for (int k = 0; k < 20; k++)
		printf("%d %d %d\n", k, count(NULL), count(steps));
	return 0;
}
