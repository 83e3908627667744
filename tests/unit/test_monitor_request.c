/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: ; -llz4 -lpthread
/* Requests that change while the monitor does them. */
#include <pthread.h>

#include "base/base.h"
#include "tests/unit/monitor_job.h"

/* Rewrites a request while the monitor does it, then lets it go on. */
static void *rewriting_home(void *arg)
{
	static const struct {
		struct hexo_msg_io_reply head;
		char data[5];
	} __attribute__((packed)) reply = { { 5 }, "reply" };
	struct job *j = arg;
	struct hexo_hc_io *q =
		vm_memory_at(&j->vm.memory, vm_gva(REQUEST), sizeof(*q), true);

	at_home(j, HEXO_MSG_IO);
	q->op = HEXO_IO_OPS;
	q->in_addr = q->out_addr = OUTSIDE;
	q->in_len = q->out_len = UINT64_MAX;
	send_home(j, HEXO_MSG_IO_REPLY, &reply, sizeof(reply));
	return NULL;
}

static void a_request_is_copied_once(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_io q = { .op = HEXO_IO_READ,
				      .out_addr = BUFFER,
				      .out_len = 5 };
	pthread_t home;

	assert_int_equal(pthread_create(&home, NULL, rewriting_home, j), 0);
	assert_int_equal(CALL(j, HEXO_HC_IO, q), 5);
	pthread_join(home, NULL);
	assert_memory_equal(vm_memory_at(&j->vm.memory, vm_gva(BUFFER), 6,
					 false),
			    "reply", 6);
	assert_int_equal(j->vm.state, VM_RUNNING);
}

struct flipper {
	struct hexo_hc_buffer *request;
	int over; /* atomic */
};

/* Another thread of the guest's, as it were: a request that is good in one
 * moment is bad in the next. */
static void *flip(void *arg)
{
	struct flipper *f = arg;

	while (!__atomic_load_n(&f->over, __ATOMIC_SEQ_CST)) {
		__atomic_store_n(&f->request->addr, OUTSIDE, __ATOMIC_SEQ_CST);
		__atomic_store_n(&f->request->len, UINT64_MAX,
				 __ATOMIC_SEQ_CST);
		__atomic_store_n(&f->request->len, 16, __ATOMIC_SEQ_CST);
		__atomic_store_n(&f->request->addr, BUFFER, __ATOMIC_SEQ_CST);
	}
	return NULL;
}

/* What is outside cannot be touched without ending this process. */
static void a_request_that_changes_all_the_time_is_good_or_refused(void **state)
{
	struct job *j = *state;
	struct flipper f = {
		.request = vm_memory_at(&j->vm.memory, vm_gva(REQUEST),
					sizeof(struct hexo_hc_buffer), true),
	};
	const uint64_t end = base_now_ns() + UINT64_C(20000000000);
	unsigned good = 0, refused = 0;
	pthread_t thread;

	*f.request = (struct hexo_hc_buffer){ 0, BUFFER, 16 };
	assert_int_equal(pthread_create(&thread, NULL, flip, &f), 0);
	while ((good < 2000 || refused < 2000) && base_now_ns() < end) {
		vm_hypercall(&j->vm, HEXO_HC_RANDOM, REQUEST);
		if (f.request->result == 16)
			good++;
		else if (f.request->result == -EFAULT)
			refused++;
		else
			fail_msg("result %ld", (long)f.request->result);
	}
	__atomic_store_n(&f.over, 1, __ATOMIC_SEQ_CST);
	pthread_join(thread, NULL);
	assert_true(good > 0 && refused > 0);
	assert_int_equal(j->vm.state, VM_RUNNING);
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_request_is_copied_once),
		TEST(a_request_that_changes_all_the_time_is_good_or_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
