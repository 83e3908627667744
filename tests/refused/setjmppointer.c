/* SPDX-License-Identifier: Apache-2.0 */
/* setjmp marks its caller's frame: the compiler must see who calls it. */
#include <setjmp.h>
#include <stdio.h>

typedef int mark_fn(jmp_buf buffer);

static jmp_buf buffer;

#undef setjmp
int main(int argc, char **argv)
{
	mark_fn *volatile mark = setjmp; /* REFUSED: setjmp */

	printf("%d\n", mark(buffer));
	return 0;
}
