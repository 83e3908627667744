/* SPDX-License-Identifier: Apache-2.0 */
/* What is left of C and its usual extensions: storage, linkage, control. */
#include <alloca.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned spin(unsigned n)
{
	volatile unsigned x = n;

	for (unsigned i = 0; i < 5; i++)
		x = x * 1664525 + 1013904223;
	return x >> 8;
}

/* --- Linkage ----------------------------------------------------------------
 */

__attribute__((common)) int shared;
__attribute__((common)) long shared_array[5];

int weak_missing(int) __attribute__((weak));
extern int weak_data __attribute__((weak));

__attribute__((weak)) int weak_defined(int x)
{
	return x + 1;
}

int target(int x)
{
	return x * 3 + shared;
}

int other_name(int x) __attribute__((alias("target")));
int weak_name(int x) __attribute__((weak, alias("target")));
static int numbers[] = { 3, 1, 4, 1, 5 };
extern int numbers_too[5] __attribute__((alias("numbers")));

static void linkage(void)
{
	int (*volatile f)(int) = other_name;

	shared += 4;
	shared_array[3] += shared;
	numbers_too[1] = 100;
	printf("%d %d %ld %d\n", weak_missing ? 1 : 0, &weak_data ? 1 : 0,
	       shared_array[3], weak_defined(1));
	printf("%d %d %d %d\n", other_name(5), weak_name(6), f(7), numbers[1]);
	printf("%d %d\n", f == target, (void *)numbers == (void *)numbers_too);
}

/* --- Start and end ----------------------------------------------------------
 */

static char order[64];

static void note(char c)
{
	spin(c);
	order[strlen(order)] = c;
}

__attribute__((constructor(201))) static void first(void)
{
	note('1');
}

__attribute__((constructor)) static void third(void)
{
	note('3');
}

__attribute__((constructor(202))) static void second(void)
{
	note('2');
}

__attribute__((destructor)) static void last_but_one(void)
{
	note('y');
	printf("destructor: %s\n", order);
}

__attribute__((destructor(201))) static void last(void)
{
	note('z');
	printf("destructor: %s\n", order);
}

static void at_exit_a(void)
{
	note('a');
}

static void at_exit_b(void)
{
	note('b');
}

/* --- Thread-local -----------------------------------------------------------
 */

static _Thread_local int local_number = 7;
_Thread_local struct {
	char text[16];
	int *to;
} local_struct = { "local", NULL };

static int *thread_local(void)
{
	static _Thread_local int inside = 5;

	local_number += ++inside;
	local_struct.to = &local_number;
	return &inside;
}

/* --- Function pointers ------------------------------------------------------
 */

typedef unsigned op_fn(unsigned, unsigned);

static unsigned add(unsigned a, unsigned b)
{
	return a + spin(b);
}

static unsigned mix(unsigned a, unsigned b)
{
	return a * 33 ^ spin(b);
}

static unsigned rotate(unsigned a, unsigned b)
{
	return a << (b & 7) | a >> (31 - (b & 7));
}

static const struct op {
	op_fn *f;
	const char *name;
	struct {
		op_fn *more[2];
	} inner;
} ops[] = {
	{ add, "add", { { mix, add } } },
	{ mix, "mix", { { rotate, NULL } } },
	{ rotate, "rotate", { { add, rotate } } },
};

static unsigned (*const *const table_end)(unsigned,
					  unsigned) = &ops[2].inner.more[1];

static void pointers(void)
{
	op_fn **heap = malloc(30 * sizeof(*heap));
	unsigned x = 1, same = 0;
	union {
		op_fn *f;
		uintptr_t bits;
	} u;

	for (int i = 0; i < 30; i++)
		heap[i] = ops[i % 3].f;
	for (unsigned i = 0; i < 300; i++) {
		x = heap[i % 30](x, i);
		same += heap[i % 30] == mix;
		if (ops[i % 3].inner.more[i % 2])
			x = ops[i % 3].inner.more[i % 2](x, i);
	}
	u.f = heap[1];
	u.f = (op_fn *)(u.bits ^ 0);
	printf("%u %u %d %d\n", x, same, u.f == mix, *table_end == rotate);
	free(heap);
}

/* --- Variable-size locals ---------------------------------------------------
 */

static unsigned sum_matrix(int rows, int columns,
			   unsigned matrix[rows][columns])
{
	unsigned sum = 0;

	for (int i = 0; i < rows; i++)
		for (int j = 0; j < columns; j++)
			sum = sum * 3 + matrix[i][j];
	return sum;
}

static void variable(void)
{
	unsigned sum = 0;
	char *chain = NULL;

	for (int n = 1; n < 40; n++) {
		unsigned matrix[n][n + 1];
		char *text;

		for (int i = 0; i < n; i++)
			for (int j = 0; j <= n; j++)
				matrix[i][j] = spin((unsigned)(i * n + j));
		if (n % 5 == 0)
			continue;
		text = alloca((size_t)n);
		memset(text, 'a' + n % 26, (size_t)n - 1);
		text[n - 1] = 0;
		sum += sum_matrix(n, n + 1, matrix) + (unsigned)strlen(text) +
		       (unsigned)sizeof(matrix);
		if (n == 38)
			break;
	}
	for (int n = 0; n < 50; n++) { /* no scope frees these */
		char *next = alloca(sizeof(char *) + 8);

		memcpy(next, &chain, sizeof(chain));
		next[sizeof(char *)] = (char)spin((unsigned)n);
		chain = next;
	}
	while (chain) {
		sum = sum * 5 + (unsigned char)chain[sizeof(char *)];
		chain = *(char **)chain;
	}
	printf("%u\n", sum);
}

/* --- Labels as values -------------------------------------------------------
 */

static int interpret(const unsigned char *code)
{
	static const void *const jumps[] = { &&push, &&plus, &&times, &&loop,
					     &&stop };
	int stack[16], *top = stack, count = 0;

	goto *jumps[*code++];
push:
	*top++ = *code++;
	goto *jumps[*code++];
plus:
	top--;
	top[-1] += top[0];
	goto *jumps[*code++];
times:
	top--;
	top[-1] = (int)((unsigned)top[-1] * (unsigned)top[0] % 1000003);
	goto *jumps[*code++];
loop:
	if (++count < 200) {
		code -= 7;
		goto *jumps[*code++];
	}
	goto *jumps[*code++];
stop:
	return stack[0] + count;
}

/* Labels as distances from one of them. */
static unsigned states(unsigned x)
{
	static const int to[] = { &&even - &&even, &&odd - &&even,
				  &&done - &&even };

	goto *(&&even + to[x & 1]);
even:
	x >>= 1;
	goto *(&&even + to[x < 2 ? 2 : x & 1]);
odd:
	x = x * 3 + spin(x) % 2;
	goto *(&&even + to[x > 100000000 ? 2 : x & 1]);
done:
	return x;
}

static void labels(void)
{
	static const unsigned char code[] = { 0, 3, 0, 7, 1, 0, 5, 2, 3, 4 };
	void *to = spin(3) ? &&yes : &&no;

	printf("%d %u ", interpret(code), states(27));
	goto *to;
no:
	printf("no\n");
	return;
yes:
	printf("yes\n");
}

/* --- Expressions and layouts ------------------------------------------------
 */

#define MAX(a, b)                  \
	({                         \
		__auto_type x = a; \
		__auto_type y = b; \
		x > y ? x : y;     \
	})

struct item {
	short n;
	char text[];
};

struct outer {
	int count;
	struct item *items[3];
	struct {
		int kind;
		long tail[];
	} last;
};

static struct item fixed = { 3, "static" };

static void expressions(void)
{
	struct outer *o = malloc(sizeof(*o) + 4 * sizeof(long));
	int n = 0;

	o->last.kind = 9;
	for (int i = 0; i < 4; i++)
		o->last.tail[i] = i * 11;
	for (int i = 0; i < 3; i++) {
		o->items[i] = malloc(sizeof(struct item) + 10);
		o->items[i]->n = (short)i;
		snprintf(o->items[i]->text, 10, "item %d", i);
	}
	n = MAX(({
			int sum = 0;
			for (int i = 0; i < 10; i++)
				sum += (int)(spin((unsigned)i) & 7);
			sum;
		}),
		MAX(3, n));
	printf("%d %s %s %ld %zu\n", n, o->items[2]->text, fixed.text,
	       o->last.tail[3], offsetof(struct outer, last.tail));
	for (int i = 0; i < 3; i++)
		free(o->items[i]);
	free(o);
	switch (n) {
	case -100 ... 10:
		printf("small ");
		break;
	case 11 ... 100:
		printf("large ");
	}
	printf("%d %s\n", n ?: 5,
	       _Generic(n, int
			: "int", long
			: "long", default
			: "other"));
	n = (struct { int a[3]; }){ { 1, 2, 3 } }.a[1];
	printf("%d %d\n", n,
	       __builtin_choose_expr(sizeof(n) == 4, 4, "not four") +
		       __builtin_types_compatible_p(int, typeof(n)));
}

/* Assembly without instructions: what comes out is what went in. */
static void barriers(void)
{
	static int first = 5, second = 7;
	int *p = &second, x = 1;
	double d = 2.5;
	long y = 3;

	__asm__ volatile("" : : : "memory");
	__asm__("" : "+r"(p) : "r"(&first));
	__asm__("" : "+r"(x), "+r"(y) : "r"(9), "r"(d) : "memory");
	__asm__("" : "=m"(first) : "m"(first), "r"(x));
	__asm__("" : "=r"(x), "=r"(y) : "1"(y + 1), "0"(x + 1));
	printf("%d %d %ld %d\n", *p, x, y, first);
}

int main(void)
{
	int *inside;

	printf("constructors: %s\n", order);
	atexit(at_exit_a);
	atexit(at_exit_b);
	linkage();
	inside = thread_local();
	thread_local();
	printf("%d %d %s %d\n", local_number, *inside, local_struct.text,
	       *local_struct.to);
	pointers();
	variable();
	labels();
	expressions();
	barriers();
	return 0;
}
