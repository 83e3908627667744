/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/memory.c monitor/fetch_guest.c
// LINK: base/error.c
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "hexo/hypercall.h"
#include "monitor/memory.h"

#define MEMORY HEXO_MEMORY_MIN
#define STACK  HEXO_STACK_MIN
#define PAGE   ((uint64_t)HEXO_PAGE_SIZE)
#define DATA   ((uint64_t)HEXO_PORTABLE_BASE)

/* A guest with text, constants and data of a page each. */
static int set_up(void **state)
{
	struct vm_memory *m = calloc(1, sizeof(*m));

	*state = m;
	if (vm_memory_create(m, MEMORY, STACK, false, NULL) < 0 ||
	    vm_memory_allow(m, DATA + PAGE, DATA + 2 * PAGE, VM_READ | VM_WRITE,
			    NULL) < 0 ||
	    vm_memory_allow(m, HEXO_TEXT_BASE, HEXO_TEXT_BASE + PAGE,
			    VM_READ | VM_EXEC, NULL) < 0 ||
	    vm_memory_allow(m, DATA, DATA + PAGE, VM_READ, NULL) < 0)
		return -1;
	return vm_memory_complete(m, NULL);
}

static int tear_down(void **state)
{
	vm_memory_destroy(*state);
	free(*state);
	return 0;
}

static void *at(void **state, uint64_t addr, uint64_t len, bool write)
{
	return vm_memory_at(*state, vm_gva(addr), len, write);
}

static void gives_what_the_guest_may_use(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);

	assert_non_null(at(state, DATA, 1, false));
	assert_non_null(at(state, HEXO_TEXT_BASE, PAGE, false));
	assert_non_null(at(state, DATA + PAGE, MEMORY - PAGE, true));
	assert_non_null(at(state, l.pstack_low, STACK, true));
	assert_non_null(at(state, l.frames_low, 4 * STACK, true));
	assert_non_null(at(state, l.nstack_low, STACK, true));
	assert_true((char *)at(state, DATA + 5, 1, false) -
			    (char *)at(state, DATA, 1, false) ==
		    5);
}

static void refuses_all_else(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);

	assert_null(at(state, 0, 1, false));
	assert_null(at(state, HEXO_TABLES_BASE, 1, false));
	assert_null(at(state, HEXO_TABLES_END - 1, 1, false));
	assert_null(at(state, HEXO_FUNCTABLE_BASE, 1, false));
	assert_null(at(state, HEXO_TEXT_BASE + PAGE, 1, false));
	assert_null(at(state, HEXO_CONTROL_BASE, 1, false));
	assert_null(at(state, HEXO_CONTROL_BASE + PAGE, 1, false));
	assert_null(at(state, l.portable_high, 1, false));
	assert_null(at(state, l.pstack_low - 1, 1, false));
	assert_null(at(state, l.nstack_high, 1, false));
	assert_null(at(state, l.end, 1, false));
	assert_null(at(state, HEXO_HC_MMIO, 8, true));
	assert_null(at(state, UINT64_MAX, 1, false));
}

static void a_range_counts_to_its_last_byte(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);

	assert_non_null(at(state, HEXO_TEXT_BASE + PAGE - 8, 8, false));
	assert_null(at(state, HEXO_TEXT_BASE + PAGE - 8, 9, false));
	assert_null(at(state, l.portable_high - 1, 2, true));
	assert_null(at(state, l.pstack_high - 1, 2, true));
	/* From one range over a hole into the next. */
	assert_null(at(state, l.portable_high - 1, HEXO_HOLE + 2, true));
}

static void ranges_do_not_wrap(void **state)
{
	assert_null(at(state, DATA, UINT64_MAX, false));
	assert_null(at(state, DATA, UINT64_MAX - DATA + 2, false));
	assert_null(at(state, UINT64_MAX - 7, 16, false));
	assert_null(at(state, DATA + PAGE, -(DATA + PAGE), true));
}

static void write_needs_permission(void **state)
{
	assert_null(at(state, HEXO_TEXT_BASE, 1, true));
	assert_null(at(state, DATA, 1, true));
	/* Read-only and writable ranges adjoin: all of it must allow. */
	assert_non_null(at(state, DATA, 2 * PAGE, false));
	assert_null(at(state, DATA, 2 * PAGE, true));
}

static void nothing_is_nowhere(void **state)
{
	assert_non_null(at(state, 0, 0, true));
	assert_non_null(at(state, UINT64_MAX, 0, true));
}

static void ranges_must_not_overlap(void **state)
{
	struct vm_memory *m = *state;
	unsigned before = m->ranges;

	assert_int_equal(vm_memory_allow(m, DATA, DATA + PAGE, VM_READ, NULL),
			 -EINVAL);
	assert_int_equal(vm_memory_allow(m, HEXO_TEXT_BASE - PAGE,
					 HEXO_TEXT_BASE + PAGE, VM_READ, NULL),
			 -EINVAL);
	assert_int_equal(vm_memory_allow(m, PAGE, PAGE, VM_READ, NULL),
			 -EINVAL);
	assert_int_equal(vm_memory_allow(m, m->layout.end, m->layout.end + PAGE,
					 VM_READ, NULL),
			 -EINVAL);
	assert_int_equal(m->ranges, before);
	for (unsigned i = 1; i < m->ranges; i++)
		assert_true(m->range[i - 1].high <= m->range[i].low);
}

static void discard_zeroes_just_its_range(void **state)
{
	static const struct {
		uint64_t from, len;
	} cases[] = {
		{ 0, 0 },           { 8, 1 },
		{ 0, PAGE },        { 100, PAGE },
		{ 100, 3 * PAGE },  { PAGE - 1, 2 },
		{ PAGE, 2 * PAGE }, { 1, 4 * PAGE - 2 },
	};
	const uint64_t base = DATA + 16 * PAGE;
	char *p = at(state, base, 4 * PAGE, true);

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		uint64_t from = cases[i].from, len = cases[i].len;

		memset(p, 7, 4 * PAGE);
		assert_int_equal(vm_memory_discard(*state, vm_gva(base + from),
						   len),
				 0);
		for (uint64_t k = 0; k < 4 * PAGE; k++)
			assert_int_equal(p[k],
					 k >= from && k < from + len ? 0 : 7);
	}
	assert_int_equal(vm_memory_discard(*state, vm_gva(DATA), PAGE),
			 -EFAULT);
}

static void touch_gets_its_range_memory(void **state)
{
	const uint64_t base = DATA + 32 * PAGE;
	unsigned char there[4];
	char *p = at(state, base, 4 * PAGE, true);

	madvise(p, 4 * PAGE, MADV_NOHUGEPAGE);
	assert_int_equal(vm_memory_touch(*state, vm_gva(base + 5000), PAGE), 0);
	assert_int_equal(mincore(p, 4 * PAGE, there), 0);
	assert_int_equal(there[0] & 1, 0);
	assert_int_equal(there[1] & 1, 1);
	assert_int_equal(there[2] & 1, 1);
	assert_int_equal(there[3] & 1, 0);
	assert_int_equal(vm_memory_touch(*state, vm_gva(base), 0), 0);
	assert_int_equal(vm_memory_touch(*state, vm_gva(DATA), PAGE), -EFAULT);
}

static void own_addresses_are_guest_addresses(void **state)
{
	struct vm_memory m;
	struct hexo_error err;
	int r = vm_memory_create(&m, MEMORY, STACK, true, &err);

	/* The sanitizer's own memory may be in the way. */
	if (r == -EEXIST)
		skip();
	assert_int_equal(r, 0);
	assert_int_equal(vm_memory_complete(&m, &err), 0);
	assert_ptr_equal(vm_memory_at(&m, vm_gva(DATA), 1, true), (void *)DATA);
	vm_memory_destroy(&m);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(gives_what_the_guest_may_use),
		TEST(refuses_all_else),
		TEST(a_range_counts_to_its_last_byte),
		TEST(ranges_do_not_wrap),
		TEST(write_needs_permission),
		TEST(nothing_is_nowhere),
		TEST(ranges_must_not_overlap),
		TEST(discard_zeroes_just_its_range),
		TEST(touch_gets_its_range_memory),
		cmocka_unit_test(own_addresses_are_guest_addresses),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
