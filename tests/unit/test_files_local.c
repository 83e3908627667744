/* SPDX-License-Identifier: Apache-2.0 */
// LINK: files/files.c files/data.c files/dir.c files/path.c
// LINK: files/volume.c files/local.c base/base.c base/error.c
/* Volumes that each machine has itself. */
#include "tests/unit/files_request.h"

#include <errno.h>

enum { PATH_OF_IO = 16 };

/* A local volume /l, closed, and one of the home's in it. */
static void add_local(void)
{
	cleanup_free char *text = base_printf("%s/l:/l:ro", dir);

	make_dir("l");
	put("l/file", "local");
	assert_int_equal(files_volume_add(&volumes, text, true, NULL), 0);
	add_volume("v", "/l/v");
}

/* Whether the operation, on a path or a handle, is for local volumes. */
static bool is_local(unsigned op, int64_t handle, const char *data, size_t len)
{
	const struct hexo_msg_io io = { .op = op, .arg = { handle } };

	return files_is_local(&volumes, &io, data, len);
}

static void local_requests_are_told_apart(void **state)
{
	static const char from_local[] = "/l/file\0/v/new";
	static const char to_local[] = "/v/file\0/l/new";
	static const char times[32 + PATH_OF_IO] = {
		[32] = '/', 'l', '/', 'x'
	};

	add_local();
	assert_true(is_local(HEXO_IO_OPEN, 0, "/l/file", 7));
	assert_true(is_local(HEXO_IO_STAT, 0, "/l", 2));
	assert_false(is_local(HEXO_IO_OPEN, 0, "/l/v/file", 9));
	assert_false(is_local(HEXO_IO_OPEN, 0, "/lx", 3));
	assert_false(is_local(HEXO_IO_OPEN, 0, "/", 1));
	assert_false(is_local(HEXO_IO_OPEN, HEXO_LOCAL_HANDLE, "/v/file", 7));
	assert_true(is_local(HEXO_IO_RENAME, 0, from_local, 15));
	assert_false(is_local(HEXO_IO_RENAME, 0, to_local, 15));
	assert_true(is_local(HEXO_IO_SYMLINK, 0, to_local, 15));
	assert_false(is_local(HEXO_IO_SYMLINK, 0, "/v/file", 7));
	assert_true(is_local(HEXO_IO_UTIMENS, -1, times, 36));
	assert_false(is_local(HEXO_IO_UTIMENS, -1, times, 31));
	assert_true(is_local(HEXO_IO_UTIMENS, HEXO_LOCAL_HANDLE, times, 32));
	assert_true(is_local(HEXO_IO_WRITE, HEXO_LOCAL_HANDLE, "/v/x", 4));
	assert_false(is_local(HEXO_IO_WRITE, 3, "/l/x", 4));
	assert_false(is_local(HEXO_IO_READ, FILES_HANDLES_MAX, "", 0));
	assert_false(is_local(HEXO_IO_READ, -1, "", 0));
}

static void local_volumes_are_served_when_open(void **state)
{
	static const char across[] = "/l/file\0/v/new";
	struct hexo_io_stat st;
	struct hexo_error err;
	int64_t h;

	add_local();
	assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, "/l/file"), -EIO);
	assert_int_equal(files_volumes_open_local(&volumes, &err), 0);
	h = on_path(HEXO_IO_OPEN, 0, 0, "/l/file");
	assert_int_equal(h, HEXO_LOCAL_HANDLE);
	assert_int_equal(serve(HEXO_IO_FSTAT, h, 0, NULL, 0, sizeof(st)), 0);
	memcpy(&st, out, sizeof(st));
	assert_true(st.dev >> 63);
	assert_int_equal(on_path(HEXO_IO_STAT, 0, 0, "/v/file"), 0);
	memcpy(&st, out, sizeof(st));
	assert_false(st.dev >> 63);
	assert_int_equal(serve(HEXO_IO_RENAME, 0, 0, across, sizeof(across) - 1,
			       0),
			 -EXDEV);
	files_close_local(&files);
	assert_int_equal(serve(HEXO_IO_READ, h, 0, NULL, 0, 10), -EBADF);
	files_volumes_close_local(&volumes);
	assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, "/l/file"), -EIO);
}

static void volumes_are_told_to_nodes(void **state)
{
	struct files_volumes there = { .count = 0 };
	struct base_buffer list = { 0 };
	struct hexo_error err;

	add_local();
	files_volumes_list(&volumes, &list);
	assert_int_equal(files_volumes_parse(&there, list.data, list.len, &err),
			 0);
	assert_int_equal(there.count, volumes.count);
	for (int i = 0; i < there.count; i++) {
		const struct files_volume *a = &volumes.at[i];
		const struct files_volume *b = &there.at[i];

		assert_string_equal(a->prefix, b->prefix);
		assert_int_equal(b->root, -1);
		assert_int_equal(a->readonly, b->readonly);
		/* Where the others are is the home's affair. */
		assert_int_equal(!a->local, !b->local);
		if (a->local)
			assert_string_equal(a->local, b->local);
	}
	files_volumes_free(&there);
	for (size_t len = 1; len < list.len; len++) {
		if (files_volumes_parse(&there, list.data, len, &err) < 0)
			assert_true(err.text[0]);
		assert_true(there.count < volumes.count);
		files_volumes_free(&there);
	}
	/* The first one's path in the guest. */
	list.data[sizeof(struct hexo_msg_volume)] = 'v';
	assert_int_equal(files_volumes_parse(&there, list.data, list.len, &err),
			 -EINVAL);
	list.data[sizeof(struct hexo_msg_volume)] = '\0';
	assert_int_equal(files_volumes_parse(&there, list.data, list.len, &err),
			 -EPROTO);
	files_volumes_free(&there);
	base_buffer_free(&list);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(local_requests_are_told_apart),
		TEST(local_volumes_are_served_when_open),
		TEST(volumes_are_told_to_nodes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
