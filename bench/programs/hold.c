/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Holds memory that no compressor makes smaller, until a file appears; then
 * looks at a word of each page. Arguments: MiB, the file.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { WORDS = 512 };

static uint64_t mix(uint64_t n)
{
	n = (n ^ (n >> 30)) * 0xbf58476d1ce4e5b9;
	n = (n ^ (n >> 27)) * 0x94d049bb133111eb;
	return n ^ (n >> 31);
}

int main(int argc, char **argv)
{
	size_t words, bad = 0;
	uint64_t *memory;

	if (argc < 3)
		return 2;
	words = strtoul(argv[1], NULL, 10) * (1 << 20) / sizeof(*memory);
	memory = malloc(words * sizeof(*memory));
	if (!memory)
		return 2;
	for (size_t i = 0; i < words; i++)
		memory[i] = mix(i);
	printf("ready\n");
	fflush(stdout);
	while (access(argv[2], F_OK) < 0)
		usleep(1000);
	for (size_t i = 0; i < words; i += WORDS)
		bad += memory[i] != mix(i);
	printf("hold: %zu pages, %zu wrong\n", words / WORDS, bad);
	return bad != 0;
}
