/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files in the directory given as argument: written and read through libc
 * and by descriptor, sought, appended, cut, renamed, listed, removed. A file
 * stays open the whole time, so that its offset has to survive a move.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { RECORDS = 400 };

static void check(int good, const char *what)
{
	if (good)
		return;
	printf("%s: %s\n", what, strerror(errno));
	exit(EXIT_FAILURE);
}

static void write_records(FILE *f)
{
	for (int i = 0; i < RECORDS; i++)
		check(fprintf(f, "record %04d %08x\n", i,
			      (unsigned)i * 2654435761u) > 0,
		      "fprintf");
	check(fflush(f) == 0, "fflush");
	printf("written, at %ld\n", ftell(f));
}

/* Reads every 7th record by seeking. */
static void read_records(FILE *f)
{
	uint32_t sum = 0;

	for (int i = RECORDS - 1; i >= 0; i -= 7) {
		int number;
		unsigned value;

		check(fseek(f, i * 21L, SEEK_SET) == 0, "fseek");
		check(fscanf(f, "record %d %x", &number, &value) == 2,
		      "fscanf");
		sum = sum * 31 + value + (uint32_t)number;
	}
	printf("records %08x\n", sum);
}

static void by_descriptor(const char *name)
{
	int fd = open(name, O_RDWR | O_CREAT | O_TRUNC, 0640);
	struct stat st;
	char block[1000];

	check(fd >= 0, "open");
	for (int i = 0; i < 50; i++) {
		memset(block, 'a' + i % 26, sizeof(block));
		check(write(fd, block, sizeof(block)) == sizeof(block),
		      "write");
	}
	check(pread(fd, block, 10, 25995) == 10, "pread");
	printf("pread %.10s\n", block);
	check(pwrite(fd, "HEXO", 4, 10) == 4, "pwrite");
	check(lseek(fd, 8, SEEK_SET) == 8, "lseek");
	check(read(fd, block, 8) == 8, "read");
	printf("read %.8s, at %ld\n", block, (long)lseek(fd, 0, SEEK_CUR));
	check(ftruncate(fd, 12345) == 0, "ftruncate");
	check(fstat(fd, &st) == 0, "fstat");
	printf("size %ld, mode %o, regular %d\n", (long)st.st_size,
	       (unsigned)st.st_mode & 0777, S_ISREG(st.st_mode));
	check(close(fd) == 0, "close");
	errno = 0;
	printf("closed: %d", (int)write(fd, "x", 1));
	printf(" %d\n", errno == EBADF);
}

static void append(const char *name)
{
	FILE *f = fopen(name, "a+");
	int lines = 0, c;

	check(f != NULL, "fopen");
	for (int i = 0; i < 100; i++)
		fprintf(f, "line %d\n", i);
	rewind(f);
	while ((c = getc(f)) != EOF)
		lines += c == '\n';
	check(fclose(f) == 0, "fclose");
	printf("appended, %d lines\n", lines);
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void list(void)
{
	DIR *d = opendir(".");
	struct dirent *e;
	char *names[16];
	int count = 0;

	check(d != NULL, "opendir");
	while ((e = readdir(d)) && count < 16)
		if (e->d_name[0] != '.')
			names[count++] = strdup(e->d_name);
	closedir(d);
	qsort(names, (size_t)count, sizeof(*names), by_name);
	for (int i = 0; i < count; i++) {
		printf("entry %s\n", names[i]);
		free(names[i]);
	}
}

static void names(void)
{
	struct stat st;
	char target[32];
	ssize_t length;

	check(mkdir("sub", 0755) == 0, "mkdir");
	check(rename("blocks", "sub/moved") == 0, "rename");
	check(stat("sub/moved", &st) == 0, "stat");
	printf("moved, size %ld\n", (long)st.st_size);
	check(symlink("sub/moved", "link") == 0, "symlink");
	length = readlink("link", target, sizeof(target));
	check(length > 0, "readlink");
	printf("link to %.*s\n", (int)length, target);
	list();
	printf("rmdir of a full directory: %d\n", rmdir("sub"));
	check(access("sub/moved", R_OK) == 0, "access");
	check(unlink("sub/moved") == 0, "unlink");
	errno = 0;
	printf("link to nothing: %d", open("link", O_RDONLY));
	printf(" %d\n", errno == ENOENT);
	check(unlink("link") == 0, "unlink link");
	check(rmdir("sub") == 0, "rmdir");
}

int main(int argc, char **argv)
{
	FILE *f;

	check(chdir(argc > 1 ? argv[1] : "/vol") == 0, "chdir");
	f = fopen("records", "w+");
	check(f != NULL, "fopen records");
	write_records(f);
	by_descriptor("blocks");
	append("log");
	append("log");
	names();
	read_records(f);
	check(fclose(f) == 0, "fclose records");
	check(unlink("log") == 0, "unlink log");
	list();
	return 0;
}
