/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/cache.c node/hash.c base/base.c base/error.c; -lxxhash
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"
#include "node/cache.h"
#include "node/hash.h"

enum { SIZE = 1000 };

struct fixture {
	char path[32];
	struct node_cache cache;
	struct hexo_error err;
};

/* Room for three files of SIZE bytes. */
static int setup(void **state)
{
	struct fixture *f = base_alloc(sizeof(*f));

	strcpy(f->path, "/tmp/hexo-test-XXXXXX");
	if (!mkdtemp(f->path))
		return -1;
	*state = f;
	return node_cache_open(&f->cache, f->path, 3 * SIZE + 10, &f->err);
}

static int teardown(void **state)
{
	struct fixture *f = *state;
	cleanup_free char *command = base_printf("rm -r %s", f->path);

	node_cache_close(&f->cache);
	free(f);
	return system(command);
}

/* SIZE bytes that depend on n, and what announces them. */
static struct hexo_msg_image make(char data[SIZE], int n)
{
	struct hexo_msg_image image = { .size = SIZE };

	memset(data, n, SIZE);
	node_hash(data, SIZE, image.hash);
	return image;
}

static int put(struct fixture *f, int n)
{
	char data[SIZE];
	struct hexo_msg_image image = make(data, n);
	struct node_put p;
	int r = node_put_begin(&f->cache, &image, &p, &f->err);

	if (r == 0)
		r = node_put_data(&p, data, SIZE / 3, &f->err);
	if (r == 0)
		r = node_put_data(&p, data + SIZE / 3, SIZE - SIZE / 3,
				  &f->err);
	if (r == 0)
		r = node_put_end(&p, &f->err);
	node_put_abort(&p);
	/* Times that tell one use from the next. */
	usleep(20000);
	return r;
}

static bool has(struct fixture *f, int n)
{
	char data[SIZE], found[SIZE];
	struct hexo_msg_image image = make(data, n);
	uint64_t size;
	cleanup_close int fd =
		node_cache_get(&f->cache, image.hash, &size, &f->err);

	if (fd < 0)
		assert_int_equal(fd, -ENOENT);
	else
		assert_true(size == SIZE && read(fd, found, SIZE) == SIZE &&
			    !memcmp(data, found, SIZE));
	usleep(20000);
	return fd >= 0;
}

/* Files in the cache, the lock aside. */
static int count(struct fixture *f)
{
	DIR *dir = opendir(f->path);
	struct dirent *entry;
	int n = 0;

	while ((entry = readdir(dir)))
		n += entry->d_type == DT_REG && strcmp(entry->d_name, "lock");
	closedir(dir);
	return n;
}

static void keeps_what_came(void **state)
{
	struct fixture *f = *state;

	assert_false(has(f, 1));
	assert_int_equal(put(f, 1), 0);
	assert_true(has(f, 1));
	assert_false(has(f, 2));
	assert_int_equal(put(f, 1), 0);
	assert_int_equal(count(f), 1);
}

static void evicts_the_least_recently_used(void **state)
{
	struct fixture *f = *state;

	assert_int_equal(put(f, 1), 0);
	assert_int_equal(put(f, 2), 0);
	assert_int_equal(put(f, 3), 0);
	assert_true(has(f, 1));
	assert_int_equal(put(f, 4), 0);
	assert_int_equal(count(f), 3);
	assert_true(has(f, 1));
	assert_false(has(f, 2));
	assert_true(has(f, 3));
	assert_true(has(f, 4));
}

static void refuses_other_content(void **state)
{
	struct fixture *f = *state;
	char data[SIZE];
	struct hexo_msg_image image = make(data, 5);
	struct node_put p;

	data[7] ^= 1;
	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err), 0);
	assert_int_equal(node_put_data(&p, data, SIZE, &f->err), 0);
	assert_int_equal(node_put_end(&p, &f->err), -EBADMSG);
	node_put_abort(&p);
	assert_int_equal(count(f), 0);
}

static void refuses_wrong_sizes(void **state)
{
	struct fixture *f = *state;
	char data[SIZE];
	struct hexo_msg_image image = make(data, 6);
	struct node_put p;

	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err), 0);
	assert_int_equal(node_put_data(&p, data, SIZE - 1, &f->err), 0);
	assert_int_equal(node_put_data(&p, data, 2, &f->err), -EPROTO);
	node_put_abort(&p);
	node_put_abort(&p);

	image.size = 3 * SIZE + 11;
	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err),
			 -EFBIG);
	node_put_abort(&p);
	image.size = UINT64_MAX;
	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err),
			 -EFBIG);
	node_put_abort(&p);
	image.size = 0;
	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err),
			 -EFBIG);
	node_put_abort(&p);
	assert_int_equal(count(f), 0);
}

static void counts_what_is_still_coming(void **state)
{
	struct fixture *f = *state;
	char data[SIZE];
	struct hexo_msg_image image = make(data, 7);
	cleanup_free char *other = base_printf("%s/part-1", f->path);
	struct node_put p;

	/* Another process receives something that leaves no room. */
	close(creat(other, 0600));
	assert_int_equal(truncate(other, 3 * SIZE), 0);
	assert_int_equal(node_put_begin(&f->cache, &image, &p, &f->err),
			 -ENOSPC);
	node_put_abort(&p);
	node_cache_sweep(&f->cache, 1);
	assert_int_equal(put(f, 7), 0);
}

static void drops_damaged_files(void **state)
{
	struct fixture *f = *state;
	cleanup_free char *command =
		base_printf("for f in %s/*.elf; do printf x >> $f; done",
			    f->path);

	assert_int_equal(put(f, 8), 0);
	assert_int_equal(system(command), 0);
	assert_false(has(f, 8));
	assert_int_equal(count(f), 0);
}

static void opens_clean_and_private(void **state)
{
	struct fixture *f = *state;
	cleanup_free char *part = base_printf("%s/part-77", f->path);
	struct node_cache again;

	close(creat(part, 0600));
	assert_int_equal(put(f, 9), 0);
	assert_int_equal(node_cache_open(&again, f->path, 3 * SIZE, &f->err),
			 0);
	node_cache_close(&again);
	assert_int_equal(access(part, F_OK), -1);
	assert_true(has(f, 9));

	assert_int_equal(chmod(f->path, 0777), 0);
	assert_int_equal(node_cache_open(&again, f->path, 3 * SIZE, &f->err),
			 -EPERM);
	node_cache_close(&again);
}

#define TEST(f) cmocka_unit_test_setup_teardown(f, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(keeps_what_came),
		TEST(evicts_the_least_recently_used),
		TEST(refuses_other_content),
		TEST(refuses_wrong_sizes),
		TEST(counts_what_is_still_coming),
		TEST(drops_damaged_files),
		TEST(opens_clean_and_private),
	};

	return cmocka_run_group_tests_name("node cache", tests, NULL, NULL);
}
