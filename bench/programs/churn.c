/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory churn: adds one to a byte of each page, round after round. A page
 * that a move loses, repeats or brings back old shows at the end, when every
 * byte must agree.
 */
#include <stdio.h>
#include <stdlib.h>

#define PAGE 4096u

/* Which byte of a page counts: another one in each page. */
static size_t counter_at(size_t page)
{
	return page * PAGE + page * 61 % PAGE;
}

static int check(const unsigned char *memory, size_t pages, unsigned rounds)
{
	unsigned char expected = (unsigned char)rounds;
	size_t wrong = 0;

	for (size_t page = 0; page < pages; page++)
		for (size_t i = 0; i < PAGE; i++) {
			size_t at = page * PAGE + i;

			wrong += memory[at] !=
				 (at == counter_at(page) ? expected : 0);
		}
	printf("churn: %zu pages, %u rounds, %zu bytes wrong\n", pages, rounds,
	       wrong);
	return wrong ? EXIT_FAILURE : EXIT_SUCCESS;
}

int main(int argc, char **argv)
{
	size_t mib = argc > 1 ? strtoul(argv[1], NULL, 10) : 16;
	unsigned rounds = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 10) : 50;
	size_t pages = mib * (1 << 20) / PAGE;
	unsigned char *memory = calloc(pages, PAGE);
	int status;

	if (!pages || !memory) {
		fprintf(stderr, "usage: %s [MIB] [ROUNDS]\n", argv[0]);
		return 2;
	}
	for (unsigned round = 0; round < rounds; round++)
		for (size_t page = 0; page < pages; page++)
			memory[counter_at(page)]++;
	status = check(memory, pages, rounds);
	free(memory);
	return status;
}
