/* SPDX-License-Identifier: Apache-2.0 */
/* Callbacks from libc: comparators of qsort and bsearch that do work of their
 * own, one of them sorting in turn. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { COUNT = 600, WORD = 12 };

static unsigned long compared;

/* How many steps the Collatz sequence of n takes to 1. */
static int collatz(uint64_t n)
{
	int steps = 0;

	while (n > 1) {
		n = n % 2 ? 3 * n + 1 : n / 2;
		steps++;
	}
	return steps;
}

static int by_collatz(const void *left, const void *right)
{
	uint32_t a = *(const uint32_t *)left, b = *(const uint32_t *)right;
	int difference = collatz(a) - collatz(b);

	compared++;
	return difference ? difference : (a > b) - (a < b);
}

static int by_byte(const void *left, const void *right)
{
	return *(const char *)left - *(const char *)right;
}

/* Words compare as anagrams: by their sorted letters. */
static int by_letters(const void *left, const void *right)
{
	char a[WORD], b[WORD];
	int difference;

	compared++;
	memcpy(a, left, WORD);
	memcpy(b, right, WORD);
	qsort(a, strlen(a), 1, by_byte);
	qsort(b, strlen(b), 1, by_byte);
	difference = strcmp(a, b);
	return difference ? difference : strcmp(left, right);
}

static uint32_t next(uint32_t *state)
{
	*state = *state * 1664525u + 1013904223u;
	return *state >> 8;
}

static void sort_numbers(void)
{
	uint32_t *numbers = malloc(COUNT * sizeof(*numbers));
	uint32_t state = 7, key, sum = 0;
	int found = 0;

	if (!numbers)
		exit(EXIT_FAILURE);
	for (int i = 0; i < COUNT; i++)
		numbers[i] = next(&state) % 5000 + 1;
	qsort(numbers, COUNT, sizeof(*numbers), by_collatz);
	for (int i = 0; i < COUNT; i++)
		sum = sum * 31 + numbers[i];
	for (key = 1; key <= 500; key++)
		found += bsearch(&key, numbers, COUNT, sizeof(*numbers),
				 by_collatz) != NULL;
	printf("numbers: sum %08x, found %d, first %u, last %u\n", sum, found,
	       numbers[0], numbers[COUNT - 1]);
	free(numbers);
}

static void sort_words(void)
{
	static char words[COUNT / 4][WORD];
	uint32_t state = 11;

	for (int i = 0; i < COUNT / 4; i++)
		for (int k = 0; k < 5; k++)
			words[i][k] = (char)('a' + next(&state) % 4);
	qsort(words, COUNT / 4, WORD, by_letters);
	for (int i = 0; i < COUNT / 4; i += 10)
		printf("%s%c", words[i], i + 10 < COUNT / 4 ? ' ' : '\n');
}

int main(void)
{
	sort_numbers();
	sort_words();
	printf("compared %lu times\n", compared);
	return 0;
}
