/* SPDX-License-Identifier: Apache-2.0 */
/* Arguments and results of every kind by value: structs and unions of 1 to
 * 40 bytes, variadic arguments of every type, vectors, unprototyped calls. */
#pragma clang diagnostic ignored "-Wpsabi"
#pragma clang diagnostic ignored "-Wdeprecated-non-prototype"
#include <complex.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* --- Structs of every size ------------------------------------------------ */

#define SIZES(op)                                                              \
	op(1) op(2) op(3) op(4) op(5) op(6) op(7) op(8) op(9) op(10) op(11)    \
		op(12) op(13) op(14) op(15) op(16) op(17) op(18) op(19) op(20) \
			op(21) op(22) op(23) op(24) op(25) op(26) op(27)       \
				op(28) op(29) op(30) op(31) op(32) op(33)      \
					op(34) op(35) op(36) op(37) op(38)     \
						op(39) op(40)

#define DEFINE(n)                                                            \
	struct bytes##n {                                                    \
		unsigned char at[n];                                         \
	};                                                                   \
	__attribute__((noinline)) static struct bytes##n turn##n(            \
		int before, struct bytes##n s, double after)                 \
	{                                                                    \
		struct bytes##n r;                                           \
		for (int i = 0; i < n; i++)                                  \
			r.at[i] = (unsigned char)(s.at[n - 1 - i] + before); \
		s.at[0] = (unsigned char)after; /* the callee's copy */      \
		r.at[n - 1] ^= s.at[0];                                      \
		return r;                                                    \
	}                                                                    \
	static unsigned variadic##n(int count, ...)                          \
	{                                                                    \
		va_list args;                                                \
		unsigned sum = 0;                                            \
		va_start(args, count);                                       \
		while (count--) {                                            \
			struct bytes##n s = va_arg(args, struct bytes##n);   \
			sum = sum * 31 + s.at[0] + s.at[n - 1];              \
			sum += (unsigned)va_arg(args, int);                  \
		}                                                            \
		va_end(args);                                                \
		return sum;                                                  \
	}                                                                    \
	static void test##n(void)                                            \
	{                                                                    \
		struct bytes##n a, b;                                        \
		unsigned sum = 0;                                            \
		struct bytes##n (*volatile turn)(int, struct bytes##n,       \
						 double) = turn##n;          \
		for (int i = 0; i < n; i++)                                  \
			a.at[i] = (unsigned char)(i * 7 + n);                \
		b = turn(n, turn(1, a, 2.5), 7.25);                          \
		for (int i = 0; i < n; i++)                                  \
			sum = sum * 33 + b.at[i] + a.at[i];                  \
		printf("%d: %u %u\n", n, sum,                                \
		       variadic##n(3, a, 1, b, 2, turn(3, b, 4), 3));        \
	}

SIZES(DEFINE)

/* --- Mixed members -------------------------------------------------------- */

struct mixed {
	char c;
	float f[3];
	short s;
	double d;
};

struct pair {
	double re;
	float im;
};

struct four_floats {
	float at[4];
};

struct two_longs {
	long a, b;
};

union any {
	int i;
	double d;
	char text[24];
};

struct bits {
	unsigned a : 3;
	signed b : 7;
	unsigned long c : 41;
	_Bool d : 1;
	unsigned : 0;
	int e : 20;
};

struct inner {
	struct pair p[2];
	union any u;
};

struct empty {
};

static struct mixed mix(struct mixed m, struct pair p, struct four_floats f,
			struct two_longs l, union any u, struct bits b,
			struct inner in, struct empty e)
{
	m.c += 1;
	m.f[1] += f.at[2] + p.im;
	m.s = (short)(m.s + l.b);
	m.d = u.d + p.re + b.b + (double)b.c + b.e + b.d + in.p[1].im;
	(void)e;
	return m;
}

static struct bits bits_turn(struct bits b)
{
	b.a++;
	b.b = (signed)(-b.b - 1);
	b.c *= 3;
	b.d = !b.d;
	b.e -= 1000000;
	return b;
}

static union any any_of(const char *text)
{
	union any u;

	memset(&u, 0, sizeof(u));
	strncpy(u.text, text, sizeof(u.text) - 1);
	return u;
}

static void mixed(void)
{
	struct mixed m = { 'a', { 1, 2, 3 }, 500, 2.5 };
	struct pair p = { 1.25, 2.5f };
	struct four_floats f = { { 1, 2, 3, 4 } };
	struct two_longs l = { 1, 2 };
	union any u = { .d = 0.125 };
	struct bits b = { 5, -3, 1UL << 39, 1, -7 };
	struct inner in = { { p, { 3, 4.5f } }, any_of("inner") };
	struct empty e;

	m = mix(m, p, f, l, u, b, in, e);
	printf("%c %g %g %g %d %.17g\n", m.c, m.f[0], m.f[1], m.f[2], m.s, m.d);
	b = bits_turn(bits_turn(bits_turn(b)));
	printf("%u %d %lu %d %d %zu\n", b.a, b.b, (unsigned long)b.c, b.d, b.e,
	       sizeof(b));
	printf("%s\n", any_of("a text in a union").text);
}

/* --- Variadic arguments of every type ------------------------------------- */

static void print_all(const char *types, ...)
{
	va_list args, again;

	va_start(args, types);
	va_copy(again, args);
	for (int round = 0; round < 2; round++) {
		va_list *from = round ? &again : &args;

		for (const char *t = types; *t; t++) {
			switch (*t) {
			case 'c':
				printf("%c ", va_arg(*from, int));
				break;
			case 'i':
				printf("%d ", va_arg(*from, int));
				break;
			case 'l':
				printf("%ld ", va_arg(*from, long));
				break;
			case 'd':
				printf("%.17g ", va_arg(*from, double));
				break;
			case 'L':
				/* whose precision differs */
				printf("%g ",
				       (double)va_arg(*from, long double));
				break;
			case 'p':
				printf("%s ", va_arg(*from, char *));
				break;
			case 'f':
				va_arg(*from, void (*)(void))();
				break;
			case 'q': {
				__int128 q = va_arg(*from, __int128);

				printf("%lx.%lx ", (long)(q >> 64), (long)q);
				break;
			}
			case 'z': {
				double _Complex z =
					va_arg(*from, double _Complex);

				printf("%g%+gi ", creal(z), cimag(z));
				break;
			}
			case 'y': {
				float _Complex z =
					va_arg(*from, float _Complex);

				printf("%g%+gi ", crealf(z), cimagf(z));
				break;
			}
			case 'm': {
				struct mixed m = va_arg(*from, struct mixed);

				printf("{%c %g %d %g} ", m.c, m.f[2], m.s, m.d);
				break;
			}
			case 'u':
				printf("%s ", va_arg(*from, union any).text);
				break;
			case 'b':
				printf("%d ", va_arg(*from, struct bits).b);
				break;
			}
		}
		printf("\n");
	}
	va_end(args);
	va_end(again);
}

static void hello(void)
{
	printf("hello ");
}

static void variadic(void)
{
	struct mixed m = { 'z', { 1, 2, 3 }, -5, 1e300 };
	struct bits b = { 1, -33, 7, 0, 0 };
	__int128 q = ((__int128)0x123456789 << 70) - 5;

	print_all("cildLpfqzymubq", 'c', -7, 1L << 60, 0.1, 2.5L, "text", hello,
		  q, 1.5 - 2.5 * I, 3.5f + 4.5f * I, m, any_of("union"), b, -q);
	print_all("iqizim", 1, q, 2, 3.0 * I, 4, m);
	print_all("iiiiiiiiiiddddddddddlll", 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 1.,
		  2., 3., 4., 5., 6., 7., 8., 9., 10., 1L, 2L, 3L);
	print_all("");
}

/* --- Vectors -------------------------------------------------------------- */

typedef int v2i __attribute__((vector_size(8)));
typedef float v4f __attribute__((vector_size(16)));
typedef short v16s __attribute__((vector_size(32)));
typedef double v8d __attribute__((vector_size(64)));
typedef unsigned char v16c __attribute__((vector_size(16)));
typedef long v8l __attribute__((vector_size(64)));

struct with_vector {
	char c;
	v4f v;
};

__attribute__((noinline)) static v2i v2i_turn(v2i a, int x, v2i b)
{
	return a * x + b;
}

__attribute__((noinline)) static v4f v4f_turn(v4f a, float x, v4f b)
{
	return a * x - b / 2;
}

__attribute__((noinline)) static v16s v16s_turn(v16s a, v16s b)
{
	return (a > b) & (a - b);
}

__attribute__((noinline)) static v8d v8d_turn(v8d a, v8d b)
{
	for (int i = 0; i < 100; i++)
		a = a * 0.5 + b;
	return a;
}

__attribute__((noinline)) static struct with_vector
in_struct(struct with_vector w, v16c mask)
{
	w.v[1] += mask[3];
	w.c++;
	return w;
}

static double sum_vectors(int n, ...)
{
	va_list args;
	double sum = 0;

	va_start(args, n);
	while (n--) {
		v4f f = va_arg(args, v4f);
		v2i i = va_arg(args, v2i);

		sum = sum * 3 + f[0] + f[3] + i[0] - i[1];
	}
	va_end(args);
	return sum;
}

static void vectors(void)
{
	v2i i = v2i_turn((v2i){ 1, 2 }, 3, (v2i){ 10, 20 });
	v4f f = v4f_turn((v4f){ 1, 2, 3, 4 }, 1.5f, (v4f){ 8, 6, 4, 2 });
	v16s a = { 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16 };
	v16s s = v16s_turn(a, 24 - a * 2);
	v8d d = { 1, 2, 3, 4, 5, 6, 7, 8 };
	v16c c = { 0 };
	struct with_vector w = { 'v', f };
	v8l l = (v8l){ 1, 2, 3, 4, 5, 6, 7, 8 } << 3;
	v2i (*volatile turn)(v2i, int, v2i) = v2i_turn;

	i = turn(i, 2, i);
	d = v8d_turn(d, d * d);
	c[3] = 200;
	w = in_struct(w, ~c);
	l = __builtin_shufflevector(l, l + 1, 7, 6, 5, 4, 8, 9, 10, 11);
	printf("%d %d, %g %g %g %g\n", i[0], i[1], f[0], f[1], f[2], f[3]);
	for (int k = 0; k < 16; k++)
		printf("%d ", s[k]);
	for (int k = 0; k < 8; k++)
		printf("%.17g %ld ", d[k], l[k]);
	printf("\n%c %g\n", w.c, w.v[1]);
	printf("%g\n", sum_vectors(2, f, i, f * 2, i * 2));
}

/* --- Without prototypes --------------------------------------------------- */

static int old_style(a, b, c, d)
int a;
char b;
double c;
float d;
{
	return a + b + (int)c + (int)d;
}

static int unprototyped();

static void unprototyped_calls(void)
{
	int (*volatile f)() = unprototyped;

	printf("%d %d %d\n", old_style(1, 'b', 3.5, 4.5f),
	       unprototyped(1, 2L, 3.5, "four"), f(5, 6L, 7.5, "eight"));
}

static int unprototyped(int a, long b, double c, const char *d)
{
	return a + (int)b + (int)c + d[0];
}

#define CALL(n) test##n();

int main(void)
{
	SIZES(CALL)
	mixed();
	variadic();
	vectors();
	unprototyped_calls();
	return 0;
}
