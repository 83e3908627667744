/* SPDX-License-Identifier: Apache-2.0 */
/* Arithmetic that compilers leave to a library: complex numbers, integers of
 * 128 bits, atomic operations of 1 to 16 bytes, bit-fields. */
#pragma clang diagnostic ignored "-Watomic-alignment"
#include <complex.h>
#include <stdio.h>
#include <string.h>

typedef unsigned __int128 u128;
typedef __int128 i128;

static void print128(const char *what, u128 x)
{
	printf("%s %016lx%016lx\n", what, (unsigned long)(x >> 64),
	       (unsigned long)x);
}

static u128 random128(void)
{
	static u128 x = 1;

	x = x * (((u128)0x2360ed051fc65da4 << 64) | 0x4385df649fccf645) +
	    (((u128)0x5851f42d4c957f2d << 64) | 0x14057b7ef767814f);
	return x ^ x >> 67;
}

static void wide(void)
{
	u128 mix = 0;

	for (int i = 0; i < 500; i++) {
		u128 a = random128() >> (i % 127);
		u128 b = random128() >> (i * 7 % 127) | 1;
		i128 s = (i128)a, t = (i128)b;
		double d = (double)s;
		float f = (float)b;

		mix = mix * 31 + a / b;
		mix = mix * 31 + a % b;
		mix = mix * 31 + (u128)(s / t);
		mix = mix * 31 + (u128)(s % t);
		mix = mix * 31 + (u128)(s >> (i % 128)) + (a << (i * 5 % 128));
		mix = mix * 31 + (a * b) + (u128)(s < t) + (a < b);
		mix = mix * 31 + (u128)(i128)(d / 3) + (u128)(f / 5);
		mix = mix * 31 + (u128)__builtin_popcountll((long)a);
	}
	print128("wide", mix);
}

/* --- Complex ---------------------------------------------------------------
 */

static double _Complex powers(double _Complex z, int n)
{
	double _Complex r = 1;

	for (int i = 0; i < n; i++)
		r = r * z + 0.25 * I;
	return r / (z - 3);
}

static void complexes(void)
{
	double _Complex z = powers(0.75 + 0.5 * I, 30);
	float _Complex f = (float _Complex)z * (2.0f - 1.0f * I);
	double _Complex table[3] = { 1, I, z };

	f /= 1.5f + 0.5f * I;
	table[1] += table[2] * conj(table[0]);
	printf("%.17g %.17g\n", creal(z), cimag(z));
	printf("%.9g %.9g\n", crealf(f), cimagf(f));
	printf("%.17g %.17g %d\n", creal(table[1]), cimag(-table[1]),
	       table[1] == table[2] + I);
	printf("%.15g %.15g\n", cabs(z), creal(csqrt(-1 + 0 * z)));
}

/* --- Atomic ----------------------------------------------------------------
 */

#define ATOMIC(type, name)                                                    \
	static void atomic_##name(void)                                       \
	{                                                                     \
		static type x;                                                \
		type old, expected = 5, mix = 0, to = 77;                     \
		_Bool done;                                                   \
		__atomic_store_n(&x, (type)5, __ATOMIC_SEQ_CST);              \
		old = __atomic_fetch_add(&x, (type)100, __ATOMIC_RELAXED);    \
		mix = (type)(mix * 7 + old);                                  \
		old = __atomic_sub_fetch(&x, (type)3, __ATOMIC_ACQ_REL);      \
		mix = (type)(mix * 7 + old);                                  \
		mix += __atomic_fetch_or(&x, (type)24, __ATOMIC_SEQ_CST);     \
		mix += __atomic_xor_fetch(&x, (type)90, __ATOMIC_SEQ_CST);    \
		mix += __atomic_fetch_and(&x, (type)60, __ATOMIC_SEQ_CST);    \
		mix += __atomic_nand_fetch(&x, (type)40, __ATOMIC_SEQ_CST);   \
		mix += __atomic_exchange_n(&x, (type)9, __ATOMIC_SEQ_CST);    \
		done = __atomic_compare_exchange_n(&x, &expected, (type)1, 0, \
						   __ATOMIC_SEQ_CST,          \
						   __ATOMIC_RELAXED);         \
		mix = (type)(mix * 7 + expected + done);                      \
		done = __atomic_compare_exchange(&x, &expected, &to, 0,       \
						 __ATOMIC_SEQ_CST,            \
						 __ATOMIC_RELAXED);           \
		mix = (type)(mix * 7 + expected + done);                      \
		mix += __sync_fetch_and_add(&x, (type)11);                    \
		mix += __sync_sub_and_fetch(&x, (type)2);                     \
		mix += __sync_bool_compare_and_swap(&x, (type)86, (type)3);   \
		mix += __sync_val_compare_and_swap(&x, (type)3, (type)4);     \
		mix += __sync_lock_test_and_set(&x, (type)8);                 \
		__sync_lock_release(&x);                                      \
		__sync_synchronize();                                         \
		mix += __atomic_load_n(&x, __ATOMIC_ACQUIRE);                 \
		print128(#name, (u128)mix);                                   \
	}

ATOMIC(unsigned char, 1)
ATOMIC(short, 2)
ATOMIC(unsigned, 4)
ATOMIC(long, 8)
ATOMIC(u128, 16)

struct odd {
	char at[3];
};

struct twelve {
	int at[3];
};

struct sixteen {
	long a, b;
};

static _Atomic struct odd odd;
static _Atomic struct twelve twelve;
static _Atomic struct sixteen sixteen;
static _Atomic double real;
static _Atomic float single;
static _Atomic i128 wide_atomic;
static _Atomic int counter = 3;
static _Bool flag;

static void atomics(void)
{
	struct odd o = { { 1, 2, 3 } };
	struct twelve t = { { 4, 5, 6 } }, u;
	struct sixteen s = { 7, 8 }, w = { 0, 0 };
	int seq = __ATOMIC_SEQ_CST, done;

	atomic_1();
	atomic_2();
	atomic_4();
	atomic_8();
	atomic_16();
	odd = o;
	o = __c11_atomic_exchange(&odd, ((struct odd){ { 9, 9, 9 } }), seq);
	twelve = t;
	u = twelve;
	sixteen = s;
	done = __c11_atomic_compare_exchange_strong(&sixteen, &w, s, seq, seq);
	done += 2 *
		__c11_atomic_compare_exchange_weak(&sixteen, &w,
						   ((struct sixteen){ 1, 2 }),
						   seq, __ATOMIC_RELAXED);
	s = sixteen;
	real = 1.5;
	real += 2.25;
	single = 3;
	single *= 2.5f;
	wide_atomic = 10;
	wide_atomic *= (i128)1 << 100;
	wide_atomic--;
	counter++;
	__c11_atomic_fetch_sub(&counter, 10, __ATOMIC_RELEASE);
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
	printf("%d %d %d, %ld %ld %ld %ld %d\n", o.at[0], u.at[2], t.at[0], s.a,
	       s.b, w.a, w.b, done);
	printf("%g %g %d %d %d\n", real, (double)single, counter,
	       __atomic_test_and_set(&flag, seq),
	       __atomic_test_and_set(&flag, seq));
	__atomic_clear(&flag, seq);
	printf("%d\n", flag);
	print128("wide", (u128)wide_atomic);
}

/* --- Bit-fields --------------------------------------------------------------
 */

struct packed {
	unsigned long a : 5, b : 37, c : 22;
	int d : 1;
	unsigned char e : 4, f : 4;
	short g;
	long h : 50;
	_Bool i : 1;
} __attribute__((packed));

static void bit_fields(void)
{
	static struct packed p[7];
	unsigned long mix = 0;

	for (int i = 0; i < 200; i++) {
		struct packed *q = &p[i % 7];

		q->a += i;
		q->b = q->b * 5 + i;
		q->c -= q->a;
		q->d = i;
		q->e ^= i;
		q->f += q->e;
		q->g--;
		q->h = q->h * -3 + i;
		q->i = i & 8;
		mix = mix * 31 + q->a + q->b + q->c + q->d + q->e + q->f +
		      q->g + q->h + q->i;
	}
	printf("%lx %zu\n", mix, sizeof(p[0]));
}

int main(void)
{
	wide();
	complexes();
	atomics();
	bit_fields();
	return 0;
}
