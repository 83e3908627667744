/* SPDX-License-Identifier: Apache-2.0 */
/* Bitmaps of pages: bit n is bit n % 64 of word n / 64. Not atomic. */
#ifndef HEXO_MONITOR_BITS_H
#define HEXO_MONITOR_BITS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool vm_bits_get(const uint64_t *bits, uint64_t bit)
{
	return bits[bit / 64] >> (bit % 64) & 1;
}

/* Sets or clears [bit, bit + count). */
static inline void vm_bits_fill(uint64_t *bits, uint64_t bit, uint64_t count,
				bool set)
{
	while (count) {
		uint64_t shift = bit % 64;
		uint64_t n = count < 64 - shift ? count : 64 - shift;
		uint64_t mask =
			(n == 64 ? ~UINT64_C(0) : (UINT64_C(1) << n) - 1)
			<< shift;

		if (set)
			bits[bit / 64] |= mask;
		else
			bits[bit / 64] &= ~mask;
		bit += n;
		count -= n;
	}
}

/* How many of [bit, bit + count) are set. */
static inline uint64_t vm_bits_count(const uint64_t *bits, uint64_t bit,
				     uint64_t count)
{
	uint64_t sum = 0;

	for (; count && bit % 64; bit++, count--)
		sum += vm_bits_get(bits, bit);
	for (; count >= 64; bit += 64, count -= 64)
		sum += (uint64_t)__builtin_popcountll(bits[bit / 64]);
	for (; count; bit++, count--)
		sum += vm_bits_get(bits, bit);
	return sum;
}

/* How many bits from `bit` on, at most count, are as it is. */
static inline uint64_t vm_bits_run(const uint64_t *bits, uint64_t bit,
				   uint64_t count)
{
	bool first = vm_bits_get(bits, bit);
	uint64_t n = 1;

	while (n < count && vm_bits_get(bits, bit + n) == first)
		n++;
	return n;
}

/* The first set bit from `from` on, or else from the begin, of so many words;
 * false: none is. */
static inline bool vm_bits_find(const uint64_t *bits, uint64_t words,
				uint64_t from, uint64_t *found)
{
	uint64_t at = from / 64 % words;
	uint64_t word = bits[at] & -(UINT64_C(1) << (from % 64));

	for (uint64_t i = 0; !word && i < words; i++) {
		at = (at + 1) % words;
		word = bits[at];
	}
	if (!word)
		return false;
	*found = at * 64 + (uint64_t)__builtin_ctzll(word);
	return true;
}

#endif
