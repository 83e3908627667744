/* SPDX-License-Identifier: Apache-2.0 */
// LINK: files/files.c files/data.c files/dir.c files/path.c
// LINK: files/volume.c files/local.c base/base.c base/error.c
// OPTIONS: -max_len=4096 -malloc_limit_mb=64
/*
 * File operations at the home, on a volume and a read-only one in a directory
 * whose other files nobody may see or change.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "files/files.h"
#include "hexo/io.h"
#include "tests/fuzz/shared/fuzz.h"

enum { STEPS_MAX = 48, ROOM_MARK = 16 };

#define SECRET   "what-nobody-may-see-7f3a9c"
#define CONSTANT "constant"

/* Paths that a guest might try. */
static const char *const paths[] = {
	"/v/file",  "/v/sub",      "/v/sub/deep",  "/v/up",
	"/v/link",  "/v/absolute", "/v/new",       "/v/sub/new",
	"/v",       "/r/o",        "/r/o/file",    "/r",
	"/",        "/v/fifo",     "/v/parent",    "/v/parent/secret",
	"/r/o/new", "/v/away",     "/v/away/file", "/v/../secret",
};

enum { PATHS = sizeof(paths) / sizeof(*paths) };

static struct files files;
static struct files_volumes volumes;
static char *out;
static int top; /* the directory */

static void put(const char *name, const char *text)
{
	cleanup_close int fd =
		openat(top, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC,
		       0644);

	fuzz_check(fd >= 0 && base_write_all(fd, text, strlen(text)) == 0);
}

static void holds(const char *name, const char *text)
{
	cleanup_close int fd = openat(top, name, O_RDONLY | O_CLOEXEC);
	char got[64] = { 0 };

	fuzz_check(fd >= 0 && read(fd, got, sizeof(got) - 1) >= 0);
	fuzz_check(!strcmp(got, text));
}

static void has_entries(const char *name, int want)
{
	DIR *dir = fdopendir(openat(top, name, O_RDONLY | O_CLOEXEC));
	int n = 0;

	fuzz_check(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	fuzz_check(n == want + 2);
}

static int remove_one(const char *path, const struct stat *st, int kind,
		      struct FTW *where)
{
	return where->level ? remove(path) : 0;
}

static void set_up(void)
{
	fuzz_check(mkdirat(top, "v", 0755) == 0 &&
		   mkdirat(top, "v/sub", 0755) == 0 &&
		   mkdirat(top, "ro", 0755) == 0);
	put("secret", SECRET);
	put("ro/file", CONSTANT);
	put("v/file", "hello");
	put("v/sub/deep", "deep");
	put("stdout", "");
	fuzz_check(symlinkat("file", top, "v/link") == 0 &&
		   symlinkat("/sub/deep", top, "v/absolute") == 0 &&
		   symlinkat("../secret", top, "v/up") == 0 &&
		   symlinkat("..", top, "v/parent") == 0 &&
		   symlinkat("../ro", top, "v/away") == 0 &&
		   mkfifoat(top, "v/fifo", 0600) == 0);
}

static void add_volume(const char *name, const char *rest)
{
	cleanup_free char *text =
		base_printf("%s/%s:%s", fuzz_scratch(), name, rest);

	fuzz_check(files_volume_add(&volumes, text, false, NULL) == 0);
}

/* The standard streams are not this process's own: its report goes there. */
static void begin(void)
{
	set_up();
	add_volume("v", "/v");
	add_volume("ro", "/r/o:ro");
	files_init(&files, &volumes);
	files.at[0].fd = open("/dev/null", O_RDONLY | O_CLOEXEC);
	files.at[1].fd = openat(top, "stdout", O_WRONLY | O_CLOEXEC);
	files.at[2].fd = -1;
	fuzz_check(files.at[0].fd >= 0 && files.at[1].fd >= 0);
}

static void end(void)
{
	files_free(&files);
	files_volumes_free(&volumes);
	holds("secret", SECRET);
	holds("ro/file", CONSTANT);
	has_entries(".", 4);
	has_entries("ro", 1);
	nftw(fuzz_scratch(), remove_one, 16, FTW_DEPTH | FTW_PHYS);
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	out = malloc(HEXO_IO_MAX);
	top = open(fuzz_scratch(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	fuzz_check(out && top >= 0);
	umask(022);
	return 0;
}

static void add_path(struct base_buffer *data, struct fuzz_input *in)
{
	const char *path = paths[fuzz_byte(in) % PATHS];

	base_buffer_add(data, path, strlen(path));
}

/* What follows a request: bytes of the input, a path, two of them, times. */
static void make_data(struct base_buffer *data, uint8_t how,
		      struct fuzz_input *in)
{
	size_t len = 0;
	const void *raw;

	if (how & 8) {
		len = fuzz_byte(in);
		raw = fuzz_bytes(in, &len);
		base_buffer_add(data, raw, len);
	}
	if (how & 1)
		add_path(data, in);
	if (how & 2) {
		base_buffer_add(data, "", 1);
		add_path(data, in);
	}
	if (how & 4) {
		len = fuzz_byte(in) % 16;
		raw = fuzz_bytes(in, &len);
		base_buffer_add(data, "/", 1);
		base_buffer_add(data, raw, len);
	}
}

static void step(struct fuzz_input *in)
{
	struct hexo_msg_io io = { .op = fuzz_byte(in) };
	uint8_t how = fuzz_byte(in), room = fuzz_byte(in);
	struct base_buffer data = { 0 };
	char *exact;
	size_t len;

	if (io.op < 200)
		io.op %= HEXO_IO_OPS;
	if (how & 0x80)
		fuzz_take(in, io.arg, sizeof(io.arg));
	else
		for (int i = 0; i < 2; i++) {
			fuzz_take(in, &io.arg[i], 3);
			if (i == 0 && !(how & 0x40))
				io.arg[0] &= 15;
		}
	io.out_len = room < 250 ? room * 32u : HEXO_IO_MAX + room - 252u;
	make_data(&data, how, in);
	/* A NUL follows the data, and nothing else does. */
	exact = base_alloc(data.len + 1);
	if (data.len)
		memcpy(exact, data.data, data.len);
	if (io.out_len + ROOM_MARK <= HEXO_IO_MAX)
		memset(out + io.out_len, 0xa5, ROOM_MARK);
	files_serve(&files, &io, exact, data.len, out, &len);
	fuzz_check(len <= io.out_len);
	for (int i = 0; io.out_len + ROOM_MARK <= HEXO_IO_MAX && i < ROOM_MARK;
	     i++)
		fuzz_check((uint8_t)out[io.out_len + (unsigned)i] == 0xa5);
	fuzz_check(!memmem(out, len, SECRET, strlen(SECRET)));
	free(exact);
	base_buffer_free(&data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct fuzz_input in = { data, size };
	unsigned before = fuzz_descriptors();

	begin();
	for (int i = 0; i < STEPS_MAX && in.left; i++)
		step(&in);
	end();
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
