/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: ; -llz4 -lpthread
/* Post-copy between two VMs without guests; the test is their home. */
#include "tests/unit/monitor_job.h"

#include <pthread.h>
#include <unistd.h>

enum { FIRST = 11, SECOND = 22, GONE = 33 };

/* Both far from what is sent first. */
#define NEEDED  ((uint64_t)HEXO_PORTABLE_BASE + (3 << 20))
#define DROPPED ((uint64_t)HEXO_PORTABLE_BASE + (2 << 20))

static char *at(struct job *j, uint64_t addr)
{
	return vm_memory_own(&j->vm.memory, addr);
}

/* The parked source serves its home. */
static void *source_main(void *arg)
{
	struct hexo_hc_park q = { .frames = 1, .frame_bytes = 32 };

	call(arg, HEXO_HC_PARK, &q, sizeof(q));
	return NULL;
}

struct move {
	struct job *source, *target;
	pthread_t thread;
	bool whole, sent;
	uint64_t needs; /* NEED messages that came by */
};

/* A message from one to the other; true if there was one within ms. */
static bool relay(struct move *m, struct job *from, struct job *to, int ms)
{
	struct hexo_error err;

	if (migrate_inbox_wait(&from->in, from->home, ms, &err) < 0)
		return false;
	switch (from->in.msg.type) {
	case HEXO_MSG_WHOLE:
		m->whole = true;
		break;
	case HEXO_MSG_SHIPPED:
		m->sent = true;
		break;
	case HEXO_MSG_NEED:
		m->needs++;
		/* fall through */
	case HEXO_MSG_GOT:
	case HEXO_MSG_STREAM:
		send_home(to, from->in.msg.type, from->in.msg.data,
			  from->in.msg.len);
		break;
	default:
		fail_msg("%s message", migrate_msg_name(from->in.msg.type));
	}
	return true;
}

/* Up to the target's RUN. What the source sends after LATER waits. */
static void begin_with(struct move *m, struct job *source,
		       enum hexo_compress compress)
{
	const struct hexo_msg_ship order = { .later = 1, .compress = compress };
	const struct hexo_msg_poll poll = { 0 };
	struct hexo_error err;

	*m = (struct move){ .source = source, .target = job_new(VM_RECEIVING) };
	if (m->target->vm.fetch.fd < 0)
		skip();
	*at(source, NEEDED) = FIRST;
	*at(source, DROPPED) = GONE;
	*at(source, source->vm.memory.layout.pstack_high - 1) = SECOND;
	pthread_create(&m->thread, NULL, source_main, source);
	at_home(source, HEXO_MSG_PARKED);
	send_home(source, HEXO_MSG_SHIP, &order, sizeof(order));
	do
		assert_true(relay(m, source, m->target, 5000));
	while (*(uint32_t *)source->in.msg.data != HEXO_SECTION_LATER);
	send_home(m->target, HEXO_MSG_RUN, &poll, sizeof(poll));
	if (vm_receive(&m->target->vm, &err) < 0)
		fail_msg("%s", err.text);
	at_home(m->target, HEXO_MSG_COMMIT);
	assert_int_equal(m->target->vm.state, VM_RESUMING);
	assert_true(vm_fetch_is_on(&m->target->vm.fetch));
}

static void begin(struct move *m, struct job *source)
{
	begin_with(m, source, HEXO_COMPRESS_NEVER);
}

static void end(struct move *m)
{
	while (!m->whole || !m->sent) {
		bool some = relay(m, m->source, m->target, 20);

		some |= relay(m, m->target, m->source, 20);
	}
	send_home(m->source, HEXO_MSG_RELEASE, NULL, 0);
	pthread_join(m->thread, NULL);
	assert_int_equal(m->source->vm.state, VM_RELEASED);
	assert_false(vm_fetch_is_on(&m->target->vm.fetch));
	tear_down((void **)&m->target);
}

static void *reader_main(void *arg)
{
	struct move *m = arg;

	return (void *)(intptr_t)*at(m->target, NEEDED);
}

static void a_page_that_is_needed_comes_at_once(void **state)
{
	struct move m;
	pthread_t reader;
	void *seen;

	begin(&m, *state);
	pthread_create(&reader, NULL, reader_main, &m);
	assert_true(relay(&m, m.target, m.source, 5000));
	assert_int_equal(m.needs, 1);
	end(&m);
	pthread_join(reader, &seen);
	assert_int_equal((intptr_t)seen, FIRST);
	assert_int_equal(m.needs, 1);
}

static void packed_pages_come(void **state)
{
	struct move m;

	begin_with(&m, *state, HEXO_COMPRESS_ALWAYS);
	end(&m);
	assert_int_equal(*at(m.target, NEEDED), FIRST);
	assert_int_equal(*at(m.target,
			     m.target->vm.memory.layout.pstack_high - 1),
			 SECOND);
	assert_true(m.source->vm.push.writer.bytes <
		    m.source->vm.push.writer.plain);
}

static void all_comes_without_being_asked_for(void **state)
{
	struct move m;

	begin(&m, *state);
	end(&m);
	assert_int_equal(m.needs, 0);
	assert_int_equal(*at(m.target, NEEDED), FIRST);
	assert_int_equal(*at(m.target, DROPPED), GONE);
	assert_int_equal(*at(m.target,
			     m.target->vm.memory.layout.pstack_high - 1),
			 SECOND);
}

static void what_was_given_back_stays_zero(void **state)
{
	struct move m;
	struct hexo_hc_buffer q = { .addr = DROPPED, .len = HEXO_PAGE_SIZE };

	begin(&m, *state);
	assert_int_equal(vm_memory_discard(&m.target->vm.memory, vm_gva(q.addr),
					   q.len),
			 0);
	assert_int_equal(*at(m.target, DROPPED), 0);
	end(&m);
	assert_int_equal(*at(m.target, DROPPED), 0);
	assert_int_equal(*at(m.target, NEEDED), FIRST);
}

static void the_source_goes_on_if_it_is_told_to(void **state)
{
	const struct hexo_msg_poll poll = { 0 };
	struct job *source = *state;
	struct move m;

	begin(&m, source);
	send_home(source, HEXO_MSG_RESUME, &poll, sizeof(poll));
	pthread_join(m.thread, NULL);
	assert_int_equal(source->vm.state, VM_RESUMING);
	assert_int_equal(*at(source, NEEDED), FIRST);
	tear_down((void **)&m.target);
}

static void needs_outside_of_the_program_are_refused(void **state)
{
	struct job *source = *state;
	const struct hexo_layout l = source->vm.memory.layout;
	const uint64_t places[] = { 0,
				    HEXO_CONTROL_BASE,
				    l.frames_low,
				    l.portable_high,
				    UINT64_MAX - 4095,
				    NEEDED + 1 };

	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		const struct hexo_msg_need need = { places[i] };
		const struct migrate_msg msg = { HEXO_MSG_NEED, sizeof(need),
						 (void *)&need };
		struct hexo_error err;

		assert_int_equal(vm_push_need(&source->vm, &msg, &err),
				 -EPROTO);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(a_page_that_is_needed_comes_at_once),
		TEST(packed_pages_come),
		TEST(all_comes_without_being_asked_for),
		TEST(what_was_given_back_stays_zero),
		TEST(the_source_goes_on_if_it_is_told_to),
		TEST(needs_outside_of_the_program_are_refused),
	};

	alarm(60);
	return cmocka_run_group_tests(tests, NULL, NULL);
}
