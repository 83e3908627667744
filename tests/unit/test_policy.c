/* SPDX-License-Identifier: Apache-2.0 */
// LINK: policy/policy.c policy/paper.c policy/hexo.c policy/heap.c
// LINK: policy/room.c; -lm
/* Decisions in hand-made states, each with its reason; and what must hold in
 * any state. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "policy/policy.h"

#define GIB (UINT64_C(1) << 30)

enum { VMS = 64, NODES = 16, SERVER = 0, BOARD = 1, PICO = 2 };

static struct policy_config config(enum policy_rule rule)
{
	return (struct policy_config){
		.rule = rule,
		.vms_max = VMS,
		.nodes_max = NODES,
		.kinds = 3,
		.stay_s = 10,
		.ahead_s = 60,
		.kind = { { 80, 10, 2 }, { 2, 0.2, 2 }, { 1, 0.1, 1 } },
	};
}

/* Node 0 is a server with 2 slots; 1 and 2 are boards with 2 each. */
static struct policy *cluster(const struct policy_config *c, unsigned boards)
{
	struct policy *p = policy_create(c);
	const struct policy_node server = { SERVER, 2, 64 * GIB };
	const struct policy_node board = { BOARD, 2, 2 * GIB };

	assert_non_null(p);
	policy_node_up(p, 0, &server);
	for (unsigned i = 1; i <= boards; i++)
		policy_node_up(p, i, &board);
	return p;
}

static struct policy_vm job(double slowdown, uint64_t memory)
{
	return (struct policy_vm){
		.memory = memory,
		.slowdown = { 1, slowdown, slowdown * 2 },
		.move_s = 1,
		.score = slowdown * 100,
	};
}

static void add(struct policy *p, uint32_t vm, double slowdown)
{
	const struct policy_vm what = job(slowdown, GIB / 2);

	policy_vm_wait(p, vm, &what);
}

/* Does what is decided at once. */
static void obey(struct policy *p, const struct policy_decision *d, double now)
{
	uint32_t from = policy_vm_node(p, d->vm);

	policy_vm_go(p, d->vm, d->node);
	if (d->action == POLICY_SWAP) {
		policy_vm_go(p, d->other, from);
		policy_vm_run(p, d->other, from, now);
	}
	policy_vm_run(p, d->vm, d->node, now);
}

static void expect(struct policy *p, double now, enum policy_action action,
		   enum policy_reason reason, uint32_t vm, uint32_t node)
{
	struct policy_decision d;

	assert_true(policy_decide(p, now, &d));
	assert_int_equal(d.action, action);
	assert_int_equal(d.reason, reason);
	assert_int_equal(d.vm, vm);
	assert_int_equal(d.node, node);
	obey(p, &d, now);
}

static void expect_nothing(struct policy *p, double now)
{
	struct policy_decision d;

	assert_false(policy_decide(p, now, &d));
}

/* Two jobs run on the server, which takes stay_s. */
static void fill(struct policy *p, double first, double second)
{
	add(p, 0, first);
	add(p, 1, second);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 1, 0);
}

/* ---- all rules ---- */

static void jobs_start_in_their_order(void **state)
{
	const struct policy_config c = config(POLICY_NONE);
	struct policy_vm urgent = job(3, GIB);
	struct policy *p = cluster(&c, 2);

	urgent.priority = 1;
	add(p, 5, 3);
	add(p, 4, 2);
	policy_vm_wait(p, 6, &urgent);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 6, 0);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 5, 0);
	expect_nothing(p, 0);
	assert_int_equal(policy_waiting(p), 1);
	policy_vm_end(p, 6);
	expect(p, 1, POLICY_START, POLICY_SERVER_FREE, 4, 0);
	policy_free(p);
}

static void a_server_that_is_gone_gets_nothing(void **state)
{
	const struct policy_config c = config(POLICY_NONE);
	const struct policy_node server = { SERVER, 2, 64 * GIB };
	struct policy *p = cluster(&c, 0);

	policy_node_down(p, 0);
	add(p, 0, 2);
	expect_nothing(p, 0);
	policy_node_up(p, 0, &server);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	policy_free(p);
}

static void configs_that_make_no_sense_are_refused(void **state)
{
	struct policy_config c = config(POLICY_HEXO);

	c.kinds = POLICY_KINDS_MAX + 1;
	assert_null(policy_create(&c));
	c.kinds = 0;
	assert_null(policy_create(&c));
	c = config(POLICY_HEXO);
	c.vms_max = 0;
	assert_null(policy_create(&c));
	policy_free(NULL);
}

/* ---- the published rule ---- */

static void paper_offloads_the_lowest_score(void **state)
{
	const struct policy_config c = config(POLICY_PAPER);
	struct policy *p = cluster(&c, 1);

	fill(p, 30, 2);
	expect_nothing(p, 9);
	expect(p, 10, POLICY_MOVE, POLICY_SERVERS_BUSY, 1, 1);
	/* A core is free: nothing is offloaded for its own sake. */
	expect_nothing(p, 30);
	add(p, 2, 40);
	expect(p, 30, POLICY_START, POLICY_SERVER_FREE, 2, 0);
	expect(p, 40, POLICY_MOVE, POLICY_SERVERS_BUSY, 0, 1);
	/* It brings nothing back, and the board is full. */
	add(p, 3, 1);
	expect(p, 40, POLICY_START, POLICY_SERVER_FREE, 3, 0);
	expect_nothing(p, 100);
	policy_vm_end(p, 2);
	policy_vm_end(p, 3);
	expect_nothing(p, 200);
	policy_free(p);
}

static void paper_looks_for_memory(void **state)
{
	const struct policy_config c = config(POLICY_PAPER);
	const struct policy_vm large = job(2, 3 * GIB);
	struct policy *p = cluster(&c, 1);

	policy_vm_wait(p, 0, &large);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	add(p, 1, 30);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 1, 0);
	expect(p, 10, POLICY_MOVE, POLICY_SERVERS_BUSY, 1, 1);
	policy_free(p);
}

static void paper_knows_where_jobs_can_be(void **state)
{
	const struct policy_config c = config(POLICY_PAPER);
	struct policy_vm tied = job(2, GIB);
	struct policy *p = cluster(&c, 1);

	tied.slowdown[BOARD] = 0;
	policy_vm_wait(p, 0, &tied);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	policy_vm_wait(p, 1, &tied);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 1, 0);
	expect_nothing(p, 100);
	policy_free(p);
}

/* ---- Hexo's ---- */

static void hexo_gives_boards_what_loses_least(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);

	fill(p, 30, 5);
	add(p, 2, 12);
	add(p, 3, 2.3);
	/* Of the waiting the last one loses least: it starts there. */
	expect(p, 20, POLICY_START, POLICY_SERVERS_BUSY, 3, 1);
	/* Now one that runs does: it goes, and leaves its core. */
	expect(p, 20, POLICY_MOVE, POLICY_SERVERS_BUSY, 1, 1);
	expect(p, 20, POLICY_START, POLICY_SERVER_FREE, 2, 0);
	expect_nothing(p, 20);
	policy_free(p);
}

static void hexo_leaves_a_free_server_its_jobs(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);

	fill(p, 2, 3);
	expect_nothing(p, 100);
	policy_free(p);
}

static void hexo_swaps_for_one_that_loses_less(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);
	struct policy_decision d;

	fill(p, 30, 25);
	add(p, 2, 28);
	add(p, 3, 29);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 3, 1);
	policy_vm_end(p, 0);
	add(p, 4, 2);
	expect(p, 50, POLICY_START, POLICY_SERVER_FREE, 4, 0);
	/* It has to have been there for a while. */
	expect_nothing(p, 59);
	assert_true(policy_wake(p) == 60);
	assert_true(policy_decide(p, 60, &d));
	assert_int_equal(d.action, POLICY_SWAP);
	assert_int_equal(d.reason, POLICY_LOSES_LESS);
	assert_int_equal(d.vm, 4);
	assert_int_equal(d.other, 3);
	assert_int_equal(d.node, 1);
	obey(p, &d, 60);
	assert_int_equal(policy_vm_node(p, 4), 1);
	assert_int_equal(policy_vm_node(p, 3), 0);
	/* Not back and forth. */
	for (double now = 60; now < 1000; now += 5)
		expect_nothing(p, now);
	policy_free(p);
}

static void hexo_swaps_for_one_that_fits(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	const struct policy_vm large = job(2, 3 * GIB);
	struct policy *p = cluster(&c, 1);
	struct policy_decision d;

	/* The first loses least, and is too large for a board. */
	policy_vm_wait(p, 0, &large);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	add(p, 1, 5);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 1, 0);
	add(p, 2, 40);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	assert_true(policy_decide(p, 20, &d));
	assert_int_equal(d.action, POLICY_SWAP);
	assert_int_equal(d.vm, 1);
	assert_int_equal(d.other, 2);
	policy_free(p);
}

static void hexo_does_not_swap_for_little(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);

	fill(p, 10, 10);
	add(p, 2, 11);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	expect_nothing(p, 100);
	policy_free(p);
}

static void hexo_brings_back_what_loses_most(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);

	fill(p, 30, 30);
	add(p, 2, 3);
	add(p, 3, 9);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 3, 1);
	policy_vm_end(p, 0);
	expect(p, 20, POLICY_MOVE, POLICY_COMES_BACK, 3, 0);
	expect_nothing(p, 100);
	policy_vm_end(p, 1);
	expect(p, 100, POLICY_MOVE, POLICY_COMES_BACK, 2, 0);
	policy_free(p);
}

static void hexo_counts_what_a_move_costs(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy_vm heavy = job(4, GIB);
	struct policy *p = cluster(&c, 1);

	heavy.move_s = 50;
	policy_vm_wait(p, 0, &heavy);
	policy_vm_wait(p, 1, &heavy);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 0, 0);
	expect(p, 0, POLICY_START, POLICY_SERVER_FREE, 1, 0);
	/* To start there costs nothing. */
	policy_vm_wait(p, 2, &heavy);
	expect(p, 20, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	policy_vm_end(p, 0);
	/* 45 s are gained in a minute, 50 lost. */
	expect_nothing(p, 100);
	policy_free(p);
}

static void hexo_saves_energy_if_told(void **state)
{
	struct policy_config c = config(POLICY_HEXO);
	struct policy *p;

	/* A board's core draws 12 W: 5 times slower it uses 60 J for what
	 * costs the server 50, idle power included. */
	c.goal = POLICY_ENERGY;
	c.kind[BOARD].core_watts = 12;
	p = cluster(&c, 1);
	fill(p, 5, 5);
	add(p, 2, 5);
	expect_nothing(p, 100);
	add(p, 3, 3);
	expect(p, 100, POLICY_START, POLICY_SERVERS_BUSY, 3, 1);
	policy_free(p);
}

static void hexo_takes_the_kind_that_suits(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	const struct policy_node pico = { PICO, 1, GIB };
	struct policy_vm odd = job(8, GIB / 2);
	struct policy *p = cluster(&c, 1);

	policy_node_up(p, 2, &pico);
	odd.slowdown[PICO] = 3;
	fill(p, 30, 30);
	policy_vm_wait(p, 2, &odd);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 2);
	/* That one cannot run there. */
	odd.slowdown[PICO] = 0;
	policy_vm_wait(p, 3, &odd);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 3, 1);
	policy_free(p);
}

static void what_is_measured_replaces_what_was_predicted(void **state)
{
	const struct policy_config c = config(POLICY_HEXO);
	struct policy *p = cluster(&c, 1);
	struct policy_decision d;

	fill(p, 30, 6);
	add(p, 2, 3);
	expect(p, 0, POLICY_START, POLICY_SERVERS_BUSY, 2, 1);
	expect_nothing(p, 100);
	policy_vm_slowdown(p, 2, BOARD, 20);
	assert_true(policy_decide(p, 100, &d));
	assert_int_equal(d.action, POLICY_SWAP);
	assert_int_equal(d.vm, 1);
	assert_int_equal(d.other, 2);
	policy_free(p);
}

static void reasons_are_words(void **state)
{
	struct policy_decision d = { .reason = POLICY_LOSES_LESS,
				     .loss = 2.3,
				     .other_loss = 29.7 };
	char text[POLICY_TEXT_MAX];

	policy_text(&d, text);
	assert_string_equal(text, "it loses less there (2.3) than the one "
				  "that is there now (29.7)");
}

/* ---- any state ---- */

static uint64_t chance_state = 1;

static uint32_t chance(uint32_t n)
{
	chance_state = chance_state * UINT64_C(6364136223846793005) + 1;
	return (uint32_t)(chance_state >> 33) % n;
}

struct seen {
	struct policy_vm vm[VMS];
	bool known[VMS];
	struct policy_node node[NODES];
};

/* No node has more than it can hold; a swap's two count once. */
static void holds(const struct policy *p, const struct seen *s)
{
	for (uint32_t n = 0; n < NODES; n++) {
		uint64_t memory = 0;
		uint32_t slots = 0;

		for (uint32_t vm = 0; vm < VMS; vm++) {
			if (!s->known[vm] || policy_vm_node(p, vm) != n)
				continue;
			memory += s->vm[vm].memory;
			slots++;
		}
		assert_true(memory <= s->node[n].memory);
		assert_true(slots <= s->node[n].slots);
	}
}

static bool gains(const struct seen *s, const struct policy_decision *d,
		  const struct policy_config *c)
{
	uint32_t board = s->node[d->node].kind;
	const struct policy_vm *vm = &s->vm[d->vm];

	if (d->action == POLICY_SWAP)
		return vm->slowdown[board] < s->vm[d->other].slowdown[board];
	if (d->action == POLICY_MOVE && d->reason == POLICY_COMES_BACK)
		return d->loss > 1;
	return d->action == POLICY_START || vm->move_s < c->ahead_s;
}

static void random_run(enum policy_rule rule)
{
	struct policy_config c = config(rule);
	struct policy *p = policy_create(&c);
	struct seen s = { 0 };
	struct policy_decision d;

	for (uint32_t n = 0; n < NODES; n++) {
		s.node[n] = (struct policy_node){ n < 2 ? SERVER : 1 + n % 2,
						  1 + chance(4),
						  (1 + chance(8)) * GIB };
		policy_node_up(p, n, &s.node[n]);
	}
	for (double now = 0; now < 3000; now++) {
		uint32_t vm = chance(VMS);

		if (s.known[vm] && chance(3) == 0) {
			policy_vm_end(p, vm);
			s.known[vm] = false;
		} else if (!s.known[vm]) {
			s.vm[vm] = job(1 + chance(400) / 10.0,
				       (1 + chance(4096)) * (GIB / 1024));
			s.vm[vm].move_s = chance(100);
			s.known[vm] = true;
			policy_vm_wait(p, vm, &s.vm[vm]);
		}
		for (unsigned i = 0; policy_decide(p, now, &d); i++) {
			assert_true(i < 4 * VMS);
			assert_true(rule != POLICY_HEXO || gains(&s, &d, &c));
			obey(p, &d, now);
			holds(p, &s);
		}
	}
	policy_free(p);
}

static void nothing_is_ever_overfull(void **state)
{
	for (int i = 0; i < 20; i++) {
		random_run(POLICY_NONE);
		random_run(POLICY_PAPER);
		random_run(POLICY_HEXO);
	}
}

static void heaps_keep_their_order(void **state)
{
	struct policy_heap h;
	double key[256];

	assert_true(policy_heap_init(&h, 256));
	for (int i = 0; i < 20000; i++) {
		uint32_t item = chance(256);

		if (chance(3)) {
			key[item] = chance(1000);
			policy_heap_put(&h, item, key[item]);
		} else {
			policy_heap_drop(&h, item);
		}
		for (uint32_t k = 0; i % 100 == 0 && k < 256; k++)
			if (h.at[k] != POLICY_NOBODY)
				assert_true(key[policy_heap_top(&h)] <= key[k]);
	}
	policy_heap_free(&h);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(jobs_start_in_their_order),
		cmocka_unit_test(a_server_that_is_gone_gets_nothing),
		cmocka_unit_test(configs_that_make_no_sense_are_refused),
		cmocka_unit_test(paper_offloads_the_lowest_score),
		cmocka_unit_test(paper_looks_for_memory),
		cmocka_unit_test(paper_knows_where_jobs_can_be),
		cmocka_unit_test(hexo_gives_boards_what_loses_least),
		cmocka_unit_test(hexo_leaves_a_free_server_its_jobs),
		cmocka_unit_test(hexo_swaps_for_one_that_loses_less),
		cmocka_unit_test(hexo_swaps_for_one_that_fits),
		cmocka_unit_test(hexo_does_not_swap_for_little),
		cmocka_unit_test(hexo_brings_back_what_loses_most),
		cmocka_unit_test(hexo_counts_what_a_move_costs),
		cmocka_unit_test(hexo_saves_energy_if_told),
		cmocka_unit_test(hexo_takes_the_kind_that_suits),
		cmocka_unit_test(what_is_measured_replaces_what_was_predicted),
		cmocka_unit_test(reasons_are_words),
		cmocka_unit_test(nothing_is_ever_overfull),
		cmocka_unit_test(heaps_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
