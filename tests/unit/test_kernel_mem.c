/* SPDX-License-Identifier: Apache-2.0 */
// LINK: guest/kernel/mem.c guest/kernel/region.c guest/kernel/host.c
// LINK: guest/kernel/log.c guest/kernel/post.c
/* The guest's memory calls, at random, against a model of single pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <cmocka.h>

#include "guest/kernel/file.h"
#include "guest/kernel/kernel.h"
#include "guest/kernel/syscall.h"

/* The host's header would clash with the guest's numbers. */
void *mmap(void *at, size_t len, int prot, int flags, int fd, long off);

enum {
	PAGES = 4096,
	ANON = MAP_PRIVATE | MAP_ANONYMOUS,
	LOGS_MAX = 4,
	REMAP_MAX = 1024
};

static const uint64_t low = HEXO_PORTABLE_BASE;
static uint32_t tags[PAGES]; /* what each page in use holds; 0: not in use */
static uint32_t next_tag = 1;
static unsigned logs;
static uint64_t touched, touched_low; /* bytes since reset(), the lowest */

/* The monitor's part. */
int64_t hexo_hypercall(uint32_t number, void *request)
{
	struct hexo_hc_buffer *q = request;

	if (number == HEXO_HC_DISCARD)
		memset((void *)q->addr, 0, q->len);
	if (number == HEXO_HC_TOUCH) {
		assert_in_range(q->len, 1, HEXO_TOUCH_MAX);
		touched += q->len;
		touched_low = q->addr < touched_low ? q->addr : touched_low;
	}
	if (number == HEXO_HC_LOG)
		logs++;
	return 0;
}

struct kernel_file *kernel_file_get(int fd)
{
	return NULL;
}

long kernel_file_read(struct kernel_file *f, char *to, uint64_t len,
		      int64_t off)
{
	return -EIO;
}

/* Nothing is read ahead. */
bool kernel_ahead_forget_all(void)
{
	return false;
}

static uint32_t *page(unsigned k)
{
	return (uint32_t *)(low + (uint64_t)k * HEXO_PAGE_SIZE);
}

static unsigned page_of(uint64_t addr)
{
	assert_true(addr >= low);
	return (unsigned)((addr - low) / HEXO_PAGE_SIZE);
}

static void reset(void)
{
	memset((void *)low, 0, (uint64_t)PAGES * HEXO_PAGE_SIZE);
	memset(tags, 0, sizeof(tags));
	kernel_mem_init(low, low + (uint64_t)PAGES * HEXO_PAGE_SIZE);
	logs = 0;
	touched = 0;
	touched_low = UINT64_MAX;
}

/* n pages from k on were handed out: they must have been free and be zero. */
static void take(unsigned k, unsigned n)
{
	for (unsigned i = k; i < k + n; i++) {
		assert_true(i < PAGES);
		assert_int_equal(tags[i], 0);
		for (unsigned w = 0; w < HEXO_PAGE_SIZE / 4; w += 64)
			assert_int_equal(page(i)[w], 0);
		tags[i] = page(i)[64] = next_tag++;
	}
}

static void check(void)
{
	for (unsigned i = 0; i < PAGES; i++)
		if (tags[i])
			assert_int_equal(page(i)[64], tags[i]);
}

static void try_map(unsigned n)
{
	long at = sys_mmap(0, n * (uint64_t)HEXO_PAGE_SIZE - 5, 3, ANON, -1, 0);

	if (at == -ENOMEM)
		return;
	assert_int_equal(at % HEXO_PAGE_SIZE, 0);
	take(page_of((uint64_t)at), n);
}

static bool in_use(unsigned k, unsigned n)
{
	for (unsigned i = k; i < k + n; i++)
		if (!tags[i])
			return false;
	return true;
}

static void try_unmap(unsigned k, unsigned n)
{
	if (!in_use(k, n))
		return;
	assert_int_equal(sys_munmap(kernel_address(page(k)),
				    n * (uint64_t)HEXO_PAGE_SIZE),
			 0);
	memset(tags + k, 0, n * sizeof(tags[0]));
}

static void try_remap(unsigned k, unsigned n, unsigned to)
{
	uint32_t old[REMAP_MAX];
	unsigned at, same = n < to ? n : to;
	long r;

	if (!in_use(k, n))
		return;
	memcpy(old, tags + k, n * sizeof(old[0]));
	r = sys_mremap(kernel_address(page(k)), n * (uint64_t)HEXO_PAGE_SIZE,
		       to * (uint64_t)HEXO_PAGE_SIZE, MREMAP_MAYMOVE);
	if (r == -ENOMEM)
		return;
	memset(tags + k, 0, n * sizeof(tags[0]));
	at = page_of((uint64_t)r);
	for (unsigned i = 0; i < same; i++)
		assert_int_equal(page(at + i)[64], old[i]);
	memcpy(tags + at, old, same * sizeof(old[0]));
	if (to > n)
		take(at + n, to - n);
}

static void try_fixed(unsigned k, unsigned n)
{
	uint64_t size = n * (uint64_t)HEXO_PAGE_SIZE;

	if (!in_use(k, n))
		return;
	assert_int_equal(sys_mmap(kernel_address(page(k)), size, 3,
				  ANON | MAP_FIXED_NOREPLACE, -1, 0),
			 -EEXIST);
	assert_int_equal(sys_mmap(kernel_address(page(k)), size, 3,
				  ANON | MAP_FIXED, -1, 0),
			 kernel_address(page(k)));
	memset(tags + k, 0, n * sizeof(tags[0]));
	take(k, n);
}

static void test_random(void **state)
{
	srandom(1);
	reset();
	for (int step = 0; step < 60000; step++) {
		unsigned n = 1 + (unsigned)random() % 40;
		unsigned k = (unsigned)random() % (PAGES - 64);

		switch (random() % 8) {
		case 0:
		case 1:
			try_map(n);
			break;
		case 2:
			try_map(1);
			break;
		case 3:
		case 4:
			try_unmap(k, 1 + n / 8);
			break;
		case 5:
			try_remap(k, 1 + n / 8, n);
			break;
		case 6:
			try_fixed(k, 1 + n / 16);
			break;
		default:
			if (random() % 64 == 0)
				check();
		}
	}
	check();
	assert_in_range(logs, 0, 1);
}

/* Every second page free: as many ranges as there can be. */
static void test_fragments(void **state)
{
	uint64_t size = 2048 * (uint64_t)HEXO_PAGE_SIZE;
	long at;

	reset();
	at = sys_mmap(0, size, 3, ANON, -1, 0);
	assert_true(at > 0);
	take(page_of((uint64_t)at), 2048);
	for (unsigned k = 0; k < 2048; k += 2)
		try_unmap(page_of((uint64_t)at) + k, 1);
	check();
	for (unsigned k = 1; k < 2048; k += 2)
		try_unmap(page_of((uint64_t)at) + k, 1);
	/* All is free again but what the list itself keeps. */
	assert_true(kernel_mem_free() >=
		    (PAGES - 16) * (uint64_t)HEXO_PAGE_SIZE);
}

static void test_brk(void **state)
{
	uint64_t start;
	long top;

	reset();
	start = (uint64_t)sys_brk(0);
	assert_int_equal(start, low);
	assert_int_equal(sys_brk(start + 10000), start + 10000);
	memset((void *)start, 7, 10000);
	/* Shrinking and growing again gives zeros. */
	assert_int_equal(sys_brk(start + 4096), start + 4096);
	assert_int_equal(sys_brk(start + 8192), start + 8192);
	assert_int_equal(*(char *)(start + 4096), 0);
	assert_int_equal(*(char *)start, 7);
	/* A guard page inside, as musl's malloc() wants one. */
	assert_int_equal(sys_mmap(start, 4096, 0, ANON | MAP_FIXED, -1, 0),
			 start);
	assert_int_equal(*(char *)start, 0);
	/* Never into a mapping, nor a mapping into it. */
	top = sys_mmap(0, (PAGES - 4) * (uint64_t)HEXO_PAGE_SIZE, 3, ANON, -1,
		       0);
	assert_true(top > 0);
	assert_int_equal(sys_brk((uint64_t)top), (uint64_t)top);
	assert_int_equal(sys_brk((uint64_t)top + 1), (uint64_t)top);
	assert_int_equal(sys_brk(low - 1), (uint64_t)top);
}

static void test_limits(void **state)
{
	reset();
	assert_int_equal(sys_mmap(0, 0, 3, ANON, -1, 0), -EINVAL);
	assert_int_equal(sys_mmap(0, UINT64_MAX, 3, ANON, -1, 0), -ENOMEM);
	assert_int_equal(sys_mmap(0, UINT64_MAX - 8192, 3, ANON, -1, 0),
			 -ENOMEM);
	assert_int_equal(sys_mmap(0, 4096, 3, MAP_PRIVATE, 5, 0), -EBADF);
	assert_int_equal(sys_mmap(0x1000, 4096, 3, ANON | MAP_FIXED, -1, 0),
			 -ENOMEM);
	assert_int_equal(sys_munmap(1, 4096), -EINVAL);
	assert_int_equal(sys_munmap(0, UINT64_MAX), -EINVAL);
	assert_int_equal(sys_munmap(0x1000, 4096), -EINVAL);
	assert_int_equal(sys_mremap(low, 4096, 8192, MREMAP_MAYMOVE), -EFAULT);
	assert_int_equal(sys_mremap(low, 4096, UINT64_MAX, 1), -ENOMEM);
	assert_int_equal(sys_madvise(low, UINT64_MAX, MADV_DONTNEED), -ENOMEM);
}

static void test_huge(void **state)
{
	long at;

	reset();
	try_map(3);
	at = sys_mmap(0, HEXO_HUGE_SIZE + 4096, 3, ANON, -1, 0);
	assert_int_equal(at % HEXO_HUGE_SIZE, 0);
}

/* Memory that the program will write is asked for when it gets it: all of a
 * large mapping and what it grows by, but nothing that is only reserved. */
static void test_touch(void **state)
{
	const uint64_t size = 5u << 20;
	long at;

	reset();
	try_map(256);
	sys_mmap(0, size, 0, ANON, -1, 0);
	sys_mmap(0, size, 3, ANON | MAP_NORESERVE, -1, 0);
	assert_int_equal(touched, 0);
	reset();
	at = sys_mmap(0, size, 3, ANON, -1, 0);
	assert_int_equal(touched, size);
	assert_int_equal(touched_low, at);
	reset();
	sys_brk(low + size);
	assert_int_equal(touched, size);
	reset();
	at = sys_mmap(0, 4096, 3, ANON, -1, 0);
	sys_mremap((uint64_t)at, 4096, size, MREMAP_MAYMOVE);
	assert_int_equal(touched, size);
}

/* The pieces in which a mapping is copied and given back fit together. */
static void test_large_remap(void **state)
{
	const unsigned n = REMAP_MAX - 3;
	long at;

	reset();
	at = sys_mmap(0, n * (uint64_t)HEXO_PAGE_SIZE, 3, ANON, -1, 0);
	take(page_of((uint64_t)at), n);
	try_remap(page_of((uint64_t)at), n, n + 100);
	check();
	assert_int_equal(tags[page_of((uint64_t)at)], 0);
	try_map(n);
}

static int set_up(void **state)
{
	struct hexo_control *c = (void *)HEXO_CONTROL_BASE;

	mmap(c, HEXO_PAGE_SIZE, 3, 0x100022, -1, 0);
	mmap((void *)low, (uint64_t)PAGES * HEXO_PAGE_SIZE, 3, 0x100022, -1, 0);
	c->memory = (uint64_t)PAGES * HEXO_PAGE_SIZE;
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_random),
		cmocka_unit_test(test_fragments),
		cmocka_unit_test(test_brk),
		cmocka_unit_test(test_limits),
		cmocka_unit_test(test_huge),
		cmocka_unit_test(test_touch),
		cmocka_unit_test(test_large_remap),
	};

	return cmocka_run_group_tests_name("kernel memory", tests, set_up,
					   NULL);
}
