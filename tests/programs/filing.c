/* SPDX-License-Identifier: Apache-2.0 */
/* filing CASE DIR: what a program does with files that stay open for long, so
 * that moves fall into it. See `cases`. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { ROUNDS = 120 };

static volatile unsigned work;

/* Time for a move to come. */
static void compute(void)
{
	for (unsigned k = 0; k < 20000; k++)
		work = work * 5 + k;
}

static void check(int good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static int must_open(const char *name, int flags)
{
	int fd = open(name, flags, 0644);

	check(fd >= 0, name);
	return fd;
}

static void put(int fd, const char *text)
{
	check(write(fd, text, strlen(text)) == (ssize_t)strlen(text), "write");
}

static void put_line(int fd, const char *what, int i)
{
	char line[80];

	snprintf(line, sizeof(line), "%s %d\n", what, i);
	put(fd, line);
}

static long size_of(int fd)
{
	struct stat st;

	check(fstat(fd, &st) == 0, "fstat");
	return (long)st.st_size;
}

/* A checksum of what a descriptor has from its offset on. */
static uint32_t sum_rest(int fd)
{
	unsigned char block[512];
	uint32_t sum = 0;
	ssize_t n;

	while ((n = read(fd, block, sizeof(block))) > 0)
		for (ssize_t k = 0; k < n; k++)
			sum = sum * 31 + block[k];
	check(n == 0, "read");
	return sum;
}

static void renames(void)
{
	char from[32] = "first", to[32];
	int fd = must_open(from, O_RDWR | O_CREAT | O_TRUNC);

	for (int i = 0; i < ROUNDS; i++) {
		snprintf(to, sizeof(to), "name-%d", i);
		put_line(fd, "before", i);
		check(rename(from, to) == 0, "rename");
		put_line(fd, "after", i);
		check(access(from, F_OK) < 0 && access(to, F_OK) == 0, to);
		strcpy(from, to);
		compute();
	}
	printf("renamed to %s, %ld bytes\n", from, size_of(fd));
	close(fd);
}

/* Two who append to one file, and a third who reads what they wrote. */
static void appends(void)
{
	int a = must_open("log", O_WRONLY | O_CREAT | O_APPEND);
	int b = must_open("log", O_RDWR | O_APPEND);
	int reader = must_open("log", O_RDONLY);
	uint32_t sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		put_line(a, "a", i);
		put_line(b, "b", i);
		check(lseek(a, 0, SEEK_CUR) < lseek(b, 0, SEEK_CUR), "offsets");
		sum = sum * 7 + sum_rest(reader);
		compute();
	}
	printf("appended %08x, at %ld\n", sum, (long)lseek(b, 0, SEEK_CUR));
}

static void lists(void)
{
	char name[32];
	unsigned seen = 0, count = 0;
	struct dirent *e;
	DIR *d;

	for (int i = 0; i < 300; i++) {
		snprintf(name, sizeof(name), "entry-%03d", i);
		close(must_open(name, O_WRONLY | O_CREAT));
	}
	d = opendir(".");
	check(d != NULL, "opendir");
	while ((e = readdir(d))) {
		if (strncmp(e->d_name, "entry-", 6) != 0)
			continue;
		seen += (unsigned)atoi(e->d_name + 6);
		count++;
		compute();
	}
	closedir(d);
	printf("%u entries, %u\n", count, seen);
}

static void truncates(void)
{
	int fd = must_open("cut", O_RDWR | O_CREAT | O_TRUNC);
	uint32_t sum = 0;

	for (int i = 0; i < ROUNDS; i++) {
		for (int k = 0; k < 20; k++)
			put_line(fd, "grows", i * k);
		check(ftruncate(fd, size_of(fd) - 50 - i % 7) == 0,
		      "ftruncate");
		lseek(fd, 0, SEEK_SET);
		sum = sum * 31 + sum_rest(fd);
		check(lseek(fd, 0, SEEK_END) == size_of(fd), "lseek");
		compute();
	}
	check(truncate("cut", 4321) == 0, "truncate");
	printf("cut %08x, %ld bytes\n", sum, size_of(fd));
}

/* Marks far apart, beyond 4 GiB at last, with nothing between. */
static void far_apart(const char *name, off_t step)
{
	int fd = must_open(name, O_RDWR | O_CREAT | O_TRUNC);
	int other = must_open(name, O_RDONLY);
	struct stat st;
	char mark[8];

	for (int i = 0; i < ROUNDS; i++) {
		check(lseek(fd, i * step, SEEK_SET) == i * step, "lseek");
		put_line(fd, "mark", 100 + i);
		check(pread(other, mark, 8, i * step) == 8, "pread");
		check(!memcmp(mark, "mark 1", 6), "mark");
		if (i > 0)
			check(pread(other, mark, 8, i * step - 8) == 8 &&
				      !memcmp(mark, "\0\0\0\0\0\0\0", 8),
			      "a hole");
		compute();
	}
	check(fstat(fd, &st) == 0, "fstat");
	printf("%s: %lld bytes, sparse %d\n", name, (long long)st.st_size,
	       st.st_blocks * 512 < st.st_size / 8);
	for (int i = 0; i < ROUNDS; i++) {
		check(pread(fd, mark, 8, i * step) == 8, "pread");
		check(atoi(mark + 5) == 100 + i, "mark");
	}
	check(unlink(name) == 0, "unlink");
}

static void sparse(void)
{
	far_apart("sparse", 1 << 20);
}

static void huge(void)
{
	far_apart("huge", (off_t)1 << 26);
}

static void unlinked(void)
{
	int fd = must_open("gone", O_RDWR | O_CREAT | O_TRUNC), other;
	struct stat st;

	check(unlink("gone") == 0, "unlink");
	other = must_open("gone", O_RDWR | O_CREAT | O_EXCL);
	for (int i = 0; i < ROUNDS; i++) {
		put_line(fd, "nameless", i);
		put_line(other, "named", i);
		compute();
	}
	lseek(fd, 0, SEEK_SET);
	check(fstat(fd, &st) == 0, "fstat");
	printf("nameless %08x, %ld links\n", sum_rest(fd), (long)st.st_nlink);
}

static void syncs(void)
{
	int fd = must_open("synced", O_WRONLY | O_CREAT | O_TRUNC);
	int safe = must_open("safe", O_WRONLY | O_CREAT | O_SYNC);
	int data = must_open("data", O_WRONLY | O_CREAT | O_DSYNC);

	for (int i = 0; i < ROUNDS; i++) {
		put_line(fd, "synced", i);
		check((i % 2 ? fsync : fdatasync)(fd) == 0, "fsync");
		put_line(safe, "safe", i);
		put_line(data, "data", i);
		compute();
	}
	printf("synced %ld %ld %ld\n", size_of(fd), size_of(safe),
	       size_of(data));
}

/* Two descriptors with one offset, and one with another. */
static void shares(void)
{
	int fd = must_open("shared", O_RDWR | O_CREAT | O_TRUNC);
	int copy = dup(fd), own = must_open("shared", O_RDWR);
	char c = 0;

	for (int i = 0; i < ROUNDS; i++) {
		put_line(i % 2 ? fd : copy, "shared", i);
		check(lseek(fd, 0, SEEK_CUR) == lseek(copy, 0, SEEK_CUR),
		      "one offset");
		check(pwrite(own, "S", 1, i) == 1, "pwrite");
		check(read(own, &c, 1) == 1 && c == 'S', "read");
		compute();
	}
	close(fd);
	lseek(copy, 0, SEEK_SET);
	printf("shared %08x, own at %ld\n", sum_rest(copy),
	       (long)lseek(own, 0, SEEK_CUR));
}

static void both_outputs(void)
{
	for (int i = 0; i < ROUNDS; i++) {
		put_line(STDOUT_FILENO, "out", i);
		put_line(STDERR_FILENO, "err", i);
		compute();
	}
}

static void echoes(void)
{
	char block[64];
	ssize_t n;

	while ((n = read(STDIN_FILENO, block, sizeof(block))) > 0) {
		check(write(STDOUT_FILENO, block, (size_t)n) == n, "write");
		compute();
	}
	check(n == 0, "read");
}

static void write_much(void)
{
	int fd = must_open("last", O_WRONLY | O_CREAT | O_TRUNC);

	for (int i = 0; i < 3000; i++)
		put_line(fd, "the last words", i);
}

static void faults(void)
{
	write_much();
	*(volatile int *)8 = 1;
}

static void aborts(void)
{
	write_much();
	abort();
}

static void leaves(void)
{
	write_much();
	_exit(3);
}

static void leaves_at_once(void)
{
	int fd = must_open("last", O_WRONLY | O_CREAT | O_TRUNC);
	static char block[60000];

	check(write(fd, block, sizeof(block)) > 0, "write");
	_exit(3);
}

/* Until the disk is full; says how it learns of that. */
static void fills(void)
{
	int fd = must_open("full", O_WRONLY | O_CREAT | O_TRUNC);
	static char block[4096];
	int writes = 0;

	memset(block, 'x', sizeof(block));
	while (writes < 1000 && write(fd, block, sizeof(block)) > 0)
		writes++;
	if (writes < 1000)
		printf("write: %s\n", strerror(errno));
	printf("write again: %zd", write(fd, block, sizeof(block)));
	printf(" %s\n", strerror(errno));
	check(ftruncate(fd, 4096) == 0, "ftruncate");
	check(lseek(fd, 4096, SEEK_SET) == 4096, "lseek");
	put(fd, "there is room again\n");
	check(fsync(fd) == 0, "fsync");
	lseek(fd, 0, SEEK_SET);
	while (write(fd, block, sizeof(block)) > 0 && writes < 2000)
		writes++;
	for (int i = 0; i < 4; i++)
		(void)!write(fd, block, sizeof(block));
	check(ftruncate(fd, 0) == 0 || errno == ENOSPC, "ftruncate");
	check(close(fd) == 0, "close");
}

static const struct {
	const char *name;
	void (*run)(void);
} cases[] = {
	{ "renames", renames },   { "appends", appends },
	{ "lists", lists },       { "truncates", truncates },
	{ "sparse", sparse },     { "huge", huge },
	{ "unlinked", unlinked }, { "syncs", syncs },
	{ "shares", shares },     { "outputs", both_outputs },
	{ "echoes", echoes },     { "faults", faults },
	{ "aborts", aborts },     { "leaves", leaves },
	{ "fills", fills },       { "hasty", leaves_at_once },
};

int main(int argc, char **argv)
{
	if (argc > 2)
		check(chdir(argv[2]) == 0, "chdir");
	for (size_t k = 0; k < sizeof(cases) / sizeof(cases[0]); k++)
		if (argc > 1 && !strcmp(argv[1], cases[k].name))
			cases[k].run();
	return 0;
}
