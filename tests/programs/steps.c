/* SPDX-License-Identifier: Apache-2.0 */
/*
 * steps DIR CONTROL COUNT: reads DIR/in in pieces of 8 bytes and adds each to
 * DIR/out, both open all the time; before the Nth it waits for CONTROL/N.
 */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

enum { PIECE = 8 };

static int must_open(const char *dir, const char *name, int flags)
{
	char path[200];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, flags, 0666);
	if (fd < 0) {
		perror(path);
		exit(2);
	}
	return fd;
}

static void wait_for(const char *dir, int number)
{
	char path[200];

	snprintf(path, sizeof(path), "%s/%d", dir, number);
	while (access(path, F_OK) < 0)
		usleep(1000);
}

int main(int argc, char **argv)
{
	int in, out, count = argc > 3 ? atoi(argv[3]) : 0;
	char piece[PIECE + 1] = "";

	in = must_open(argv[1], "in", O_RDONLY);
	out = must_open(argv[1], "out", O_WRONLY | O_CREAT | O_APPEND);
	for (int i = 1; i <= count; i++) {
		wait_for(argv[2], i);
		if (read(in, piece, PIECE) != PIECE ||
		    write(out, piece, PIECE) != PIECE) {
			perror("read or write");
			return 1;
		}
		printf("%s", piece);
		fflush(stdout);
	}
	return 0;
}
