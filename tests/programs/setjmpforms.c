/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: setjmpforms [ROUNDS]
 *
 * setjmp in every form that C allows, and what must be right afterwards:
 * locals that were not changed, objects in memory, the stack (so many times).
 */
#include <alloca.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct vector {
	double x, y, z;
	int tag[3];
};

static jmp_buf buffers[8];

static int spin(int n)
{
	volatile int sum = 0;

	for (int i = 0; i < n; i++)
		sum += i ^ n;
	return sum & 7;
}

__attribute__((noinline)) static void jump(jmp_buf b, int value)
{
	spin(3);
	longjmp(b, value);
}

/* --- The forms ------------------------------------------------------------ */

static void forms(void)
{
	volatile int tries = 0;
	int got;

	if (setjmp(buffers[0]))
		tries++;
	if (tries < 3)
		jump(buffers[0], 1);
	printf("if: %d\n", tries);

	tries = 0;
	if (!setjmp(buffers[0]))
		jump(buffers[0], 5);
	else
		tries = 7;
	printf("if not: %d\n", tries);

	tries = 0;
	switch (setjmp(buffers[1])) {
	case 0:
		tries += 1;
		jump(buffers[1], 2);
	case 1:
		tries += 10;
		break;
	case 2:
		tries += 100;
		jump(buffers[1], -3);
	case -3:
		tries += 1000;
		jump(buffers[1], 0); /* gives 1 */
	default:
		tries = -1;
	}
	printf("switch: %d\n", tries);

	tries = 0;
	got = setjmp(buffers[2]);
	printf("assigned: %d\n", got);
	if (got < 4)
		jump(buffers[2], got + 1);

	tries = 0;
	while (setjmp(buffers[3]) != 6)
		jump(buffers[3], ++tries);
	printf("while: %d\n", tries);

	tries = 0;
	(void)setjmp(buffers[4]);
	if (++tries < 5)
		jump(buffers[4], 1);
	printf("void: %d\n", tries);

	tries = 0;
	if (_setjmp(buffers[5]) == 0)
		_longjmp(buffers[5], 8);
	printf("underscore\n");
}

/* --- Locals --------------------------------------------------------------- */

static long total; /* written by one function only */

__attribute__((noinline)) static double
locals(int n, double d, const char *text, struct vector v)
{
	char copy[32];
	int squares[10];
	long big = n * 100000000000L;
	float f = (float)d / 3;
	unsigned char small = (unsigned char)(n * 77);
	struct vector w = v;
	volatile int rounds = 0;

	strcpy(copy, text);
	for (int i = 0; i < 10; i++)
		squares[i] = i * i + n;
	w.x *= 2;
	total = 0;
	if (setjmp(buffers[0]) != 0)
		rounds += 1;
	total += rounds;
	if (rounds < 4)
		jump(buffers[0], rounds + 1);
	for (int i = 0; i < 10; i++)
		big += squares[i];
	printf("%d %g %s %s %ld %g %u %g %g %d %ld\n", n, d, text, copy, big, f,
	       small, w.x, v.x, w.tag[2], total);
	return d * n + w.y;
}

/* --- Recursion: a buffer in each frame, a jump over some of them ---------- */

static jmp_buf *chain[64];

__attribute__((noinline)) static int descend(int depth, int to)
{
	jmp_buf here;
	int mine = depth * 3 + 1, code;

	chain[depth] = &here;
	code = setjmp(here);
	if (code)
		return code * 1000 + mine;
	if (depth == 40)
		jump(*chain[to], to + 1);
	return descend(depth + 1, to) + mine;
}

/* --- The portable stack --------------------------------------------------- */

__attribute__((noinline)) static void use_stack(int n, jmp_buf b)
{
	char bytes[n * 1000];
	char *more = alloca((size_t)n * 500);

	memset(bytes, n, sizeof(bytes));
	memset(more, n, (size_t)n * 500);
	if (n == 0 || bytes[n] + more[n] == 2 * n)
		jump(b, n);
}

static void stacks(int last)
{
	volatile int rounds = 0;
	char *first = alloca(100);
	int n = 50 + rounds;
	int table[n];

	strcpy(first, "still here");
	for (int i = 0; i < n; i++)
		table[i] = i * 7;
	setjmp(buffers[0]);
	/* Would not fit if jumps left anything. */
	if (++rounds < last)
		use_stack(rounds % 90 + 1, buffers[0]);
	printf("%s, %d, %d rounds\n", first, table[n - 1], rounds);
}

/* --- Buffers of one site, in a loop --------------------------------------- */

static void one_site(void)
{
	jmp_buf *heap = malloc(4 * sizeof(*heap));
	volatile int i, log[16], n = 0;
	int base = spin(2) + 100;

	for (i = 0; i < 4; i++) {
		int code = setjmp(heap[i]);

		if (code) {
			log[n++] = code + base;
			break;
		}
	}
	if (n < 8)
		jump(heap[n % 4], n + 1);
	for (int k = 0; k < n; k++)
		printf("%d ", log[k]);
	printf("\n");
	free(heap);
}

/* --- Through others ------------------------------------------------------- */

static jmp_buf out;

static int compare(const void *a, const void *b)
{
	int x = *(const int *)a, y = *(const int *)b;

	if (x == 77 || y == 77)
		longjmp(out, x == 77 ? 1 : 2);
	return (x > y) - (x < y);
}

static void sorted(void)
{
	int numbers[200];
	void (*thrower)(jmp_buf, int) = spin(2) < 100 ? longjmp : jump;

	for (int i = 0; i < 200; i++)
		numbers[i] = i * 37 % 200;
	if (setjmp(out) == 0) {
		qsort(numbers, 200, sizeof(int), compare);
		printf("no 77?\n");
	} else {
		printf("sort left\n");
	}
	if (setjmp(out) == 0)
		thrower(out, 1);
	else
		printf("called through a pointer\n");
}

/* Results of every kind, from a function that a jump comes back to. */
__attribute__((noinline)) static struct vector result_struct(double x)
{
	struct vector v = { x, x + 1, x + 2, { 1, 2, 3 } };

	if (setjmp(out) == 0)
		jump(out, 1);
	v.tag[1] = 9;
	return v;
}

__attribute__((noinline)) static double result_double(double x)
{
	return setjmp(out) == 0 ? (jump(out, 3), 0.0) : x * 2;
}

__attribute__((noinline)) static unsigned char result_char(int x)
{
	if (setjmp(out) == 0)
		jump(out, 3);
	return (unsigned char)(x * 200);
}

/* Several jumps to several live frames, out of order. */
__attribute__((noinline)) static int inner(jmp_buf outer, int n)
{
	jmp_buf mine;
	volatile int rounds = 0;

	if (setjmp(mine) == 3)
		jump(outer, rounds + n);
	rounds++;
	jump(mine, rounds > 2 ? 3 : 1);
	return 0;
}

static void two_frames(void)
{
	jmp_buf mine;
	volatile int n = 0, sum = 0;
	int code = setjmp(mine);

	sum += code;
	if (++n < 20)
		sum += inner(mine, n);
	printf("%d after %d\n", sum, n);
}

int main(int argc, char **argv)
{
	struct vector v = { 1.5, 2.5, 3.5, { 4, 5, 6 } };
	static int only_here;

	forms();
	printf("%g\n", locals(3, 0.7, "text", v));
	for (int to = 0; to < 40; to += 13)
		printf("%d\n", descend(0, to));
	stacks(argc > 1 ? atoi(argv[1]) : 2000);
	one_site();
	sorted();
	v = result_struct(10);
	printf("%g %g %g %d %d\n", v.x, v.y, v.z, v.tag[1], v.tag[2]);
	printf("%g %d\n", result_double(1.25), result_char(4));
	two_frames();
	only_here = 0;
	if (setjmp(out) < 5)
		longjmp(out, ++only_here);
	printf("a static: %d\n", only_here);
	return 0;
}
