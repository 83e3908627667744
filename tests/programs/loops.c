/* SPDX-License-Identifier: Apache-2.0 */
/* Loops of all shapes: narrow counters, steps, ways out by switch, jumps into
 * their middle, and none at all. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { SIZE = 5000 };

static uint8_t bytes[SIZE];

/* Counters of 8 and 16 bits, with limits not known when compiled. */
static unsigned narrow(uint8_t down, uint16_t up, int8_t from, int8_t to)
{
	unsigned sum = 0;
	uint8_t i = down;

	do {
		bytes[i] = (uint8_t)(bytes[i + 1] + i);
		i--;
	} while (i);
	for (uint16_t k = 0; k != up; k += 4)
		sum = sum * 3 + k;
	for (int8_t k = from; k != to; k++)
		sum ^= (unsigned)(k * k);
	return sum + bytes[down];
}

static unsigned steps(int64_t low, int64_t high, int64_t step)
{
	unsigned sum = 0;

	for (int64_t i = high; i > low; i -= step)
		sum = sum * 5 + (unsigned)i;
	for (uint64_t i = 0; i < (uint64_t)high; i += 3)
		sum ^= (unsigned)i << (i % 7);
	return sum;
}

/* A scanner: several cases leave for one place. */
static int scan(const char *text, int *kind)
{
	int length = 0;

	for (;; length++) {
		switch (text[length]) {
		case ' ':
		case '\t':
		case '\n':
			*kind = 1;
			return length;
		case ';':
		case ',':
			*kind = 2;
			return length;
		case '\0':
			*kind = 0;
			return length;
		default:
			break;
		}
	}
}

/* Jumps into loops, as machines of states do. */
static unsigned enter(int where, int rounds)
{
	unsigned sum = 1;
	int i = 0, k = 0;

	switch (where) {
	case 0:
		for (i = 0; i < rounds; i++) {
			sum = sum * 7 + 1;
			/* fall through */
		case 1:
			for (k = 0; k < rounds; k++) {
				sum ^= sum >> 3;
				/* fall through */
			case 2:
				sum += (unsigned)(i * k) + 1;
			}
		}
	}
	return sum;
}

/* Not reducible to loops with one entry. */
static unsigned tangle(unsigned n)
{
	unsigned a = n, b = 1, c = 0;

	if (n & 1)
		goto second;
first:
	a = a * 3 + 1;
	c++;
	if (c > 3000)
		return a ^ b;
second:
	b = b * 5 + a;
	if (b & 4)
		goto first;
	c += 2;
	goto first;
}

static unsigned long nested(int n)
{
	unsigned long sum = 0;

	for (int a = 0; a < n; a++)
		for (int b = a; b < n; b++)
			for (int c = 3; c--;)
				sum += (unsigned long)(a ^ b) + (unsigned)c;
	return sum;
}

int main(int argc, char **argv)
{
	int one = argc > 100 ? atoi(argv[1]) : 1;
	const char *text = "some words; more,of them\tand the end";
	int kind = 3, at = 0;

	for (int i = 0; i < SIZE; i++)
		bytes[i] = (uint8_t)(i * 31);
	for (int i = 0; i < 20; i++)
		printf("%u %u\n",
		       narrow((uint8_t)(200 + i),
			      (uint16_t)(4000 * one + 4 * i), -100,
			      (int8_t)(i + 90)),
		       steps(-i, 3000 + i, one + i % 3));
	while (kind) {
		int length = scan(text + at, &kind);

		printf("%d:%d ", length, kind);
		at += length + 1;
	}
	putchar('\n');
	for (int i = 0; i < 4; i++)
		printf("%u %u\n", enter(i, 60 * one),
		       tangle((unsigned)(i * one)));
	printf("%lu\n", nested(300 * one));
	return 0;
}
