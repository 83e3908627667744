/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/guard.c monitor/memory.c monitor/fetch_guest.c
// LINK: base/base.c base/error.c; -lpthread
/* The log of writes by write protection, with real signals. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "monitor/bits.h"
#include "monitor/dirty.h"
#include "monitor/guard.h"
#include "monitor/memory.h"

#define PAGE   ((uint64_t)HEXO_PAGE_SIZE)
#define CONST  ((uint64_t)HEXO_PORTABLE_BASE)
#define DATA   (CONST + PAGE)
#define MEMORY (UINT64_C(256) << 20)
#define CHURN  (UINT64_C(6) << 20)

static struct {
	struct vm_memory memory;
	struct vm_guard guard;
	uint64_t *bits, words;
	sigjmp_buf refused;
} g;

static void on_write(int sig, siginfo_t *info, void *context)
{
	if (!vm_guard_open(&g.guard, (uint64_t)info->si_addr - g.memory.base))
		siglongjmp(g.refused, 1);
}

static int set_up(void **state)
{
	g.words = (vm_dirty_bit(hexo_layout_make(MEMORY, HEXO_STACK_MIN).end) +
		   63) /
		  64;
	g.bits = base_alloc(g.words * sizeof(*g.bits));
	if (vm_memory_create(&g.memory, MEMORY, HEXO_STACK_MIN, false, NULL) <
		    0 ||
	    vm_memory_allow(&g.memory, CONST, DATA, VM_READ, NULL) < 0 ||
	    vm_memory_complete(&g.memory, NULL) < 0 ||
	    vm_memory_protect(&g.memory, NULL) < 0)
		return -1;
	vm_guard_create(&g.guard, &g.memory);
	return 0;
}

static int tear_down(void **state)
{
	free(g.guard.open);
	vm_memory_destroy(&g.memory);
	free(g.bits);
	return 0;
}

/* cmocka sets handlers of its own before each test. */
static void guard_start(void)
{
	const struct sigaction action = {
		.sa_sigaction = on_write,
		.sa_flags = SA_SIGINFO | SA_NODEFER,
	};

	assert_int_equal(sigaction(SIGSEGV, &action, NULL), 0);
	assert_int_equal(vm_guard_start(&g.guard, NULL), 0);
}

static volatile uint64_t *word(uint64_t addr)
{
	return vm_memory_own(&g.memory, addr);
}

static uint64_t taken(void)
{
	vm_guard_take(&g.guard, g.bits);
	return vm_bits_count(g.bits, 0, g.words * 64);
}

static void each_write_has_its_page(void **state)
{
	const uint64_t stack = g.memory.layout.pstack_high - 8;

	*word(DATA) = 1;
	guard_start();
	assert_int_equal(taken(), 0);
	assert_int_equal(*word(DATA + 3 * PAGE), 0);
	*word(DATA + 3 * PAGE) = 3;
	*word(DATA + 7 * PAGE + 8) = 7;
	*word(stack) = 9;
	assert_int_equal(taken(), 3);
	assert_true(vm_bits_get(g.bits, vm_dirty_bit(DATA + 3 * PAGE)));
	assert_true(vm_bits_get(g.bits, vm_dirty_bit(DATA + 7 * PAGE)));
	assert_true(vm_bits_get(g.bits, vm_dirty_bit(stack)));
	assert_int_equal(taken(), 0);
	*word(DATA + 3 * PAGE) = 4;
	assert_int_equal(taken(), 1);
	vm_guard_stop(&g.guard);
	*word(DATA + 5 * PAGE) = 5;
	guard_start();
	assert_int_equal(taken(), 0);
	assert_int_equal(*word(DATA + 3 * PAGE), 4);
}

static void system_calls_are_refused_until_it_stops(void **state)
{
	int ends[2];

	assert_int_equal(pipe(ends), 0);
	assert_int_equal(write(ends[1], "x", 1), 1);
	guard_start();
	assert_int_equal(read(ends[0], (void *)word(DATA), 1), -1);
	vm_guard_stop(&g.guard);
	assert_int_equal(read(ends[0], (void *)word(DATA), 1), 1);
	close(ends[0]);
	close(ends[1]);
}

static void assert_refused(uint64_t addr)
{
	if (sigsetjmp(g.refused, 1) == 0) {
		*word(addr) = 1;
		fail_msg("a write to 0x%lx went through", addr);
	}
}

static void other_faults_stay_faults(void **state)
{
	guard_start();
	assert_refused(CONST);
	assert_refused(g.memory.layout.portable_high);
	assert_refused(HEXO_TEXT_BASE);
	assert_int_equal(taken(), 0);
	/* Not the program's to send page by page: never protected. */
	*word(g.memory.layout.frames_low) = 1;
	*word(HEXO_CONTROL_BASE) = 1;
	assert_int_equal(taken(), 0);
}

static unsigned mappings(void)
{
	FILE *maps = fopen("/proc/self/maps", "r");
	unsigned n = 0;
	int c;

	assert_non_null(maps);
	while ((c = getc(maps)) != EOF)
		n += c == '\n';
	fclose(maps);
	return n;
}

/* Page by page this would be as many mappings as the guest has pages. */
static void mappings_stay_few(void **state)
{
	unsigned before = mappings();
	uint64_t at, missed = 0;

	guard_start();
	for (at = DATA; at < DATA + MEMORY - 2 * PAGE; at += 2 * PAGE)
		*word(at) = at;
	assert_in_range(mappings() - before, 4096, 20000);
	assert_true(taken() >= MEMORY / PAGE / 2 - 1);
	for (at = DATA; at < DATA + MEMORY - 2 * PAGE; at += 2 * PAGE)
		missed += !vm_bits_get(g.bits, vm_dirty_bit(at));
	assert_int_equal(missed, 0);
	assert_in_range(mappings(), 1, before + 16);
}

static bool churn_over;

/* Writes all the time, to few pages and to many in turn. */
static void *churn(void *arg)
{
	uint64_t random = 1, n;

	for (n = 1; !__atomic_load_n(&churn_over, __ATOMIC_SEQ_CST); n++) {
		uint64_t span = n / 4096 % 2 ? CHURN / PAGE : 16;

		random = random * 6364136223846793005u + 1;
		*word(DATA + (random >> 33) % span * PAGE +
		      (random >> 20) % (PAGE / 8) * 8) = n;
	}
	return NULL;
}

/* What a target would have: pages are copied when they are taken. */
static void copy_taken(char *to, bool all)
{
	uint64_t bit = vm_dirty_bit(DATA);

	if (!all)
		taken();
	for (uint64_t i = 0; i < CHURN / PAGE; i++)
		if (all || vm_bits_get(g.bits, bit + i))
			memcpy(to + i * PAGE, (void *)word(DATA + i * PAGE),
			       PAGE);
}

static void nothing_is_lost_while_it_runs(void **state)
{
	char *copy = base_alloc(CHURN);
	uint64_t until = base_now_ns() + 3000000000;
	pthread_t thread;

	do {
		churn_over = false;
		guard_start();
		assert_int_equal(pthread_create(&thread, NULL, churn, NULL), 0);
		/* Given up, while its faults are still coming. */
		usleep(200);
		vm_guard_stop(&g.guard);
		guard_start();
		copy_taken(copy, true);
		for (int i = 0; i < 30; i++)
			copy_taken(copy, false);
		__atomic_store_n(&churn_over, true, __ATOMIC_SEQ_CST);
		assert_int_equal(pthread_join(thread, NULL), 0);
		copy_taken(copy, false);
		vm_guard_stop(&g.guard);
		assert_memory_equal(copy, (void *)word(DATA), CHURN);
	} while (base_now_ns() < until);
	free(copy);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(each_write_has_its_page),
		TEST(system_calls_are_refused_until_it_stops),
		TEST(other_faults_stay_faults),
		TEST(mappings_stay_few),
		TEST(nothing_is_lost_while_it_runs),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
