/* SPDX-License-Identifier: Apache-2.0 */
/* Volumes for tests, and requests to those who serve them. */
#ifndef HEXO_TESTS_FILES_REQUEST_H
#define HEXO_TESTS_FILES_REQUEST_H

#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "files/files.h"
#include "hexo/io.h"

/*
 * DIR/secret          what the guest must never see
 * DIR/v               volume /v: file, sub/deep, links that try to leave
 * DIR/v/fifo          nobody reads or writes it
 * DIR/ro              volume /r/o, read-only: file
 */
static char *dir;
static struct files_volumes volumes;
static struct files files;
static char out[HEXO_IO_MAX];
static size_t out_len;

static inline char *path_of(const char *name)
{
	return base_printf("%s/%s", dir, name);
}

static inline void put(const char *name, const char *text)
{
	cleanup_free char *path = path_of(name);
	cleanup_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
}

static inline void link_to(const char *target, const char *name)
{
	cleanup_free char *path = path_of(name);

	assert_int_equal(symlink(target, path), 0);
}

static inline bool exists(const char *name)
{
	cleanup_free char *path = path_of(name);
	struct stat st;

	return lstat(path, &st) == 0;
}

static inline void make_dir(const char *name)
{
	cleanup_free char *path = path_of(name);

	assert_int_equal(mkdir(path, 0755), 0);
}

static inline void add_volume(const char *name, const char *rest)
{
	cleanup_free char *text = base_printf("%s/%s:%s", dir, name, rest);

	assert_int_equal(files_volume_add(&volumes, text, false, NULL), 0);
}

static inline int set_up(void **state)
{
	cleanup_free char *fifo = NULL;
	cleanup_free char *secret = NULL;

	dir = base_strdup("/tmp/hexo-files-XXXXXX");
	assert_non_null(mkdtemp(dir));
	put("secret", "secret");
	make_dir("v");
	make_dir("v/sub");
	make_dir("ro");
	put("v/file", "hello");
	put("v/sub/deep", "deep");
	put("ro/file", "constant");
	link_to("file", "v/good");
	link_to("/sub/deep", "v/absolute");
	link_to("../secret", "v/up");
	link_to("sub/../../secret", "v/sub-up");
	link_to("..", "v/parent");
	secret = path_of("secret");
	link_to(secret, "v/secret");
	link_to("/proc/self/exe", "v/magic");
	link_to("../new", "v/new-outside");
	fifo = path_of("v/fifo");
	assert_int_equal(mkfifo(fifo, 0600), 0);
	add_volume("v", "/v");
	add_volume("ro", "/r/o:ro");
	files_init(&files, &volumes);
	return 0;
}

static inline int tear_down(void **state)
{
	cleanup_free char *command = base_printf("rm -rf %s", dir);
	int r = system(command);

	files_free(&files);
	files_volumes_free(&volumes);
	free(dir);
	return r;
}

static inline int64_t serve(unsigned op, int64_t a, int64_t b, const void *data,
			    size_t len, uint32_t room)
{
	const struct hexo_msg_io io = {
		.op = op,
		.out_len = room,
		.arg = { a, b },
	};
	cleanup_free char *copy = base_alloc(len + 1);

	if (len)
		memcpy(copy, data, len);
	return files_serve(&files, &io, copy, len, out, &out_len);
}

static inline int64_t on_path(unsigned op, int64_t a, int64_t b,
			      const char *path)
{
	return serve(op, a, b, path, strlen(path), 4096);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

#endif
