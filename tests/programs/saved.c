/* SPDX-License-Identifier: Apache-2.0 */
/* Keeps files of all kinds open: one that it writes, one that it appends to,
 * one that it renamed, one without a name, a directory. Arguments: where the
 * files are; if it is given, a file there that half-way it waits for. */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { ROUNDS = 20 };

static const char *where;

static const char *path_of(const char *name)
{
	static char path[2][200];
	static int turn;

	turn = !turn;
	snprintf(path[turn], sizeof(path[turn]), "%s/%s", where, name);
	return path[turn];
}

static FILE *must_open(const char *name, const char *mode)
{
	const char *path = path_of(name);
	FILE *f = fopen(path, mode);

	if (!f) {
		perror(path);
		exit(2);
	}
	return f;
}

static long sum_lines(FILE *f)
{
	char line[100];
	long sum = 0;

	rewind(f);
	while (fgets(line, sizeof(line), f))
		sum += atol(line);
	return sum;
}

static void wait_for(const char *name)
{
	printf("waiting\n");
	fflush(stdout);
	while (access(path_of(name), F_OK) < 0)
		usleep(1000);
}

int main(int argc, char **argv)
{
	FILE *out, *log, *renamed, *nameless;
	char line[100];
	size_t in = 0;
	DIR *dir;

	where = argv[1];
	out = must_open("out", "w+");
	log = must_open("log", "a");
	renamed = must_open("before", "w+");
	nameless = must_open("nameless", "w+");
	dir = opendir(where);
	rename(path_of("before"), path_of("after"));
	unlink(path_of("nameless"));
	for (int i = 0; i < ROUNDS; i++) {
		if (i == ROUNDS / 2 && argc > 2)
			wait_for(argv[2]);
		fprintf(out, "%d of out\n", i);
		fprintf(log, "%d of log\n", i);
		fprintf(renamed, "%d\n", i * 3);
		fprintf(nameless, "%d\n", i * 5);
		fflush(NULL);
		printf("%d\n", i);
		if (fgets(line, sizeof(line), stdin))
			in = in * 31 + (unsigned char)line[5];
	}
	printf("%ld %ld %ld %zu\n", sum_lines(out), sum_lines(renamed),
	       sum_lines(nameless), in);
	return dir && closedir(dir) == 0 ? 7 : 1;
}
