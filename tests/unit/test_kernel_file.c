/* SPDX-License-Identifier: Apache-2.0 */
// LINK: guest/kernel/fd.c guest/kernel/file.c guest/kernel/open.c
// LINK: guest/kernel/stat.c guest/kernel/path.c guest/kernel/dir.c
// LINK: guest/kernel/pipe.c guest/kernel/mem.c guest/kernel/region.c
// LINK: guest/kernel/host.c guest/kernel/log.c guest/kernel/post.c
// LINK: guest/kernel/ahead.c
/* Descriptors, offsets, paths and pipes of the guest. */
#include "tests/unit/kernel_home.h"

static const char *resolved(const char *path)
{
	assert_int_equal(kernel_path_resolve(AT_FDCWD, path, &kernel_path[0]),
			 0);
	assert_int_equal(kernel_path[0].len, strlen(kernel_path[0].text));
	return kernel_path[0].text;
}

static void test_path(void **state)
{
	static char longest[2 * HEXO_IO_PATH_MAX];
	char small[4];

	kernel_path_set_cwd("/a/b/");
	assert_string_equal(resolved("."), "/a/b");
	assert_string_equal(resolved("c"), "/a/b/c");
	assert_string_equal(resolved("./c//d/"), "/a/b/c/d");
	assert_string_equal(resolved("../c"), "/a/c");
	assert_string_equal(resolved("../../../../c"), "/c");
	assert_string_equal(resolved(".."), "/a");
	assert_string_equal(resolved("../.."), "/");
	assert_string_equal(resolved("/"), "/");
	assert_string_equal(resolved("///"), "/");
	assert_string_equal(resolved("/x/./y/../z"), "/x/z");
	assert_string_equal(resolved("/.../..a"), "/.../..a");
	assert_int_equal(kernel_path_resolve(AT_FDCWD, "", &kernel_path[0]),
			 -ENOENT);
	assert_int_equal(kernel_path_resolve(99, "x", &kernel_path[0]), -EBADF);
	assert_int_equal(kernel_path_resolve(0, "x", &kernel_path[0]),
			 -ENOTDIR);
	memset(longest, 'x', sizeof(longest) - 1);
	assert_int_equal(kernel_path_resolve(AT_FDCWD, longest,
					     &kernel_path[0]),
			 -ENAMETOOLONG);
	longest[0] = '/';
	longest[HEXO_IO_PATH_MAX - 1] = 0;
	assert_string_equal(resolved(longest), longest);
	assert_int_equal(sys_getcwd(small, sizeof(small)), -ERANGE);
	assert_int_equal(sys_chdir("d"), 0);
	assert_string_equal(resolved("e"), "/a/b/d/e");
	assert_int_equal(sys_chdir("file"), -ENOTDIR);
	kernel_path_set_cwd("/");
	assert_string_equal(resolved("e"), "/e");
}

static void test_directory(void **state)
{
	long fd = sys_openat(AT_FDCWD, "/some/d", HEXO_O_RDONLY, 0);
	struct abi_stat st;

	assert_int_equal(fd, 3);
	assert_int_equal(kernel_path_resolve((int)fd, "../x", &kernel_path[0]),
			 0);
	assert_string_equal(kernel_path[0].text, "/some/x");
	assert_int_equal(sys_fstat((int)fd, &st), 0);
	assert_int_equal(st.mode, 0040755);
	assert_int_equal(sys_read((int)fd, (char *)&st, 1), -EISDIR);
	assert_int_equal(sys_fchdir((int)fd), 0);
	assert_string_equal(resolved("y"), "/some/d/y");
	kernel_path_set_cwd("/");
	assert_int_equal(sys_close((int)fd), 0);
	assert_int_equal(home.open, 0);
}

static void test_offsets(void **state)
{
	static char big[FILE_MAX - 100], back[FILE_MAX];
	int fd = (int)sys_openat(AT_FDCWD, "f", HEXO_O_RDWR | HEXO_O_CREAT, 0);
	long copy = sys_dup(fd);

	for (size_t k = 0; k < sizeof(big); k++)
		big[k] = (char)(k * 7 / 5);
	assert_int_equal(sys_write(fd, big, sizeof(big)), sizeof(big));
	assert_int_equal(sys_lseek((int)copy, 0, SEEK_CUR), sizeof(big));
	assert_int_equal(sys_lseek(fd, -10, SEEK_END), sizeof(big) - 10);
	assert_int_equal(sys_read((int)copy, back, 100), 10);
	assert_memory_equal(back, big + sizeof(big) - 10, 10);
	assert_int_equal(sys_pread64(fd, back, sizeof(back), 0), sizeof(big));
	assert_memory_equal(back, big, sizeof(big));
	assert_int_equal(sys_lseek(fd, 0, SEEK_CUR), sizeof(big));
	assert_int_equal(sys_lseek(fd, -1, SEEK_SET), -EINVAL);
	assert_int_equal(sys_lseek(fd, INT64_MAX, SEEK_CUR), -EOVERFLOW);
	assert_int_equal(sys_close(fd), 0);
	assert_int_equal(home.open, 1);
	assert_int_equal(sys_close((int)copy), 0);
	assert_int_equal(home.open, 0);
	assert_int_equal(sys_close((int)copy), -EBADF);
}

static void test_append(void **state)
{
	int flags = HEXO_O_WRONLY | HEXO_O_APPEND;
	int fd = (int)sys_openat(AT_FDCWD, "f", flags, 0);
	char byte;

	home.size = 5;
	assert_int_equal(sys_write(fd, "abc", 3), 3);
	assert_int_equal(home.size, 8);
	assert_int_equal(sys_lseek(fd, 0, SEEK_CUR), 8);
	/* Others append, too; and who seeks is where it went. */
	assert_int_equal(sys_write(fd, "de", 2), 2);
	home.size += 100;
	assert_int_equal(sys_lseek(fd, 0, SEEK_CUR), 10);
	assert_int_equal(sys_write(fd, "f", 1), 1);
	assert_int_equal(sys_lseek(fd, 3, SEEK_SET), 3);
	kernel_post_settle();
	assert_int_equal(sys_lseek(fd, 0, SEEK_CUR), 3);
	assert_int_equal(sys_read(fd, &byte, 1), -EBADF);
	assert_int_equal(sys_fcntl(fd, F_GETFL, 0), flags);
	assert_int_equal(sys_fchown(fd, 5, UINT32_MAX), 0);
	assert_int_equal(sys_fchown(fd, 6, UINT32_MAX), -EPERM);
	sys_close(fd);
}

static void test_vectors(void **state)
{
	int fd = (int)sys_openat(AT_FDCWD, "f", HEXO_O_RDWR | HEXO_O_TRUNC, 0);
	static char big[40000], a[3], b[50000], text[] = "abcdex";
	struct abi_iovec out[] = { { text, 2 }, { NULL, 0 }, { text + 2, 3 } };
	struct abi_iovec more[] = { { text + 5, 1 }, { big, sizeof(big) } };
	struct abi_iovec in[] = { { a, 3 }, { b, sizeof(b) } };
	unsigned before;

	home.size = 0;
	before = home.operations;
	assert_int_equal(sys_writev(fd, out, 3), 5);
	assert_int_equal(home.operations, before + 1);
	assert_int_equal(sys_writev(fd, more, 2), 40001);
	assert_memory_equal(home.data, "abcdex", 6);
	assert_int_equal(sys_preadv(fd, in, 2, 0), 40006);
	assert_memory_equal(a, "abc", 3);
	assert_memory_equal(b, "dex", 3);
	in[1].len = 2;
	assert_int_equal(sys_preadv(fd, in, 2, 1), 5);
	assert_memory_equal(a, "bcd", 3);
	assert_int_equal(sys_writev(fd, out, -1), -EINVAL);
	in[1].len = UINT64_MAX;
	assert_int_equal(sys_readv(fd, in, 2), -EINVAL);
	sys_close(fd);
}

static void test_streams(void **state)
{
	char buf[16];

	home.busy = 3;
	home.waits = 0;
	assert_int_equal(sys_read(0, buf, sizeof(buf)), 3);
	assert_int_equal(home.waits, 3);
	assert_int_equal(sys_lseek(0, 0, SEEK_CUR), -ESPIPE);
	home.busy = 1;
	assert_int_equal(sys_fcntl(0, F_SETFL, HEXO_O_NONBLOCK), 0);
	assert_int_equal(sys_read(0, buf, sizeof(buf)), -EAGAIN);
	sys_fcntl(0, F_SETFL, 0);
	assert_int_equal(sys_write(1, "x", 1), -EPIPE);
	assert_int_equal(home.signal, SIGPIPE);
	assert_int_equal(sys_write(0, "x", 1), -EBADF);
}

static void test_descriptors(void **state)
{
	int first = (int)sys_openat(AT_FDCWD, "/dev/null", HEXO_O_RDWR, 0);
	long fd;

	assert_int_equal(first, 3);
	assert_int_equal(sys_write(first, "x", 1), 1);
	for (int k = 4; k < KERNEL_FILES; k++)
		assert_int_equal(sys_dup(first), k);
	assert_int_equal(sys_dup(first), -EMFILE);
	assert_int_equal(sys_openat(AT_FDCWD, "f", HEXO_O_RDONLY, 0), -EMFILE);
	assert_int_equal(home.open, 0);
	assert_int_equal(sys_close(500), 0);
	assert_int_equal(sys_fcntl(first, F_DUPFD, 499), 500);
	assert_int_equal(sys_close_range(3, UINT32_MAX, 0), 0);
	fd = sys_openat(AT_FDCWD, "/dev/../dev/urandom",
			HEXO_O_RDONLY | HEXO_O_CLOEXEC, 0);
	assert_int_equal(fd, 3);
	assert_int_equal(sys_fcntl(3, F_GETFD, 0), FD_CLOEXEC);
	assert_int_equal(sys_dup3(3, 10, 0), 10);
	assert_int_equal(sys_fcntl(10, F_GETFD, 0), 0);
	assert_int_equal(sys_dup3(3, 3, 0), -EINVAL);
	assert_int_equal(sys_dup3(3, KERNEL_FILES, 0), -EBADF);
	assert_int_equal(sys_close_range(3, KERNEL_FILES, 0), 0);
}

static void test_pipe(void **state)
{
	static char out[0x10000], in[0x10000];
	uint64_t before = kernel_mem_free();
	int fds[2];

	for (size_t k = 0; k < sizeof(out); k++)
		out[k] = (char)(k * 11 / 3);
	assert_int_equal(sys_pipe2(fds, HEXO_O_NONBLOCK), 0);
	assert_int_equal(sys_read(fds[0], in, 1), -EAGAIN);
	/* Twice, so that the ring wraps. */
	assert_int_equal(sys_write(fds[1], out, 40000), 40000);
	assert_int_equal(sys_read(fds[0], in, 40000), 40000);
	assert_int_equal(sys_write(fds[1], out, sizeof(out)), sizeof(out));
	assert_int_equal(sys_write(fds[1], out, 1), -EAGAIN);
	assert_int_equal(sys_read(fds[0], in, sizeof(in)), sizeof(in));
	assert_memory_equal(in, out, sizeof(in));
	assert_int_equal(sys_close(fds[1]), 0);
	assert_int_equal(sys_read(fds[0], in, 1), 0);
	assert_int_equal(sys_close(fds[0]), 0);
	assert_int_equal(kernel_mem_free(), before);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_path),
		cmocka_unit_test(test_directory),
		cmocka_unit_test(test_offsets),
		cmocka_unit_test(test_append),
		cmocka_unit_test(test_vectors),
		cmocka_unit_test(test_streams),
		cmocka_unit_test(test_descriptors),
		cmocka_unit_test(test_pipe),
	};

	return cmocka_run_group_tests_name("kernel files", tests, set_up, NULL);
}
