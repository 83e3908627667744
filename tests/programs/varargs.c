/* SPDX-License-Identifier: Apache-2.0 */
/* Variadic functions: all kinds of arguments, many of them, structs of many
 * sizes, va_copy, va_list passed on, and calls by pointer. */
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

struct tiny {
	char c;
};

struct pair {
	int32_t a;
	float b;
};

struct doubles {
	double x, y;
};

struct large {
	int64_t values[5];
	char tag[3];
};

union number {
	double real;
	int64_t whole;
};

/* Reads arguments as format says and mixes them into a sum. Loops over them
 * so that a move can come between two. */
static double sum_list(const char *format, va_list list)
{
	double sum = 0.0;

	for (; *format; format++) {
		sum = sum * 1.25;
		switch (*format) {
		case 'i':
			sum += va_arg(list, int);
			break;
		case 'c':
			sum += (char)va_arg(list, int);
			break;
		case 'u':
			sum += va_arg(list, unsigned);
			break;
		case 'l':
			sum += (double)va_arg(list, int64_t);
			break;
		case 'd':
			sum += va_arg(list, double);
			break;
		case 'D':
			sum += (double)va_arg(list, long double);
			break;
		case 's':
			sum += (double)strlen(va_arg(list, const char *));
			break;
		case 't':
			sum += va_arg(list, struct tiny).c;
			break;
		case 'p': {
			struct pair p = va_arg(list, struct pair);

			sum += p.a + p.b;
			break;
		}
		case 'x': {
			struct doubles d = va_arg(list, struct doubles);

			sum += d.x * d.y;
			break;
		}
		case 'L': {
			struct large l = va_arg(list, struct large);

			for (int i = 0; i < 5; i++)
				sum += (double)l.values[i];
			sum += l.tag[2];
			break;
		}
		case 'n':
			sum += va_arg(list, union number).real;
			break;
		}
	}
	return sum;
}

static double sum(const char *format, ...)
{
	va_list list;
	double result;

	va_start(list, format);
	result = sum_list(format, list);
	va_end(list);
	return result;
}

/* Reads the list twice, from a copy taken in the middle. */
static double sum_twice(const char *first, const char *rest, ...)
{
	va_list list, copy;
	double a, b, c;

	va_start(list, rest);
	a = 0.0;
	for (const char *f = first; *f; f++)
		a += va_arg(list, int);
	va_copy(copy, list);
	b = sum_list(rest, list);
	c = sum_list(rest, copy);
	va_end(copy);
	va_end(list);
	return a + b - c;
}

static int join(char *out, size_t size, const char *format, ...)
{
	va_list list;
	int length;

	va_start(list, format);
	length = vsnprintf(out, size, format, list);
	va_end(list);
	return length;
}

static void structs(void)
{
	struct tiny t = { 't' };
	struct pair p = { 40, 2.5f };
	struct doubles d = { 1.5, -4.0 };
	struct large l = { { 1, 2, 3, 4, 5 }, { 'a', 'b', 'c' } };
	union number n = { .real = 0.125 };

	printf("structs %.17g\n", sum("tpxLn", t, p, d, l, n));
	printf("mixed %.17g\n", sum("itdpLxsnil", 7, t, 2.5, p, l, d, "four", n,
				    -9, INT64_C(1) << 40));
}

/* Needs more alignment than any other argument. */
typedef float wide __attribute__((vector_size(32)));

#pragma clang diagnostic ignored "-Wpsabi"
static double lanes(int n, ...)
{
	va_list list;
	double sum = 0;

	va_start(list, n);
	while (n-- > 0) {
		wide w = va_arg(list, wide);

		for (int k = 0; k < 8; k++)
			sum = sum * 3 + w[k];
		sum += va_arg(list, int);
	}
	va_end(list);
	return sum;
}

int main(void)
{
	wide w = { 1, 2, 3, 4, 5, 6, 7, 8 };
	double (*by_pointer)(const char *, ...) = sum;
	char text[200];
	int length;

	printf("none %.17g\n", sum(""));
	printf("basic %.17g\n",
	       sum("iculdDs", -5, 'x', 4000000000u, -(INT64_C(1) << 33), 3.25,
		   1.0L / 8, "abc"));
	printf("many %.17g\n", sum("iiiiiiiiiiiidddddddddddd", 1, 2, 3, 4, 5, 6,
				   7, 8, 9, 10, 11, 12, 1.5, 2.5, 3.5, 4.5, 5.5,
				   6.5, 7.5, 8.5, 9.5, 10.5, 11.5, 12.5));
	printf("lanes %.17g\n", lanes(3, w, 1, w + w, 2, w, 3));
	structs();
	printf("twice %.17g\n",
	       sum_twice("ii", "dil", 3, 4, 2.0, 9, INT64_C(77)));
	length = join(text, sizeof(text), "%s|%5d|%-8x|%+.3f|%c|%lld|%zu|%%",
		      "text", -42, 0xbeef, 2.0 / 3, 'z', -1LL, sizeof(int64_t));
	printf("%d %s\n", length, text);
	printf("cut %d %s\n", join(text, 8, "%d-%d-%d", 100, 200, 300), text);
	for (int i = 0; i < 400; i++)
		text[i % 100] = (char)by_pointer("idi", i, i * 0.5, -i);
	printf("by pointer %.17g %d\n", by_pointer("dd", 0.1, 0.2), text[42]);
	return 0;
}
