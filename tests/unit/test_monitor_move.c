/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: ; -llz4 -lpthread
#include "tests/unit/monitor_job.h"

#include "base/base.h"

static void a_parked_vm_goes_on_when_told(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { .frames = 2, .frame_bytes = 64 };
	const struct hexo_hc_event done = { 0 };
	const struct hexo_msg_poll poll = { .poll_target = 99 };

	send_home(j, HEXO_MSG_RESUME, &poll, sizeof(poll));
	assert_int_equal(CALL(j, HEXO_HC_PARK, q), 0);
	assert_int_equal(j->vm.state, VM_RESUMING);
	assert_int_equal(j->vm.control->poll_target, 99);
	assert_int_equal(j->vm.control->poll_flag, 1);
	at_home(j, HEXO_MSG_PARKED);
	assert_int_equal(CALL(j, HEXO_HC_RESUMED, done), 0);
	assert_int_equal(j->vm.state, VM_RUNNING);
	at_home(j, HEXO_MSG_RUNNING);
}

static void a_park_that_crossed_is_not_served_twice(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { 0 };
	const struct hexo_msg_poll poll = { 0 };

	send_home(j, HEXO_MSG_PARK, NULL, 0);
	send_home(j, HEXO_MSG_RESUME, &poll, sizeof(poll));
	CALL(j, HEXO_HC_PARK, q);
	assert_int_equal(j->vm.control->park_request, 0);
	assert_int_equal(j->vm.control->poll_flag, 0);
}

static void wrong_frame_counts_are_refused(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { .frames = 1, .frame_bytes = 8 };

	assert_int_equal(CALL(j, HEXO_HC_PARK, q), -EINVAL);
	q.frame_bytes = 4 * STACK + 16;
	assert_int_equal(CALL(j, HEXO_HC_PARK, q), -EINVAL);
	q.frame_bytes = 16;
	q.frames = 2;
	assert_int_equal(CALL(j, HEXO_HC_PARK, q), -EINVAL);
	assert_int_equal(j->vm.state, VM_RUNNING);
}

static void orders_that_do_not_belong_end_it(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { 0 };

	send_home(j, HEXO_MSG_RELEASE, NULL, 0);
	CALL(j, HEXO_HC_PARK, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	assert_string_equal(j->vm.failure.text,
			    "cannot release a VM that is parked");
}

/* Ships j's memory; the stream's bytes are relayed to the target. */
static void ship(struct job *j, struct job *target, enum hexo_compress compress)
{
	struct hexo_hc_park q = { .frames = 1, .frame_bytes = 32 };
	const struct hexo_msg_ship order = { .compress = compress };
	const struct hexo_msg_usage *u;

	send_home(j, HEXO_MSG_SHIP, &order, sizeof(order));
	send_home(j, HEXO_MSG_RELEASE, NULL, 0);
	CALL(j, HEXO_HC_PARK, q);
	assert_int_equal(j->vm.failure.code, 0);
	assert_int_equal(j->vm.state, VM_RELEASED);
	at_home(j, HEXO_MSG_PARKED);
	while (migrate_inbox_wait(&j->in, j->home, 5000, NULL) == 0 &&
	       j->in.msg.type == HEXO_MSG_STREAM)
		send_home(target, HEXO_MSG_STREAM, j->in.msg.data,
			  j->in.msg.len);
	assert_int_equal(j->in.msg.type, HEXO_MSG_SHIPPED);
	u = j->in.msg.data;
	if (compress == HEXO_COMPRESS_NEVER)
		assert_int_equal(u->bytes, u->plain);
	else
		assert_true(u->bytes < u->plain / 2);
}

/* Has a parked j send its stream to a file, and go on: kept gets what is kept
 * behind what it has, rest all after that. */
static void save(struct job *j, enum hexo_keep keep, struct base_buffer *kept,
		 struct base_buffer *rest)
{
	struct hexo_hc_park park = { .frames = 1, .frame_bytes = 32 };
	struct hexo_hc_event resumed = { 0 };
	const struct hexo_msg_ship order = { .keep = keep };
	const struct hexo_msg_poll poll = { 0 };
	struct base_buffer *to = kept;

	rest->len = 0;
	send_home(j, HEXO_MSG_SHIP, &order, sizeof(order));
	send_home(j, HEXO_MSG_RESUME, &poll, sizeof(poll));
	CALL(j, HEXO_HC_PARK, park);
	assert_int_equal(j->vm.failure.code, 0);
	CALL(j, HEXO_HC_RESUMED, resumed);
	at_home(j, HEXO_MSG_PARKED);
	while (migrate_inbox_wait(&j->in, j->home, 5000, NULL) == 0 &&
	       j->in.msg.type != HEXO_MSG_SHIPPED)
		if (j->in.msg.type == HEXO_MSG_STREAM)
			base_buffer_add(to, j->in.msg.data, j->in.msg.len);
		else if (j->in.msg.type == HEXO_MSG_KEPT && to == kept)
			to = rest;
		else
			fail_msg("%s message",
				 migrate_msg_name(j->in.msg.type));
	assert_ptr_equal(to, rest);
	at_home(j, HEXO_MSG_RUNNING);
}

/* A fresh VM that has taken in what the two have. */
static struct job *restored(const struct base_buffer *kept,
			    const struct base_buffer *rest)
{
	struct job *target = job_new(VM_RECEIVING);
	const struct hexo_msg_poll poll = { 0 };
	struct hexo_error err;

	send_home(target, HEXO_MSG_STREAM, kept->data, kept->len);
	send_home(target, HEXO_MSG_STREAM, rest->data, rest->len);
	send_home(target, HEXO_MSG_RUN, &poll, sizeof(poll));
	if (vm_receive(&target->vm, &err) < 0)
		fail_msg("%s", err.text);
	return target;
}

static char *page_of(struct job *j, unsigned number)
{
	return vm_memory_own(&j->vm.memory,
			     BUFFER + (uint64_t)number * HEXO_PAGE_SIZE);
}

static void a_file_gets_what_differs(void **state)
{
	static const char first[] = { 1, 2, 3, 0, 0 };
	static const char second[] = { 4, 0, 3, 0, 5 };
	struct base_buffer kept = { 0 }, rest = { 0 };
	struct job *j = *state, *target;
	size_t before;

	for (unsigned i = 0; i < sizeof(first); i++)
		*page_of(j, i) = first[i];
	save(j, HEXO_KEEP_NEW, &kept, &rest);
	before = kept.len;
	target = restored(&kept, &rest);
	for (unsigned i = 0; i < sizeof(first); i++)
		assert_int_equal(*page_of(target, i), first[i]);
	for (unsigned i = 0; i < sizeof(first); i++)
		*page_of(j, i) = second[i];
	assert_int_equal(vm_memory_discard(&j->vm.memory,
					   vm_gva(BUFFER + HEXO_PAGE_SIZE),
					   HEXO_PAGE_SIZE),
			 0);
	save(j, HEXO_KEEP_MORE, &kept, &rest);
	/* Two of these, and that of the hypercalls. */
	assert_in_range(kept.len - before, 2 * HEXO_PAGE_SIZE,
			4 * HEXO_PAGE_SIZE);
	target = restored(&kept, &rest);
	for (unsigned i = 0; i < sizeof(second); i++)
		assert_int_equal(*page_of(target, i), second[i]);
	base_buffer_free(&kept);
	base_buffer_free(&rest);
}

static void other_streams_change_nothing_of_it(void **state)
{
	struct base_buffer kept = { 0 }, rest = { 0 };
	struct job *j = *state, *target;
	struct hexo_hc_park park = { .frames = 1, .frame_bytes = 32 };
	struct hexo_hc_event resumed = { 0 };
	const struct hexo_msg_ship order = { 0 };
	const struct hexo_msg_poll poll = { 0 };

	*page_of(j, 0) = 1;
	save(j, HEXO_KEEP_NEW, &kept, &rest);
	*page_of(j, 0) = 2;
	send_home(j, HEXO_MSG_SHIP, &order, sizeof(order));
	send_home(j, HEXO_MSG_RESUME, &poll, sizeof(poll));
	CALL(j, HEXO_HC_PARK, park);
	CALL(j, HEXO_HC_RESUMED, resumed);
	while (migrate_inbox_wait(&j->in, j->home, 5000, NULL) == 0 &&
	       j->in.msg.type != HEXO_MSG_RUNNING)
		assert_int_not_equal(j->in.msg.type, HEXO_MSG_KEPT);
	save(j, HEXO_KEEP_MORE, &kept, &rest);
	target = restored(&kept, &rest);
	assert_int_equal(*page_of(target, 0), 2);
	base_buffer_free(&kept);
	base_buffer_free(&rest);
}

static void more_needs_what_was_kept(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { 0 };
	const struct hexo_msg_ship order = { .keep = HEXO_KEEP_MORE };

	send_home(j, HEXO_MSG_SHIP, &order, sizeof(order));
	CALL(j, HEXO_HC_PARK, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	assert_non_null(strstr(j->vm.failure.text, "was not kept"));
}

static void memory_moves(void **state, enum hexo_compress compress)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	const uint64_t places[] = { BUFFER + 5, l.portable_high - 1,
				    l.pstack_high - 8, l.frames_low,
				    l.portable_low + (2 << 20) };
	const struct hexo_msg_poll poll = { .poll_target = 5 };
	struct job *j = *state, *target = job_new(VM_RECEIVING);
	struct hexo_error err;
	uint64_t clock;

	for (size_t i = 0; i < 5; i++)
		*(char *)vm_memory_at(&j->vm.memory, vm_gva(places[i]), 1,
				      true) = (char)(i + 1);
	j->vm.control->polls = 1234;
	clock = vm_monotonic_ns(&j->vm);
	ship(j, target, compress);
	send_home(target, HEXO_MSG_RUN, &poll, sizeof(poll));
	assert_int_equal(vm_receive(&target->vm, &err), 0);
	assert_int_equal(target->vm.state, VM_RESUMING);
	at_home(target, HEXO_MSG_COMMIT);
	for (size_t i = 0; i < 5; i++)
		assert_int_equal(*(char *)vm_memory_at(&target->vm.memory,
						       vm_gva(places[i]), 1,
						       false),
				 i + 1);
	assert_int_equal(target->vm.control->polls, 1234);
	assert_int_equal(target->vm.control->poll_target, 5);
	assert_int_equal(target->vm.hops, 1);
	assert_true(vm_monotonic_ns(&target->vm) >= clock);
	tear_down((void **)&target);
}

static void memory_moves_as_it_is(void **state)
{
	memory_moves(state, HEXO_COMPRESS_NEVER);
}

static void memory_moves_packed(void **state)
{
	memory_moves(state, HEXO_COMPRESS_ALWAYS);
}

static void unknown_compression_is_refused(void **state)
{
	struct job *j = *state;
	struct hexo_hc_park q = { 0 };
	const struct hexo_msg_ship order = { .compress = 3 };

	send_home(j, HEXO_MSG_SHIP, &order, sizeof(order));
	CALL(j, HEXO_HC_PARK, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	assert_string_equal(j->vm.failure.text, "unknown compression 3");
}

static void another_images_memory_is_refused(void **state)
{
	struct job *j = *state, *target = job_new(VM_RECEIVING);
	struct hexo_error err;

	target->vm.elf.note.build_id[0] = 1;
	ship(j, target, HEXO_COMPRESS_NEVER);
	assert_int_equal(vm_receive(&target->vm, &err), -EPROTO);
	assert_non_null(strstr(err.text, "another build"));
	assert_int_equal(target->vm.state, VM_RECEIVING);
	tear_down((void **)&target);
}

static void a_target_runs_only_after_run(void **state)
{
	struct job *j = *state, *target = job_new(VM_RECEIVING);
	struct hexo_error err;

	ship(j, target, HEXO_COMPRESS_NEVER);
	send_home(target, HEXO_MSG_RELEASE, NULL, 0);
	assert_int_equal(vm_receive(&target->vm, &err), -EPROTO);
	assert_int_equal(target->vm.state, VM_COMMITTED);
	tear_down((void **)&target);
}

static void only_these_steps_exist(void **state)
{
	static const struct {
		enum vm_state from;
		enum vm_event event;
		enum vm_state to;
	} steps[] = {
		{ VM_NEW, VM_START, VM_RUNNING },
		{ VM_NEW, VM_RECEIVE, VM_RECEIVING },
		{ VM_RECEIVING, VM_COMMIT, VM_COMMITTED },
		{ VM_COMMITTED, VM_RUN, VM_RESUMING },
		{ VM_RUNNING, VM_PARK, VM_PARKED },
		{ VM_RUNNING, VM_END, VM_ENDED },
		{ VM_PARKED, VM_SHIP, VM_SHIPPED },
		{ VM_PARKED, VM_RESUME, VM_RESUMING },
		{ VM_SHIPPED, VM_SHIP, VM_SHIPPED },
		{ VM_SHIPPED, VM_RESUME, VM_RESUMING },
		{ VM_SHIPPED, VM_RELEASE, VM_RELEASED },
		{ VM_RESUMING, VM_RESUMED, VM_RUNNING },
		{ VM_RESUMING, VM_END, VM_ENDED },
	};
	unsigned allowed = 0;

	for (unsigned s = 0; s < VM_STATES; s++)
		for (unsigned e = 0; e < VM_EVENTS; e++) {
			struct vm vm = { .state = s };
			int r = vm_step(&vm, e, NULL);

			allowed += r == 0;
			if (r < 0)
				assert_int_equal(vm.state, s);
		}
	for (size_t i = 0; i < sizeof(steps) / sizeof(steps[0]); i++) {
		struct vm vm = { .state = steps[i].from };

		assert_int_equal(vm_step(&vm, steps[i].event, NULL), 0);
		assert_int_equal(vm.state, steps[i].to);
	}
	assert_int_equal(allowed, sizeof(steps) / sizeof(steps[0]));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_parked_vm_goes_on_when_told),
		TEST(a_park_that_crossed_is_not_served_twice),
		TEST(wrong_frame_counts_are_refused),
		TEST(orders_that_do_not_belong_end_it),
		TEST(memory_moves_as_it_is),
		TEST(memory_moves_packed),
		TEST(unknown_compression_is_refused),
		TEST(a_file_gets_what_differs),
		TEST(other_streams_change_nothing_of_it),
		TEST(more_needs_what_was_kept),
		TEST(another_images_memory_is_refused),
		TEST(a_target_runs_only_after_run),
		cmocka_unit_test(only_these_steps_exist),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
