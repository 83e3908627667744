/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the programs of capture_gen begin with: values of many types, how to
 * make one from a number and how to mix one into a checksum. Nothing here
 * polls. NAME(TYPE) is a function of that type, make_TYPE or hash_TYPE.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HELPER static inline __attribute__((no_instrument_function, unused))

typedef unsigned long u64;

HELPER u64 mix(u64 h, u64 v)
{
	h = (h ^ v) * 0x9e3779b97f4a7c15ul;
	return h ^ h >> 29;
}

HELPER u64 hash_bytes(const void *p, unsigned long n)
{
	const unsigned char *b = p;
	u64 h = n;

	for (unsigned long k = 0; k < n; k++)
		h = h * 131 + b[k];
	return h;
}

#define INTEGER(name, type)                        \
	typedef type name;                         \
	HELPER name make_##name(u64 s)             \
	{                                          \
		return (name)mix(s, sizeof(name)); \
	}                                          \
	HELPER u64 hash_##name(name v)             \
	{                                          \
		return (u64)v;                     \
	}

INTEGER(bit, _Bool)
INTEGER(i8, signed char)
INTEGER(u8, unsigned char)
INTEGER(i16, short)
INTEGER(u16, unsigned short)
INTEGER(i32, int)
INTEGER(u32, unsigned)
INTEGER(i64, long)
INTEGER(w64, unsigned long long)

/* Types whose bytes are all value. */
#define PLAIN(name, maker)                        \
	HELPER name make_##name(u64 s)            \
	{                                         \
		return (name)maker;               \
	}                                         \
	HELPER u64 hash_##name(name v)            \
	{                                         \
		return hash_bytes(&v, sizeof(v)); \
	}

typedef __int128 i128;
typedef unsigned __int128 u128;
typedef float f32;
typedef double f64;
typedef _Complex float c32;
typedef _Complex double c64;
typedef int v4i __attribute__((vector_size(16)));
typedef double v2d __attribute__((vector_size(16)));
typedef signed char v8c __attribute__((vector_size(8)));
typedef float v8f __attribute__((vector_size(32)));
typedef struct {
	u64 a[5];
	f64 d;
} big;
typedef struct {
	c32 z;
	f32 x[3];
	i16 h, k;
} nest;
typedef union {
	u64 a;
	f64 d;
	struct {
		i16 x, y;
	} h;
} either;

#define SMALL(s, n) ((int)((s) >> (n)&0xfffff) - 0x80000)

PLAIN(i128, ((i128)mix(s, 1) << 64 | mix(s, 2)))
PLAIN(u128, ((u128)mix(s, 3) << 64 | mix(s, 4)))
PLAIN(f32, SMALL(s, 0) / 16.0f)
PLAIN(f64, SMALL(s, 3) / 3.0)
PLAIN(c32, (SMALL(s, 1) / 8.0f + SMALL(s, 9) * 1.0if))
PLAIN(c64, (SMALL(s, 2) / 7.0 + SMALL(s, 7) * 1.0i))
PLAIN(v4i, ((v4i){ (int)s, SMALL(s, 5), (int)(s >> 20), 7 }))
PLAIN(v2d, ((v2d){ SMALL(s, 2) / 5.0, SMALL(s, 13) }))
PLAIN(v8c, ((v8c){ (i8)s, 1, (i8)(s >> 9), -3, (i8)(s >> 17), 2, 4, 9 }))
PLAIN(v8f, ((v8f){ SMALL(s, 0), 1, SMALL(s, 8) / 2.0f, 3, 4, SMALL(s, 17) }))
PLAIN(big, ((big){ { s, mix(s, 5), 3, s >> 7, ~s }, SMALL(s, 4) / 9.0 }))
PLAIN(nest, ((nest){ make_c32(s), { 1, SMALL(s, 6), 2.5f }, (i16)s, -1 }))
PLAIN(either, ((either){ .a = mix(s, 6) }))

typedef struct {
	i32 a;
	i8 b;
} pair;

HELPER pair make_pair(u64 s)
{
	return (pair){ (i32)(s >> 11), (i8)s };
}

HELPER u64 hash_pair(pair v)
{
	return mix((u64)v.a, (u64)v.b);
}

typedef struct __attribute__((packed)) {
	i8 a;
	u64 b;
	i16 c : 5;
	u32 d : 21;
} packed;

HELPER packed make_packed(u64 s)
{
	return (packed){ (i8)s, mix(s, 7), (int)(s >> 5 & 15), s & 0x1fffff };
}

HELPER u64 hash_packed(packed v)
{
	return mix(mix((u64)v.a, v.b), mix((u64)v.c, v.d));
}

typedef struct {
	v4i v;
	f64 d;
} mixed;

HELPER mixed make_mixed(u64 s)
{
	return (mixed){ make_v4i(s), make_f64(s) };
}

HELPER u64 hash_mixed(mixed v)
{
	return mix(hash_v4i(v.v), hash_f64(v.d));
}

/* Pointers count by what they point to: locals, the heap, this. */
typedef u64 *ref;
static u64 cells[16];

HELPER ref make_ref(u64 s)
{
	return &cells[s % 16];
}

HELPER u64 hash_ref(ref v)
{
	return *v;
}

/* Function pointers count by their place in the program's table. */
typedef u64 (*fun)(int depth, u64 h);
extern const fun table[FUNCTIONS];

HELPER fun make_fun(u64 s)
{
	return table[s % FUNCTIONS];
}

HELPER u64 hash_fun(fun v)
{
	u64 k = 0;

	while (table[k] != v)
		k++;
	return k;
}

/* How many more calls there are, so that each program ends. */
static int budget = 40;
