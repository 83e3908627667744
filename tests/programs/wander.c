/* SPDX-License-Identifier: Apache-2.0 */
/* Reads and writes random pages of its memory, from recursion of random depth,
 * and checks each page before it writes to it. Prints what it has computed
 * after each BATCH of pages; the text depends on nothing but their number.
 * Arguments: MiB of memory, MiB to write a second (0: all it can), and where a
 * file will be that ends it, or after how many batches it ends. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

enum { PAGE = 4096, WORDS = PAGE / 8, BATCH = 1024, DEPTH = 24 };

static uint64_t *memory;
static uint32_t *version; /* of each page; 0: given back */
static size_t pages, done;
static uint64_t state = 1;
static double sum;

static size_t next_random(size_t below)
{
	state = state * 6364136223846793005u + 1442695040888963407u;
	return (state >> 33) % below;
}

static uint64_t word(size_t page, size_t k)
{
	return (page * 7919 + k) * (2 * (uint64_t)version[page] + 1);
}

static uint64_t check_page(size_t page)
{
	const uint64_t *at = memory + page * WORDS;
	uint64_t digest = 0;

	for (size_t k = 0; k < WORDS; k++) {
		uint64_t right = version[page] ? word(page, k) : 0;

		if (at[k] != right) {
			printf("wrong after %zu pages: page %zu word %zu is "
			       "%016llx, not %016llx\n",
			       done, page, k, (unsigned long long)at[k],
			       (unsigned long long)right);
			exit(1);
		}
		digest = digest * 31 + at[k];
	}
	return digest;
}

static void write_page(size_t page)
{
	if (next_random(16) == 0) {
		version[page] = 0;
		madvise(memory + page * WORDS, PAGE, MADV_DONTNEED);
		return;
	}
	version[page]++;
	for (size_t k = 0; k < WORDS; k++)
		memory[page * WORDS + k] = word(page, k);
}

/* Each frame keeps values over the call, one of them by address. */
static uint64_t visit(size_t depth, size_t page, double *above)
{
	uint64_t digest, local = page * depth + state;
	double part = 1.0 / (double)(page + depth + 1);

	if (depth) {
		digest = visit(depth - 1, page, &part);
	} else {
		digest = check_page(page);
		write_page(page);
	}
	*above += part / 2;
	return digest * 33 + local;
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

static void do_batch(double rate)
{
	double began = seconds();
	uint64_t digest = 0;
	double all = 0;

	for (size_t i = 0; i < BATCH; i++) {
		digest ^= visit(next_random(DEPTH), next_random(pages), &all);
		done++;
		while (rate > 0 && (double)i > (seconds() - began) * rate)
			usleep(500);
	}
	sum = sum / 2 + all;
	printf("%zu pages: %016llx %.17g\n", done, (unsigned long long)digest,
	       sum);
	fflush(stdout);
}

int main(int argc, char **argv)
{
	double rate;
	size_t batches;

	if (argc != 4)
		return 2;
	pages = (size_t)atoi(argv[1]) * 256;
	rate = atof(argv[2]) * 256;
	batches = strtoul(argv[3], NULL, 10);
	memory = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	version = calloc(pages, sizeof(*version));
	if (memory == MAP_FAILED || !version)
		return 2;
	for (size_t page = 0; page < pages; page++)
		write_page(page);
	printf("ready\n");
	fflush(stdout);
	do
		do_batch(rate);
	while (batches ? done < batches * BATCH : access(argv[3], F_OK) < 0);
	for (size_t page = 0; page < pages; page++)
		state ^= check_page(page);
	printf("all of it: %016llx\n", (unsigned long long)state);
	return 0;
}
