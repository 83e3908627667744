/* SPDX-License-Identifier: Apache-2.0 */
/* pieces write|read FILE BYTES PIECE: writes or reads a file from its start in
 * pieces, prints a checksum of it, and to stderr how long that took. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint32_t add(uint32_t sum, const char *data, long len)
{
	for (long k = 0; k < len; k += 64)
		sum = sum * 31 + (unsigned char)data[k];
	return sum;
}

static void fill(char *data, long len, long at)
{
	for (long k = 0; k < len; k++)
		data[k] = (char)((at + k) * 7 / 64);
}

int main(int argc, char **argv)
{
	int writes = argc == 5 && !strcmp(argv[1], "write");
	long bytes = argc == 5 ? atol(argv[3]) : 0, piece, n, done = 0;
	double begin = now(), took;
	uint32_t sum = 0;
	char *data;
	int fd;

	if (!bytes)
		return 2;
	piece = atol(argv[4]);
	data = malloc((size_t)piece);
	fd = open(argv[2], writes ? O_WRONLY | O_CREAT | O_TRUNC : O_RDONLY,
		  0644);
	if (fd < 0 || !data)
		return 2;
	while (done < bytes) {
		n = bytes - done < piece ? bytes - done : piece;
		if (writes)
			fill(data, n, done);
		n = writes ? write(fd, data, (size_t)n)
			   : read(fd, data, (size_t)n);
		if (n <= 0)
			break;
		sum = add(sum, data, n);
		done += n;
	}
	if (writes && fsync(fd) < 0)
		perror("fsync");
	if (close(fd) < 0)
		perror("close");
	took = now() - begin;
	printf("%ld bytes, %08x\n", done, (unsigned)sum);
	fprintf(stderr, "%.3f s, %.0f operations a second\n", took,
		(double)(done / piece) / took);
	return done == bytes ? 0 : 1;
}
