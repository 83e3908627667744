/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/shared/fuzz.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

/* Standard error, also of a harness whose code says much there and has it
 * closed (-close_fd_mask=2). */
static int report = STDERR_FILENO;

__attribute__((constructor)) static void report_open(void)
{
	report = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, STDERR_FILENO + 1);
}

_Noreturn void fuzz_fail(const char *file, int line, const char *why)
{
	dprintf(report, "%s:%d: %s\n", file, line, why);
	abort();
}

void fuzz_take(struct fuzz_input *in, void *to, size_t len)
{
	size_t n = len < in->left ? len : in->left;

	memset(to, 0, len);
	memcpy(to, in->at, n);
	in->at += n;
	in->left -= n;
}

uint8_t fuzz_byte(struct fuzz_input *in)
{
	uint8_t byte;

	fuzz_take(in, &byte, 1);
	return byte;
}

const void *fuzz_bytes(struct fuzz_input *in, size_t *len)
{
	const void *at = in->at;

	if (*len > in->left)
		*len = in->left;
	in->at += *len;
	in->left -= *len;
	return at;
}

uint32_t fuzz_random(uint64_t *state)
{
	*state += UINT64_C(0x9e3779b97f4a7c15);
	return (uint32_t)(((*state ^ (*state >> 29)) *
			   UINT64_C(0xbf58476d1ce4e5b9)) >>
			  32);
}

const char *fuzz_scratch(void)
{
	static char made[] = "/tmp/hexo-fuzz-XXXXXX";
	static const char *directory;

	if (!directory)
		directory = getenv("HEXO_FUZZ_SCRATCH");
	if (!directory)
		directory = mkdtemp(made);
	fuzz_check(directory);
	return directory;
}

int fuzz_memory_file(const void *data, size_t len, char *path)
{
	int fd = memfd_create("hexo-fuzz", MFD_CLOEXEC);

	fuzz_check(fd >= 0);
	fuzz_check(pwrite(fd, data, len, 0) == (ssize_t)len);
	if (path)
		snprintf(path, FUZZ_PATH_MAX, "/proc/self/fd/%d", fd);
	return fd;
}

unsigned fuzz_descriptors(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned n = 0;

	fuzz_check(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

void fuzz_mutate_part(uint8_t *data, size_t at, size_t len)
{
	uint8_t part[256] = { 0 };

	if (len > sizeof(part))
		len = sizeof(part);
	memcpy(part, data + at, len);
	LLVMFuzzerMutate(part, len, len);
	memcpy(data + at, part, len);
}

size_t fuzz_mutate_middle(uint8_t *data, size_t size, size_t max, size_t at,
			  size_t len)
{
	size_t room = len + (max - size), tail = size - at - len, now;
	uint8_t *part = malloc(room + 1);

	fuzz_check(part);
	memcpy(part, data + at, len);
	now = LLVMFuzzerMutate(part, len, room);
	memmove(data + at + now, data + at + len, tail);
	memcpy(data + at, part, now);
	free(part);
	return at + now + tail;
}
