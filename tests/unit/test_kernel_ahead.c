/* SPDX-License-Identifier: Apache-2.0 */
// LINK: guest/kernel/fd.c guest/kernel/file.c guest/kernel/open.c
// LINK: guest/kernel/stat.c guest/kernel/path.c guest/kernel/dir.c
// LINK: guest/kernel/pipe.c guest/kernel/mem.c guest/kernel/region.c
// LINK: guest/kernel/host.c guest/kernel/log.c guest/kernel/post.c
// LINK: guest/kernel/ahead.c
/* Writes that are not waited for, and reading ahead. */
#include "tests/unit/kernel_home.h"

static void test_posted_writes(void **state)
{
	int fd = open_file(HEXO_O_RDWR | HEXO_O_TRUNC);
	static char data[FILE_MAX];
	struct abi_stat st;

	for (size_t k = 0; k < sizeof(data); k++)
		data[k] = (char)(k * 11 / 7);
	home.size = 0;
	posted.most = 0;
	for (int k = 0; k < 500; k++)
		assert_int_equal(sys_write(fd, data + k * 1000, 1000), 1000);
	assert_int_equal(posted.most, HEXO_IO_POSTS_MAX);
	assert_true(posted.count > 0);
	assert_int_equal(sys_fstat(fd, &st), 0);
	assert_int_equal(st.size, 500000);
	assert_int_equal(posted.count, 0);
	/* As much data as one operation may have waits, not more. */
	posted.most = 0;
	assert_int_equal(sys_pwrite64(fd, data, FILE_MAX, 0), FILE_MAX);
	assert_int_equal(posted.most, 1);
	assert_memory_equal(home.data, data, FILE_MAX);
	sys_write(fd, data, 10);
	kernel_post_settle(); /* as when it parks */
	assert_int_equal(posted.count, 0);
	assert_int_equal(sys_close(fd), 0);
}

static void test_late_errors(void **state)
{
	int fd = open_file(HEXO_O_RDWR | HEXO_O_TRUNC), other;

	home.full = -ENOSPC;
	assert_int_equal(sys_write(fd, "abc", 3), 3);
	assert_int_equal(sys_fsync(fd), -ENOSPC);
	assert_int_equal(sys_fsync(fd), 0); /* told once */
	/* From now on the program is told at once. */
	assert_int_equal(sys_write(fd, "abc", 3), -ENOSPC);
	home.full = 0;
	assert_int_equal(sys_write(fd, "abc", 3), 3);
	assert_int_equal(posted.count, 0);
	assert_int_equal(sys_write(fd, "abc", 3), 3);
	assert_int_equal(posted.count, 1);
	home.full = -EIO;
	sys_write(fd, "abc", 3);
	other = open_file(HEXO_O_RDONLY); /* does not get it */
	assert_int_equal(sys_close(other), 0);
	assert_int_equal(sys_write(fd, "abc", 3), -EIO);
	home.full = 0;
	sys_write(fd, "abc", 3);
	home.full = -EACCES;
	sys_write(fd, "abc", 3);
	assert_int_equal(sys_ftruncate(fd, 0), -EACCES);
	home.full = 0;
	sys_write(fd, "abc", 3);
	home.full = -ENOSPC;
	sys_write(fd, "abc", 3);
	assert_int_equal(sys_close(fd), -ENOSPC);
	assert_int_equal(sys_close(fd), -EBADF);
	home.logs = 0;
	kernel_post_end();
	assert_int_equal(home.logs, 0);
	/* Never told: whoever runs the job is. */
	fd = open_file(HEXO_O_RDWR);
	sys_write(fd, "abc", 3);
	kernel_post_end();
	assert_int_equal(home.logs, 1);
	assert_int_equal(sys_close(fd), -ENOSPC);
	home.full = 0;
}

static void test_synchronous_writes(void **state)
{
	int fd = open_file(HEXO_O_WRONLY | HEXO_O_DSYNC);

	home.syncs = 0;
	assert_int_equal(sys_write(fd, "abc", 3), 3);
	assert_int_equal(posted.count, 0);
	assert_int_equal(home.syncs, 1);
	home.full = -ENOSPC;
	assert_int_equal(sys_write(fd, "abc", 3), -ENOSPC);
	home.full = 0;
	sys_close(fd);
}

/* Reads a file of len bytes to its end in pieces; returns the operations. */
static unsigned read_all(int fd, int64_t len, uint64_t piece)
{
	static char back[FILE_MAX];
	int64_t done = 0;
	long n;

	home.reads = 0;
	while ((n = sys_read(fd, back + done, piece)) > 0)
		done += n;
	assert_int_equal(n, 0);
	assert_int_equal(done, len);
	assert_memory_equal(back, home.data, (size_t)len);
	return home.reads;
}

static void test_reading_ahead(void **state)
{
	int fd = open_file(HEXO_O_RDONLY);
	uint64_t before = kernel_mem_free();
	char four[4];

	home.size = 2000003;
	for (int64_t k = 0; k < home.size; k++)
		home.data[k] = (char)(k * 5 / 3);
	/* 4K, 8K, ... 256K: seven; then 256K each; and the end, twice. */
	assert_int_equal(read_all(fd, home.size, 1000), 7 + 6 + 2);
	sys_lseek(fd, 0, SEEK_SET);
	assert_int_equal(read_all(fd, home.size, 600000), 4 + 1);
	/* Here and there: nothing is read that was not asked for. */
	home.reads = 0;
	for (int64_t k = 50; k > 0; k--) {
		assert_int_equal(sys_pread64(fd, four, 4, k * 20000), 4);
		assert_memory_equal(four, home.data + k * 20000, 4);
	}
	assert_int_equal(home.reads, 50);
	assert_int_equal(sys_close(fd), 0);
	assert_int_equal(kernel_mem_free(), before);
}

/* Reads the first eight bytes so that there is more that was read ahead. */
static void begin_reading(int fd)
{
	char four[4];

	sys_lseek(fd, 0, SEEK_SET);
	assert_int_equal(sys_read(fd, four, 2), 2);
	assert_int_equal(sys_read(fd, four, 2), 2);
	home.reads = 0;
	assert_int_equal(sys_read(fd, four, 4), 4);
	assert_int_equal(home.reads, 0);
}

static void assert_next(int fd, const char *text)
{
	char four[4];

	assert_int_equal(sys_read(fd, four, 4), 4);
	assert_memory_equal(four, text, 4);
}

static void test_what_was_read_ahead_is_forgotten(void **state)
{
	int fd = open_file(HEXO_O_RDONLY), other = open_file(HEXO_O_WRONLY);
	struct hexo_control *c = (void *)HEXO_CONTROL_BASE;
	uint64_t before = kernel_mem_free();

	home.size = 1000;
	memset(home.data, 'a', 1000);
	begin_reading(fd);
	sys_pwrite64(other, "BBBB", 4, 8);
	assert_next(fd, "BBBB");
	begin_reading(fd);
	sys_lseek(other, 8, SEEK_SET);
	sys_write(other, "CCCC", 4);
	assert_next(fd, "CCCC");
	begin_reading(fd);
	assert_int_equal(sys_ftruncate(other, 10), 0);
	assert_int_equal(sys_read(fd, (char[4]){ 0 }, 4), 2);
	home.size = 1000;
	begin_reading(fd);
	/* Others' writes are seen when time has gone by, or the VM moved. */
	memcpy(home.data + 8, "DDDD", 4);
	c->fresh = 0;
	assert_next(fd, "DDDD");
	begin_reading(fd);
	memcpy(home.data + 8, "EEEE", 4);
	assert_true(kernel_ahead_forget_all());
	assert_int_equal(kernel_mem_free(), before);
	assert_next(fd, "EEEE");
	/* An end is not remembered. */
	home.size = 8;
	c->fresh = 0;
	begin_reading(fd);
	assert_int_equal(sys_read(fd, (char[4]){ 0 }, 4), 0);
	home.size = 1000;
	assert_next(fd, "EEEE");
	sys_close(fd);
	sys_close(other);
}

static void test_memory_is_worth_more_than_reading_ahead(void **state)
{
	int fd = open_file(HEXO_O_RDONLY);
	uint64_t all, at;

	home.size = 100000;
	begin_reading(fd);
	all = kernel_mem_free() + HEXO_PAGE_SIZE;
	at = kernel_mem_take(all);
	assert_int_not_equal(at, 0);
	kernel_mem_give(at, all);
	begin_reading(fd);
	sys_close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_posted_writes),
		cmocka_unit_test(test_late_errors),
		cmocka_unit_test(test_synchronous_writes),
		cmocka_unit_test(test_reading_ahead),
		cmocka_unit_test(test_what_was_read_ahead_is_forgotten),
		cmocka_unit_test(test_memory_is_worth_more_than_reading_ahead),
	};

	return cmocka_run_group_tests_name("kernel ahead", tests, set_up, NULL);
}
