/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/hypercall.c monitor/fault.c monitor/usage.c monitor/state.c
// LINK: monitor/move.c monitor/ship.c monitor/copy.c monitor/dirty.c
// LINK: monitor/known.c monitor/push.c monitor/fetch.c
// LINK: monitor/fetch_guest.c monitor/link.c monitor/probe.c monitor/elf.c
// LINK: monitor/memory.c monitor/arch/x86-64/isa.c migrate/channel.c
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/hash.c base/base.c base/error.c base/thread.c
// LINK: ; -llz4 -lpthread
#include <unistd.h>

#include "base/base.h"
#include "tests/unit/monitor_job.h"

#include "monitor/arch.h"

static void unknown_numbers_give_enosys(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_event q = { 1 };

	assert_int_equal(CALL(j, HEXO_HC_COUNT, q), -ENOSYS);
	assert_int_equal(CALL(j, UINT32_MAX, q), -ENOSYS);
	assert_int_equal(CALL(j, HEXO_HC_FAULT, q), -ENOSYS);
	assert_int_equal(j->vm.state, VM_RUNNING);
}

static void a_request_outside_of_memory_is_a_fault(void **state)
{
	struct job *j = *state;
	const struct migrate_msg *m;

	vm_hypercall(&j->vm, HEXO_HC_CLOCK, OUTSIDE);
	assert_int_equal(j->vm.state, VM_ENDED);
	m = at_home(j, HEXO_MSG_FAULT);
	assert_int_equal(((struct hexo_msg_usage *)m->data)->status,
			 HEXO_EXIT_SIGNAL + SIGSEGV);
	assert_non_null(strstr((char *)m->data + sizeof(struct hexo_msg_fault),
			       "outside of memory"));
}

static void guest_pointers_out_of_range_or_that_wrap_give_efault(void **state)
{
	static const struct {
		uint64_t addr, len;
	} bad[] = {
		{ OUTSIDE, 16 },
		{ 0, 1 },
		{ HEXO_PORTABLE_BASE - 8, 16 },
		{ HEXO_PORTABLE_BASE + MEMORY - 8, 9 },
		{ HEXO_PORTABLE_BASE, UINT64_MAX },
		{ UINT64_MAX - 7, 16 },
	};
	static const uint32_t numbers[] = { HEXO_HC_RANDOM, HEXO_HC_DISCARD,
					    HEXO_HC_TOUCH };
	struct job *j = *state;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		struct hexo_hc_buffer q = { 0, bad[i].addr, bad[i].len };
		struct hexo_hc_io in = { .op = HEXO_IO_WRITE,
					 .in_addr = bad[i].addr,
					 .in_len = bad[i].len };
		struct hexo_hc_io out = { .op = HEXO_IO_READ,
					  .out_addr = bad[i].addr,
					  .out_len = bad[i].len };

		for (size_t k = 0; k < 3; k++)
			assert_int_equal(CALL(j, numbers[k], q), -EFAULT);
		if (bad[i].len <= HEXO_IO_MAX) {
			assert_int_equal(CALL(j, HEXO_HC_IO, in), -EFAULT);
			assert_int_equal(CALL(j, HEXO_HC_IO, out), -EFAULT);
			assert_int_equal(CALL(j, HEXO_HC_LOG, q),
					 bad[i].addr == HEXO_PORTABLE_BASE
						 ? 0
						 : -EFAULT);
		}
	}
	assert_int_equal(j->vm.state, VM_RUNNING);
	assert_int_equal(migrate_inbox_read(&j->in, j->home, NULL), 0);
}

static void io_sizes_and_numbers_are_checked(void **state)
{
	struct job *j = *state;
	struct hexo_hc_io q = { .op = 0 };

	assert_int_equal(CALL(j, HEXO_HC_IO, q), -ENOSYS);
	q.op = HEXO_IO_OPS;
	assert_int_equal(CALL(j, HEXO_HC_IO, q), -ENOSYS);
	q.op = HEXO_IO_READ;
	q.out_addr = BUFFER;
	q.out_len = HEXO_IO_MAX + 1;
	assert_int_equal(CALL(j, HEXO_HC_IO, q), -EINVAL);
}

static void io_passes_through(void **state)
{
	struct job *j = *state;
	struct {
		struct hexo_msg_io_reply head;
		char data[5];
	} __attribute__((packed)) reply = { { 42 }, "reply" };
	struct hexo_hc_io q = {
		.op = HEXO_IO_STAT,
		.arg = { 1, -2, 3, -4 },
		.in_addr = BUFFER,
		.in_len = 4,
		.out_addr = BUFFER + 100,
		.out_len = 5,
	};
	char *buffer = vm_memory_at(&j->vm.memory, vm_gva(BUFFER), 200, true);
	const struct hexo_hc_io *answer;
	const struct migrate_msg *m;
	const struct hexo_msg_io *msg;

	memcpy(buffer, "path", 4);
	send_home(j, HEXO_MSG_IO_REPLY, &reply, sizeof(reply));
	answer = call(j, HEXO_HC_IO, &q, sizeof(q));
	assert_int_equal(answer->result, 42);
	assert_int_equal(answer->out_used, 5);
	assert_memory_equal(buffer + 100, "reply\0", 6);
	m = at_home(j, HEXO_MSG_IO);
	msg = m->data;
	assert_int_equal(m->len, sizeof(*msg) + 4);
	assert_int_equal(msg->op, HEXO_IO_STAT);
	assert_int_equal(msg->out_len, 5);
	assert_memory_equal(msg->arg, q.arg, sizeof(q.arg));
	assert_memory_equal(msg + 1, "path", 4);
}

static void send_result(struct job *j, int64_t result)
{
	struct hexo_msg_io_reply reply = { result };

	send_home(j, HEXO_MSG_IO_REPLY, &reply, sizeof(reply));
}

static int64_t post(struct job *j, int64_t mark)
{
	const struct hexo_hc_io q = { .op = HEXO_IO_WRITE,
				      .arg = { mark },
				      .in_addr = BUFFER,
				      .in_len = 3 };

	return CALL(j, HEXO_HC_IO_POST, q);
}

static int64_t take(struct job *j, uint64_t n)
{
	const struct hexo_hc_buffer q = { 0, BUFFER, n * sizeof(int64_t) };

	return CALL(j, HEXO_HC_IO_TAKE, q);
}

static void posts_are_answered_in_order(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_io q = { .op = HEXO_IO_FSYNC };
	const struct hexo_hc_park park = { 0 };
	const int64_t *results =
		vm_memory_at(&j->vm.memory, vm_gva(BUFFER), 64, true);

	for (int64_t k = 0; k < 3; k++)
		assert_int_equal(post(j, k), 0);
	assert_int_equal(CALL(j, HEXO_HC_PARK, park), -EBUSY);
	for (int64_t k = 0; k < 3; k++)
		send_result(j, k == 1 ? -ENOSPC : k);
	send_result(j, 42);
	/* Who waits for an operation gets its answer, not an older one's. */
	assert_int_equal(CALL(j, HEXO_HC_IO, q), 42);
	assert_int_equal(take(j, 2), 2 * sizeof(int64_t));
	assert_int_equal(results[0], 0);
	assert_int_equal(results[1], -ENOSPC);
	assert_int_equal(take(j, 2), -EINVAL);
	assert_int_equal(take(j, 1), sizeof(int64_t));
	assert_int_equal(results[0], 2);
	for (int64_t k = 0; k < 3; k++) {
		const struct hexo_msg_io *msg = at_home(j, HEXO_MSG_IO)->data;

		assert_int_equal(msg->arg[0], k);
	}
	assert_int_equal(j->vm.state, VM_RUNNING);
}

static void posts_are_bounded(void **state)
{
	struct job *j = *state;
	struct hexo_hc_io q = { .op = HEXO_IO_READ, .out_addr = BUFFER };
	struct hexo_hc_buffer b = { 0, BUFFER, 1 };

	q.out_len = 1;
	assert_int_equal(CALL(j, HEXO_HC_IO_POST, q), -EINVAL);
	q.out_len = 0;
	q.in_addr = OUTSIDE;
	q.in_len = 1;
	assert_int_equal(CALL(j, HEXO_HC_IO_POST, q), -EFAULT);
	assert_int_equal(CALL(j, HEXO_HC_IO_TAKE, b), -EINVAL);
	b.len = (HEXO_IO_POSTS_MAX + 1) * sizeof(int64_t);
	assert_int_equal(CALL(j, HEXO_HC_IO_TAKE, b), -EINVAL);
	b.addr = OUTSIDE;
	b.len = sizeof(int64_t);
	assert_int_equal(CALL(j, HEXO_HC_IO_TAKE, b), -EFAULT);
	for (int k = 0; k < HEXO_IO_POSTS_MAX; k++)
		assert_int_equal(post(j, k), 0);
	assert_int_equal(post(j, 0), -EBUSY);
	/* Answers that nobody takes do not keep anything else from arriving. */
	for (int k = 0; k < HEXO_IO_POSTS_MAX; k++)
		send_result(j, k);
	send_home(j, HEXO_MSG_PARK, NULL, 0);
	while (!vm_link_park_time(&j->vm.link))
		vm_link_sleep(&j->vm.link, 1000000);
	assert_int_equal(post(j, 0), -EBUSY);
	assert_int_equal(take(j, HEXO_IO_POSTS_MAX),
			 HEXO_IO_POSTS_MAX * sizeof(int64_t));
	assert_int_equal(post(j, 0), 0);
}

static void what_is_read_ahead_ages(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_io q = { .op = HEXO_IO_FSYNC };
	uint64_t begin = base_now_ns(), took;

	__atomic_store_n(&j->vm.control->fresh, 1, __ATOMIC_SEQ_CST);
	send_result(j, 0);
	assert_int_equal(CALL(j, HEXO_HC_IO, q), 0);
	while (__atomic_load_n(&j->vm.control->fresh, __ATOMIC_SEQ_CST) &&
	       base_now_ns() - begin < UINT64_C(30000000000))
		vm_link_sleep(&j->vm.link, 1000000);
	took = base_now_ns() - begin;
	assert_in_range(took, 300000000, 10000000000);
	/* The channel works as before. */
	send_result(j, 7);
	assert_int_equal(CALL(j, HEXO_HC_IO, q), 7);
}

static void an_answer_longer_than_asked_is_refused(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_io q = { .op = HEXO_IO_READ,
				      .out_addr = BUFFER,
				      .out_len = 4 };
	const char reply[sizeof(struct hexo_msg_io_reply) + 5] = { 0 };

	send_home(j, HEXO_MSG_IO_REPLY, reply, sizeof(reply));
	CALL(j, HEXO_HC_IO, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	assert_int_equal(j->vm.failure.code, -EPROTO);
}

static void text_is_made_printable(void **state)
{
	struct job *j = *state;
	const struct hexo_hc_buffer q = { 0, BUFFER, 7 };

	memcpy(vm_memory_at(&j->vm.memory, vm_gva(BUFFER), 7, true),
	       "a\033[2Jb\n", 7);
	assert_int_equal(CALL(j, HEXO_HC_LOG, q), 6);
	assert_string_equal(at_home(j, HEXO_MSG_LOG)->data, "a?[2Jb");
	CALL(j, HEXO_HC_PANIC, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	assert_non_null(strstr((char *)at_home(j, HEXO_MSG_FAULT)->data +
				       sizeof(struct hexo_msg_fault),
			       "guest panic: a?[2Jb"));
}

static void the_boot_block_is_cut_to_fit(void **state)
{
	struct job *j = *state;
	struct hexo_hc_buffer q = { 0, BUFFER, 3 };
	char *to = vm_memory_at(&j->vm.memory, vm_gva(BUFFER), 8, true),
	     b[] = "boot!";

	j->vm.boot = b;
	j->vm.boot_len = 5;
	assert_int_equal(CALL(j, HEXO_HC_BOOT, q), 5);
	assert_memory_equal(to, "boo\0", 4);
	q.len = 100;
	assert_int_equal(CALL(j, HEXO_HC_BOOT, q), 5);
	assert_memory_equal(to, "boot!\0", 6);
}

static void clocks_and_sleep(void **state)
{
	struct job *j = *state;
	struct hexo_hc_clock clock = { .clock = 1 };
	struct hexo_hc_sleep nap = { .ns = 5000000 };
	uint64_t before;

	before = ((struct hexo_hc_clock *)call(j, HEXO_HC_CLOCK, &clock,
					       sizeof(clock)))
			 ->ns;
	assert_int_equal(CALL(j, HEXO_HC_SLEEP, nap), 0);
	assert_true(((struct hexo_hc_clock *)call(j, HEXO_HC_CLOCK, &clock,
						  sizeof(clock)))
			    ->ns >= before + 5000000);
	clock.clock = 3;
	assert_int_equal(CALL(j, HEXO_HC_CLOCK, clock), -EINVAL);
}

static void a_park_request_ends_a_sleep(void **state)
{
	struct job *j = *state;
	struct hexo_hc_sleep nap = { .ns = UINT64_MAX };

	send_home(j, HEXO_MSG_PARK, NULL, 0);
	assert_int_equal(CALL(j, HEXO_HC_SLEEP, nap), -EINTR);
	assert_int_equal(j->vm.control->park_request, 1);
	assert_int_equal(j->vm.control->poll_flag, 1);
}

static void a_probe_ends_at_the_next_poll(void **state)
{
	struct job *j = *state;
	volatile uint32_t *flag = &j->vm.control->poll_flag;
	const struct hexo_msg_probed *p;
	unsigned tries = 5000;

	send_home(j, HEXO_MSG_PROBE, NULL, 0);
	while (!*flag && tries--)
		usleep(1000);
	assert_int_equal(*flag, 1);
	usleep(20000);
	assert_int_equal(j->vm.control->park_request, 0);
	__atomic_add_fetch(&j->vm.control->polls, 1, __ATOMIC_SEQ_CST);
	p = at_home(j, HEXO_MSG_PROBED)->data;
	assert_true(p->wall_ns >= 20000000);
	assert_true(p->cpu_ns < p->wall_ns);
	assert_int_equal(*flag, 0);
}

static void a_probe_ends_with_the_program(void **state)
{
	struct job *j = *state;
	struct hexo_hc_exit q = { .status = 0 };
	volatile uint32_t *flag = &j->vm.control->poll_flag;
	unsigned tries = 5000;

	send_home(j, HEXO_MSG_PROBE, NULL, 0);
	while (!*flag && tries--)
		usleep(1000);
	CALL(j, HEXO_HC_EXIT, q);
	at_home(j, HEXO_MSG_PROBED);
	at_home(j, HEXO_MSG_EXIT);
}

static void size_counts_the_pages_in_use(void **state)
{
	struct job *j = *state;
	uint64_t addr = HEXO_PORTABLE_BASE + MEMORY / 2;
	const struct hexo_msg_sized *s;
	uint64_t before;

	send_home(j, HEXO_MSG_SIZE, NULL, 0);
	s = at_home(j, HEXO_MSG_SIZED)->data;
	before = s->bytes;
	assert_true(before < MEMORY);
	memset(vm_memory_own(&j->vm.memory, addr), 1, 3 * HEXO_PAGE_SIZE);
	send_home(j, HEXO_MSG_SIZE, NULL, 0);
	s = at_home(j, HEXO_MSG_SIZED)->data;
	/* The host may give a huge page. */
	assert_in_range(s->bytes, before + 3 * HEXO_PAGE_SIZE,
			before + HEXO_HUGE_SIZE);
}

static void exit_tells_the_home(void **state)
{
	struct job *j = *state;
	struct hexo_hc_exit q = { .status = 7 };
	const struct hexo_msg_usage *u;

	CALL(j, HEXO_HC_EXIT, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	u = at_home(j, HEXO_MSG_EXIT)->data;
	assert_int_equal(u->status, 7);
	assert_true(u->peak_memory > 0 && u->own_memory > 0);
}

/* The text behind all that a FAULT begins with. */
static const char *fault_text(const struct hexo_msg_fault *f)
{
	return (const char *)(f + 1) + f->stack_len;
}

static void a_raised_signal_is_a_fault(void **state)
{
	struct job *j = *state;
	struct hexo_hc_exit q = { .status = HEXO_EXIT_SIGNAL + SIGABRT };
	const struct hexo_msg_fault *f;

	CALL(j, HEXO_HC_EXIT, q);
	assert_int_equal(j->vm.state, VM_ENDED);
	f = at_home(j, HEXO_MSG_FAULT)->data;
	assert_int_equal(f->usage.status, q.status);
	assert_int_equal(f->registers, 0);
	assert_int_equal(f->stack_len, 0);
	assert_string_equal(fault_text(f),
			    "guest fault: the program raised SIGABRT");
}

static void a_signal_that_ends_is_an_exit(void **state)
{
	struct job *j = *state;
	struct hexo_hc_exit q = { .status = HEXO_EXIT_SIGNAL + SIGTERM };

	CALL(j, HEXO_HC_EXIT, q);
	assert_int_equal(
		((const struct hexo_msg_usage *)at_home(j, HEXO_MSG_EXIT)->data)
			->status,
		q.status);
}

/* The VM faults with the stack pointer there, at pc; what the home gets. */
static const struct hexo_msg_fault *fault_at(struct job *j, uint64_t sp,
					     uint64_t pc, uint64_t caller)
{
	struct vm_fault fault = { VM_CAUSE_ACCESS, VM_ACCESS_ANY, pc, 0,
				  caller };

	j->vm.registers = (struct vm_registers){ .n = 17, .pc = pc };
	j->vm.registers.at[vm_isa.sp] = sp;
	j->vm.registers.at[3] = 33;
	vm_fault(&j->vm, &fault);
	return at_home(j, HEXO_MSG_FAULT)->data;
}

static void registers_and_stack_are_sent(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct job *j = *state;
	const struct hexo_msg_fault *f;

	memset(vm_memory_at(&j->vm.memory, vm_gva(l.nstack_high - 100), 100,
			    true),
	       'x', 100);
	f = fault_at(j, l.nstack_high - 100, 5, 0);
	assert_int_equal(f->registers, 17);
	assert_int_equal(f->reg[3], 33);
	assert_int_equal(f->pc, 5);
	assert_int_equal(f->start, 5);
	assert_int_equal(f->stack, l.nstack_high - 100);
	assert_int_equal(f->stack_len, 100);
	assert_memory_equal(f + 1, "xxxx", 4);
	assert_non_null(strstr(fault_text(f), "guest fault: "));
}

static void a_long_stack_is_cut(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct job *j = *state;

	assert_int_equal(
		fault_at(j, l.nstack_high - (1 << 20), 5, 0)->stack_len,
		HEXO_FAULT_STACK);
}

/* It has overflowed: what there is of it begins at its end. */
static void a_stack_pointer_below_the_stack(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct job *j = *state;
	const struct hexo_msg_fault *f = fault_at(j, l.nstack_low - 64, 5, 0);

	assert_int_equal(f->stack, l.nstack_low);
	assert_int_equal(f->stack_len, HEXO_FAULT_STACK);
}

static void a_stack_pointer_beyond_the_stack(void **state)
{
	struct job *j = *state;

	assert_int_equal(fault_at(j, UINT64_MAX, 5, 0)->stack_len, 0);
}

/* A call of no code: the registers are those of the return. */
static void a_jump_to_nowhere_starts_at_its_caller(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct job *j = *state;
	const struct hexo_msg_fault *f;

	assert_int_equal(vm_memory_allow(&j->vm.memory, HEXO_TEXT_BASE,
					 HEXO_TEXT_BASE + HEXO_PAGE_SIZE,
					 VM_READ | VM_EXEC, NULL),
			 0);
	f = fault_at(j, l.nstack_high - 100, 0, HEXO_TEXT_BASE + 8);
	assert_int_equal(f->pc, 0);
	assert_int_equal(f->start, HEXO_TEXT_BASE + 8);
	assert_int_equal(f->reg[vm_isa.sp], l.nstack_high - 92);
}

static void faults_are_named(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct job *j = *state;
	const struct {
		struct vm_fault fault;
		const char *text;
		int signal;
	} cases[] = {
		{ { VM_CAUSE_ACCESS, VM_ACCESS_READ, 0x1800000, 8, 0 },
		  "guest fault: null pointer read at address 0x8, "
		  "pc 0x1800000",
		  SIGSEGV },
		{ { VM_CAUSE_ACCESS, VM_ACCESS_ANY, 0, 0, 0 },
		  "guest fault: jump to null pointer at address 0x0, pc 0x0",
		  SIGSEGV },
		{ { VM_CAUSE_ACCESS, VM_ACCESS_ANY, 1, l.nstack_low - 8, 0 },
		  "guest fault: stack overflow access at address 0x113ffff8, "
		  "pc 0x1",
		  SIGSEGV },
		{ { VM_CAUSE_ACCESS, VM_ACCESS_WRITE, 1, l.pstack_low - 8, 0 },
		  "guest fault: stack overflow (local variables) write at "
		  "address 0x105ffff8, pc 0x1",
		  SIGSEGV },
		{ { VM_CAUSE_ACCESS, VM_ACCESS_ANY, BUFFER, BUFFER, 0 },
		  "guest fault: jump to data at address 0x10001000, "
		  "pc 0x10001000",
		  SIGSEGV },
		{ { VM_CAUSE_ACCESS, VM_ACCESS_READ, 1, 0x7000000000, 0 },
		  "guest fault: unmapped memory read at address "
		  "0x7000000000, pc 0x1",
		  SIGSEGV },
		{ { VM_CAUSE_DIVISION, 0, 1, 0, 0 },
		  "guest fault: integer division by zero, pc 0x1",
		  SIGFPE },
		{ { VM_CAUSE_ILLEGAL, 0, 1, 0, 0 },
		  "guest fault: illegal instruction, pc 0x1",
		  SIGILL },
	};
	char text[256];

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		assert_int_equal(vm_fault_text(&j->vm.memory, &j->vm.elf,
					       &cases[i].fault, text,
					       sizeof(text)),
				 HEXO_EXIT_SIGNAL + cases[i].signal);
		assert_string_equal(text, cases[i].text);
	}
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(unknown_numbers_give_enosys),
		TEST(a_request_outside_of_memory_is_a_fault),
		TEST(guest_pointers_out_of_range_or_that_wrap_give_efault),
		TEST(io_sizes_and_numbers_are_checked),
		TEST(io_passes_through),
		TEST(posts_are_answered_in_order),
		TEST(posts_are_bounded),
		TEST(what_is_read_ahead_ages),
		TEST(an_answer_longer_than_asked_is_refused),
		TEST(text_is_made_printable),
		TEST(the_boot_block_is_cut_to_fit),
		TEST(clocks_and_sleep),
		TEST(a_park_request_ends_a_sleep),
		TEST(a_probe_ends_at_the_next_poll),
		TEST(a_probe_ends_with_the_program),
		TEST(size_counts_the_pages_in_use),
		TEST(exit_tells_the_home),
		TEST(a_raised_signal_is_a_fault),
		TEST(a_signal_that_ends_is_an_exit),
		TEST(registers_and_stack_are_sent),
		TEST(a_long_stack_is_cut),
		TEST(a_stack_pointer_below_the_stack),
		TEST(a_stack_pointer_beyond_the_stack),
		TEST(a_jump_to_nowhere_starts_at_its_caller),
		TEST(faults_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
