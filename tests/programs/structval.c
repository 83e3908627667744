/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Structures and unions by value, in and out, of every size from 1 to 40
 * bytes and of mixed members: callers and callees must agree, and a copy must
 * stay a copy, whatever moves between them.
 */
#include <stdint.h>
#include <stdio.h>
#include <string.h>

/* clang-format off */
#define SIZES(X)                                                          \
	X(1) X(2) X(3) X(4) X(5) X(6) X(7) X(8) X(9) X(10) X(11) X(12)    \
	X(13) X(14) X(15) X(16) X(17) X(18) X(20) X(23) X(24) X(25) X(31) \
	X(32) X(33) X(39) X(40)
/* clang-format on */

static uint64_t mix(uint64_t sum, const void *data, size_t size)
{
	const unsigned char *bytes = data;

	for (size_t i = 0; i < size; i++)
		sum = (sum ^ bytes[i]) * UINT64_C(0x100000001b3);
	return sum;
}

/* Changes its argument's copy, with a loop, and returns that copy. */
#define DEFINE(n)                                                         \
	struct bytes##n {                                                 \
		unsigned char b[n];                                       \
	};                                                                \
	static struct bytes##n turn##n(int before, struct bytes##n s,     \
				       double after)                      \
	{                                                                 \
		for (int round = 0; round < before; round++)              \
			for (int i = 0; i < (n); i++)                     \
				s.b[i] = (unsigned char)(s.b[i] * 5 +     \
							 (int)after + i); \
		return s;                                                 \
	}
SIZES(DEFINE)

#define TEST(n)                                                    \
	{                                                          \
		struct bytes##n s, t;                              \
		memset(&s, (n), sizeof(s));                        \
		t = turn##n(20, s, 3.5);                           \
		t = turn##n(t.b[0] % 7, t, 1.0);                   \
		sum = mix(mix(sum, &s, sizeof(s)), &t, sizeof(t)); \
	}

struct mixed {
	char c;
	double d;
	short s;
	float f[3];
	struct {
		int64_t wide;
		int bit : 5, rest : 11;
	} inner;
};

union shape {
	double d[2];
	uint32_t words[5];
};

struct floats {
	float x, y, z;
};

static struct mixed scale(struct mixed m, struct floats by, union shape u)
{
	m.c++;
	m.d *= by.x;
	m.s = (short)(m.s - u.words[0] % 100);
	for (int i = 0; i < 3; i++)
		m.f[i] = m.f[i] * by.y + by.z;
	m.inner.wide += m.inner.bit;
	m.inner.bit = -3;
	m.inner.rest += 1;
	return m;
}

static struct floats rotate(struct floats f)
{
	return (struct floats){ f.y, f.z, f.x };
}

static union shape flip(union shape u, int index)
{
	u.words[index] = ~u.words[index];
	return u;
}

/* Recursion with large values by copy: each level has its own. */
static struct bytes40 nest(struct bytes40 s, int depth)
{
	struct bytes40 deeper;

	if (!depth)
		return s;
	s.b[depth % 40]++;
	deeper = nest(s, depth - 1);
	for (int i = 0; i < 40; i++)
		deeper.b[i] = (unsigned char)(deeper.b[i] * 3 + s.b[39 - i]);
	return deeper;
}

int main(void)
{
	struct mixed m = { 'a', 1.5, 1000, { 1, 2, 3 }, { 1, 7, 100 } };
	struct floats f = { 0.5f, 1.25f, -2.0f };
	union shape u = { .words = { 5, 6, 7, 8, 9 } };
	struct bytes40 deep = { { 1 } };
	uint64_t sum = 0;

	SIZES(TEST)
	printf("sizes %016llx\n", (unsigned long long)sum);
	for (int i = 0; i < 500; i++) {
		m = scale(m, f, u);
		f = rotate(f);
		u = flip(u, i % 5);
	}
	printf("mixed %d %.17g %d %.9g %.9g %.9g %lld %d %d\n", m.c, m.d, m.s,
	       m.f[0], m.f[1], m.f[2], (long long)m.inner.wide, m.inner.bit,
	       m.inner.rest);
	printf("floats %g %g %g, words %u %u\n", f.x, f.y, f.z, u.words[0],
	       u.words[4]);
	deep = nest(deep, 60);
	printf("nested %016llx\n",
	       (unsigned long long)mix(0, &deep, sizeof(deep)));
	return 0;
}
