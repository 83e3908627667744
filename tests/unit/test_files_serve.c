/* SPDX-License-Identifier: Apache-2.0 */
// LINK: files/files.c files/data.c files/dir.c files/path.c
// LINK: files/volume.c files/local.c base/base.c base/error.c
#include "tests/unit/files_request.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

/* What can be read of a file, "" if it cannot be opened. */
static const char *contents(const char *path)
{
	int64_t h = on_path(HEXO_IO_OPEN, HEXO_O_RDONLY, 0, path);
	int64_t n;

	out[0] = '\0';
	if (h < 0)
		return "";
	n = serve(HEXO_IO_READ, h, 0, NULL, 0, 100);
	assert_true(n >= 0);
	assert_int_equal(n, out_len);
	out[n] = '\0';
	assert_int_equal(serve(HEXO_IO_CLOSE, h, 0, NULL, 0, 0), 0);
	return out;
}

static void finds_the_longest_prefix(void **state)
{
	assert_string_equal(contents("/v/file"), "hello");
	assert_string_equal(contents("/v/sub/deep"), "deep");
	assert_string_equal(contents("/r/o/file"), "constant");
	assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, "/vfile"), -ENOENT);
	assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, "/etc/passwd"), -ENOENT);
	assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, "/r/x"), -ENOENT);
}

static void links_stay_inside(void **state)
{
	static const char *const outside[] = { "/v/up", "/v/sub-up",
					       "/v/parent/secret", "/v/secret",
					       "/v/magic" };
	assert_string_equal(contents("/v/good"), "hello");
	assert_string_equal(contents("/v/absolute"), "deep");
	/* The parent of the root is the root. */
	assert_string_equal(contents("/v/parent/file"), "hello");
	for (size_t i = 0; i < sizeof(outside) / sizeof(outside[0]); i++) {
		assert_string_equal(contents(outside[i]), "");
		assert_int_equal(on_path(HEXO_IO_STAT, 0, 0, outside[i]),
				 -ENOENT);
	}
	/* The link itself can be seen. */
	assert_int_equal(on_path(HEXO_IO_STAT, 1, 0, "/v/up"), 0);
	assert_int_equal(on_path(HEXO_IO_READLINK, 0, 0, "/v/up"), 9);
	assert_memory_equal(out, "../secret", 9);
	assert_int_equal(on_path(HEXO_IO_READLINK, 0, 0, "/v/file"), -EINVAL);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_NOFOLLOW, 0, "/v/good"),
			 -ELOOP);
}

static void nothing_is_made_outside(void **state)
{
	int64_t h = on_path(HEXO_IO_OPEN, HEXO_O_WRONLY | HEXO_O_CREAT, 0644,
			    "/v/new-outside");

	assert_true(h > 2);
	assert_false(exists("new"));
	assert_true(exists("v/new"));
	assert_int_equal(on_path(HEXO_IO_MKDIR, 0755, 0, "/v/parent/d"), 0);
	assert_true(exists("v/d"));
	assert_int_equal(on_path(HEXO_IO_UNLINK, 0, 0, "/v/parent/secret"), 0);
	assert_true(exists("secret"));
	assert_false(exists("v/secret"));
}

/* Swaps a directory and a link that leads out, until it is killed. */
static void swap_for_ever(void)
{
	cleanup_free char *link = path_of("v/trap");
	cleanup_free char *directory = path_of("v/swap");

	while (renameat2(AT_FDCWD, directory, AT_FDCWD, link,
			 RENAME_EXCHANGE) == 0)
		;
	_exit(1);
}

/* What a home does for a job on a path that is swapped meanwhile. Whether it
 * found the directory there. */
static bool use_what_is_swapped(void)
{
	static const char there[] = "/v/swap/deep\0/v/swap/moved";
	static const char back[] = "/v/swap/moved\0/v/swap/deep";
	bool found;

	on_path(HEXO_IO_MKDIR, 0755, 0, "/v/swap/made");
	on_path(HEXO_IO_UNLINK, 0, 0, "/v/swap/victim");
	on_path(HEXO_IO_CHMOD, 0777, 0, "/v/swap/victim");
	serve(HEXO_IO_RENAME, 0, 0, there, sizeof(there) - 1, 0);
	serve(HEXO_IO_RENAME, 0, 0, back, sizeof(back) - 1, 0);
	found = strcmp(contents("/v/swap/deep"), "") != 0;
	assert_string_equal(out, found ? "deep" : "");
	return found;
}

static void links_that_are_swapped_in_do_not_lead_out(void **state)
{
	const char *const targets[] = { "../out", "/../out", "sub/../../out" };
	cleanup_free char *trap = path_of("v/trap");
	unsigned found, missed;

	make_dir("out");
	make_dir("v/swap");
	put("out/deep", "secret");
	put("out/victim", "victim");
	put("v/swap/deep", "deep");
	for (size_t i = 0; i < sizeof(targets) / sizeof(targets[0]); i++) {
		uint64_t end = base_now_ns() + UINT64_C(20000000000);
		pid_t pid;

		link_to(targets[i], "v/trap");
		pid = fork();
		if (pid == 0)
			swap_for_ever();
		/* Both were met, and often. */
		for (found = missed = 0;
		     (found < 300 || missed < 300) && base_now_ns() < end;)
			*(use_what_is_swapped() ? &found : &missed) += 1;
		kill(pid, SIGKILL);
		waitpid(pid, NULL, 0);
		assert_true(found > 0 && missed > 0);
		/* Whichever of the two is the link by now. */
		if (unlink(trap) < 0) {
			cleanup_free char *swap = path_of("v/swap");

			assert_int_equal(unlink(swap), 0);
			assert_int_equal(rename(trap, swap), 0);
		}
	}
	assert_true(exists("out/victim"));
	assert_false(exists("out/made"));
	assert_false(exists("out/moved"));
	assert_true(exists("out/deep"));
}

static void refuses_paths_that_are_not_normalised(void **state)
{
	static const char *const paths[] = {
		"",        "v/file",   "/v/../secret", "/v/..",
		"/../etc", "/v//file", "/v/./file",    "/v/"
	};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		assert_int_equal(on_path(HEXO_IO_OPEN, 0, 0, paths[i]),
				 -EINVAL);
		assert_int_equal(on_path(HEXO_IO_STAT, 0, 0, paths[i]),
				 -EINVAL);
		assert_int_equal(on_path(HEXO_IO_MKDIR, 0, 0, paths[i]),
				 -EINVAL);
	}
	assert_int_equal(serve(HEXO_IO_OPEN, 0, 0, "/v/file\0x", 9, 0),
			 -EINVAL);
}

static void readonly_volumes_refuse_changes(void **state)
{
	static const char two[] = "/r/o/file\0/r/o/other";
	const int64_t times[8] = { 0 };
	char data[64];

	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_WRONLY, 0, "/r/o/file"),
			 -EROFS);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_RDWR, 0, "/r/o/file"),
			 -EROFS);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_TRUNC, 0, "/r/o/file"),
			 -EROFS);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_CREAT, 0644, "/r/o/new"),
			 -ENOENT);
	assert_int_equal(on_path(HEXO_IO_UNLINK, 0, 0, "/r/o/file"), -EROFS);
	assert_int_equal(on_path(HEXO_IO_MKDIR, 0755, 0, "/r/o/d"), -EROFS);
	assert_int_equal(on_path(HEXO_IO_CHMOD, 0600, 0, "/r/o/file"), -EROFS);
	assert_int_equal(on_path(HEXO_IO_ACCESS, W_OK, 0, "/r/o/file"), -EROFS);
	assert_int_equal(on_path(HEXO_IO_ACCESS, R_OK, 0, "/r/o/file"), 0);
	assert_int_equal(serve(HEXO_IO_RENAME, 0, 0, two, sizeof(two) - 1, 0),
			 -EROFS);
	assert_int_equal(serve(HEXO_IO_LINK, 0, 0, two, sizeof(two) - 1, 0),
			 -EROFS);
	memcpy(data, times, 32);
	memcpy(data + 32, "/r/o/file", 9);
	assert_int_equal(serve(HEXO_IO_UTIMENS, -1, 0, data, 41, 0), -EROFS);
	assert_string_equal(contents("/r/o/file"), "constant");
}

static void files_change_and_move(void **state)
{
	static const char rename_to[] = "/v/a\0/v/sub/b";
	static const char across[] = "/v/file\0/r/o/file2";
	static const char make_link[] = "file\0/v/l";
	int64_t h = on_path(HEXO_IO_OPEN, HEXO_O_RDWR | HEXO_O_CREAT, 06777,
			    "/v/a");
	struct hexo_io_stat st;

	assert_true(h > 2);
	assert_int_equal(serve(HEXO_IO_WRITE, h, 3, "abc", 3, 0), 3);
	assert_int_equal(serve(HEXO_IO_WRITE, h, HEXO_IO_APPEND, "d", 1, 0), 1);
	assert_int_equal(serve(HEXO_IO_TRUNCATE, h, 5, NULL, 0, 0), 0);
	assert_int_equal(serve(HEXO_IO_FSYNC, h, 1, NULL, 0, 0), 0);
	assert_int_equal(serve(HEXO_IO_FSTAT, h, 0, NULL, 0, sizeof(st)), 0);
	memcpy(&st, out, sizeof(st));
	assert_int_equal(st.size, 5);
	/* Never set-user-ID on a file of the host. */
	assert_int_equal(st.mode & 07000, 0);
	assert_int_equal(serve(HEXO_IO_FCHMOD, h, 04600, NULL, 0, 0), 0);
	assert_int_equal(serve(HEXO_IO_FSTAT, h, 0, NULL, 0, sizeof(st)), 0);
	memcpy(&st, out, sizeof(st));
	assert_int_equal(st.mode & 07777, 0600);
	assert_int_equal(serve(HEXO_IO_RENAME, 0, 0, rename_to,
			       sizeof(rename_to) - 1, 0),
			 0);
	assert_true(exists("v/sub/b"));
	assert_int_equal(serve(HEXO_IO_READ, h, 3, NULL, 0, 100), 2);
	assert_memory_equal(out, "ab", 2);
	assert_int_equal(serve(HEXO_IO_LINK, 0, 0, across, sizeof(across) - 1,
			       0),
			 -EROFS);
	assert_int_equal(serve(HEXO_IO_SYMLINK, 0, 0, make_link,
			       sizeof(make_link) - 1, 0),
			 0);
	assert_string_equal(contents("/v/l"), "hello");
	assert_int_equal(on_path(HEXO_IO_UNLINK, 1, 0, "/v/sub"), -ENOTEMPTY);
	assert_int_equal(on_path(HEXO_IO_UNLINK, 1, 0, "/v"), -EBUSY);
}

/* The names of a directory, by readdir with little room, into list. */
static void list(const char *path, char *names)
{
	int64_t h = on_path(HEXO_IO_OPEN, HEXO_O_DIRECTORY, 0, path);
	uint64_t cookie = 0;

	names[0] = '\0';
	assert_true(h > 2);
	while (serve(HEXO_IO_READDIR, h, (int64_t)cookie, NULL, 0, 64) > 0) {
		for (size_t at = 0; at < out_len;) {
			struct hexo_io_dirent e;

			memcpy(&e, out + at, sizeof(e));
			assert_true(e.size >= 24 && e.size % 8 == 0);
			strncat(names, out + at + 20, e.name_len);
			strcat(names, " ");
			cookie = e.cookie;
			at += e.size;
		}
	}
	assert_int_equal(out_len, 0);
}

static void lists_directories(void **state)
{
	char names[1024];
	struct hexo_io_stat st;

	list("/", names);
	assert_string_equal(names, ". .. v r ");
	list("/r", names);
	assert_string_equal(names, ". .. o ");
	list("/v/sub", names);
	assert_non_null(strstr(names, "deep "));
	assert_int_equal(on_path(HEXO_IO_STAT, 0, 0, "/r"), 0);
	memcpy(&st, out, sizeof(st));
	assert_true(S_ISDIR(st.mode));
	assert_int_equal(on_path(HEXO_IO_MKDIR, 0, 0, "/new"), -ENOENT);
	assert_int_equal(on_path(HEXO_IO_MKDIR, 0, 0, "/r"), -EROFS);
	assert_int_equal(on_path(HEXO_IO_MKDIR, 0, 0, "/v"), -EEXIST);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_WRONLY, 0, "/"), -EISDIR);
}

static void checks_every_request(void **state)
{
	int64_t h = on_path(HEXO_IO_OPEN, 0, 0, "/v/file");

	assert_int_equal(serve(0, 0, 0, NULL, 0, 0), -ENOSYS);
	assert_int_equal(serve(HEXO_IO_OPS, 0, 0, NULL, 0, 0), -ENOSYS);
	assert_int_equal(serve(UINT32_MAX, 0, 0, NULL, 0, 0), -ENOSYS);
	assert_int_equal(serve(HEXO_IO_READ, h, 0, NULL, 0, HEXO_IO_MAX + 1),
			 -EINVAL);
	assert_int_equal(serve(HEXO_IO_READ, -1, 0, NULL, 0, 1), -EBADF);
	assert_int_equal(serve(HEXO_IO_READ, h + 1, 0, NULL, 0, 1), -EBADF);
	assert_int_equal(serve(HEXO_IO_READ, FILES_HANDLES_MAX, 0, NULL, 0, 1),
			 -EBADF);
	assert_int_equal(serve(HEXO_IO_READ, INT64_MIN, 0, NULL, 0, 1), -EBADF);
	assert_int_equal(serve(HEXO_IO_READ, h, -2, NULL, 0, 1), -EINVAL);
	assert_int_equal(serve(HEXO_IO_WRITE, h, 0, "x", 1, 0), -EBADF);
	assert_int_equal(serve(HEXO_IO_WRITE, h, -3, "x", 1, 0), -EINVAL);
	assert_int_equal(serve(HEXO_IO_FSTAT, h, 0, NULL, 0, 8), -ERANGE);
	assert_int_equal(serve(HEXO_IO_RENAME, 0, 0, "/v/file", 7, 0), -EINVAL);
	assert_int_equal(serve(HEXO_IO_RENAME, 0, 0, "a\0b\0c", 5, 0), -EINVAL);
	assert_int_equal(serve(HEXO_IO_UTIMENS, -1, 0, "x", 1, 0), -EINVAL);
	assert_int_equal(serve(HEXO_IO_OPEN, HEXO_O_ACCMODE, 0, "/v/file", 7,
			       0),
			 -EINVAL);
	assert_int_equal(serve(HEXO_IO_CLOSE, h, 0, NULL, 0, 0), 0);
	assert_int_equal(serve(HEXO_IO_CLOSE, h, 0, NULL, 0, 0), -EBADF);
}

static void handles_run_out(void **state)
{
	int64_t h = 0;

	for (int i = 0; i < FILES_HANDLES_MAX + 1 && h >= 0; i++)
		h = on_path(HEXO_IO_OPEN, 0, 0, "/");
	assert_int_equal(h, -EMFILE);
}

static void never_blocks(void **state)
{
	uint64_t begin = base_now_ns();
	int64_t h;
	char full[4096] = { 0 };
	int pair[2];

	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_RDONLY, 0, "/v/fifo"),
			 -ENXIO);
	assert_int_equal(on_path(HEXO_IO_OPEN, HEXO_O_WRONLY, 0, "/v/fifo"),
			 -ENXIO);
	/* Standard input is a pipe that nobody writes, standard output one
	 * that nobody reads. */
	assert_int_equal(pipe2(pair, O_CLOEXEC), 0);
	files.at[0].fd = pair[0];
	files.at[1].fd = pair[1];
	assert_int_equal(serve(HEXO_IO_READ, 0, HEXO_IO_STREAM, NULL, 0, 1),
			 -EAGAIN);
	for (h = 1; h > 0;)
		h = serve(HEXO_IO_WRITE, 1, HEXO_IO_STREAM, full, sizeof(full),
			  0);
	assert_int_equal(h, -EAGAIN);
	assert_int_equal(serve(HEXO_IO_WRITE, 1, 0, "x", 1, 0), -ESPIPE);
	assert_int_equal(serve(HEXO_IO_CLOSE, 0, 0, NULL, 0, 0), 0);
	signal(SIGPIPE, SIG_IGN);
	assert_int_equal(serve(HEXO_IO_WRITE, 1, HEXO_IO_STREAM, "x", 1, 0),
			 -EPIPE);
	assert_true(base_now_ns() - begin < 1000000000);
}

static int64_t write_whole(int64_t handle, int64_t offset, const char *text)
{
	const struct hexo_msg_io io = {
		.op = HEXO_IO_WRITE,
		.arg = { handle, offset, HEXO_IO_WHOLE },
	};

	return files_serve(&files, &io, text, strlen(text), out, &out_len);
}

static void nothing_is_written_after_a_gap(void **state)
{
	int64_t h = on_path(HEXO_IO_OPEN, HEXO_O_WRONLY, 0, "/v/file");
	const struct rlimit small = { 8, RLIM_INFINITY };
	const struct rlimit large = { RLIM_INFINITY, RLIM_INFINITY };

	signal(SIGXFSZ, SIG_IGN);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &small), 0);
	assert_int_equal(write_whole(h, HEXO_IO_APPEND, "123456"), -EFBIG);
	assert_int_equal(write_whole(h, 0, "x"), -EFBIG);
	assert_string_equal(contents("/v/file"), "hello123");
	assert_int_equal(serve(HEXO_IO_WRITE, h, 1, "E", 1, 0), 1);
	assert_int_equal(write_whole(h, 0, "H"), 1);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &large), 0);
	assert_int_equal(write_whole(h, HEXO_IO_APPEND, "45"), 10);
	assert_string_equal(contents("/v/file"), "HEllo12345");
	assert_int_equal(write_whole(h, HEXO_IO_STREAM, "x"), -EINVAL);
	assert_int_equal(write_whole(500, 0, "x"), -EBADF);
	assert_int_equal(serve(HEXO_IO_CLOSE, h, 0, NULL, 0, 0), 0);
}

static void refuses_bad_volumes(void **state)
{
	static const char *const texts[] = {
		"/tmp",         ":/v",      "/tmp:",      "/tmp:rel",
		"/tmp:/a/../b", "/tmp:/a/", "/tmp:/a:wo", "/nowhere/at/all:/x",
		"/dev/null:/x", "/tmp:/v"
	};
	struct hexo_error err;

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_true(files_volume_add(&volumes, texts[i], false, &err) <
			    0);
	assert_int_equal(volumes.count, 2);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(finds_the_longest_prefix),
		TEST(links_stay_inside),
		TEST(nothing_is_made_outside),
		TEST(links_that_are_swapped_in_do_not_lead_out),
		TEST(refuses_paths_that_are_not_normalised),
		TEST(readonly_volumes_refuse_changes),
		TEST(files_change_and_move),
		TEST(lists_directories),
		TEST(checks_every_request),
		TEST(handles_run_out),
		TEST(never_blocks),
		TEST(nothing_is_written_after_a_gap),
		TEST(refuses_bad_volumes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
