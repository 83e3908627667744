/* SPDX-License-Identifier: Apache-2.0 */
/* Writes to random pages of its memory all the time, and gives some back, until
 * a file appears; then checks every word. Arguments: MiB of memory, MiB to
 * write a second, where the file will be. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8 };

static uint64_t *memory;
static uint32_t *version; /* of each page; 0: given back */
static size_t pages;

static uint64_t word(size_t page, size_t k)
{
	return (page * 7919 + k) * (2 * (uint64_t)version[page] + 1);
}

static void write_page(size_t page)
{
	version[page]++;
	for (size_t k = 0; k < WORDS; k++)
		memory[page * WORDS + k] = word(page, k);
}

static void drop_page(size_t page)
{
	version[page] = 0;
	madvise(memory + page * WORDS, PAGE, MADV_DONTNEED);
}

static size_t count_bad(void)
{
	size_t bad = 0;

	for (size_t page = 0; page < pages; page++)
		for (size_t k = 0; k < WORDS; k++)
			bad += memory[page * WORDS + k] !=
			       (version[page] ? word(page, k) : 0);
	return bad;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

int main(int argc, char **argv)
{
	double began, rate = atof(argv[2]) * 256;
	uint64_t random = 1;
	size_t done = 0, bad;

	pages = (size_t)atoi(argv[1]) * 256;
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	version = calloc(pages, sizeof(*version));
	for (size_t page = 0; page < pages; page++)
		write_page(page);
	printf("ready\n");
	fflush(stdout);
	began = seconds();
	while (access(argv[3], F_OK) < 0) {
		size_t due = (size_t)((seconds() - began) * rate);

		for (; done < due; done++) {
			random = random * 6364136223846793005u + 1;
			if (random >> 60)
				write_page((random >> 33) % pages);
			else
				drop_page((random >> 33) % pages);
		}
		usleep(500);
	}
	bad = count_bad();
	printf("%zu words are wrong\n", bad);
	return bad != 0;
}
