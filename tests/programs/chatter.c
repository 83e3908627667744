/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: chatter FILE LINES [PAUSE]
 *
 * Computes and talks: writes LINES numbered lines to FILE and to standard
 * output, and reads the last one of the file back. PAUSE is how much it
 * computes between lines.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static unsigned long hash = 88172645463325252ul;

static void compute(long times)
{
	while (times-- > 0) {
		hash ^= hash << 13;
		hash ^= hash >> 7;
		hash ^= hash << 17;
	}
}

int main(int argc, char **argv)
{
	long lines = argc > 2 ? atol(argv[2]) : 100;
	long pause = argc > 3 ? atol(argv[3]) : 1000;
	char line[128], back[128];
	FILE *file = argc > 1 ? fopen(argv[1], "w+") : NULL;

	if (!file)
		return 1;
	setvbuf(stdout, NULL, _IOLBF, BUFSIZ);
	for (long i = 0; i < lines; i++) {
		compute(pause);
		snprintf(line, sizeof(line), "line %ld: %016lx\n", i, hash);
		fputs(line, file);
		fflush(file);
		fseek(file, -(long)strlen(line), SEEK_END);
		if (!fgets(back, sizeof(back), file) || strcmp(line, back)) {
			printf("line %ld came back as: %s", i, back);
			return 2;
		}
		fseek(file, 0, SEEK_END);
		fputs(line, stdout);
	}
	fclose(file);
	return 0;
}
