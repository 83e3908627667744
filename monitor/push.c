/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/push.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "monitor/bits.h"
#include "monitor/ship.h"
#include "monitor/vm.h"

enum {
	PUSH_PAGES = 16,             /* in one section */
	PUSH_WINDOW_MIN = 128 << 10, /* bytes under way */
	PUSH_WINDOW_MAX = 4 << 20,
	PUSH_DELAY_NS = 4000000, /* that what is under way may take */
	PUSH_MARK_NS = 5000000,  /* over which speed is measured */
};

void vm_push_begin(struct vm *vm, const struct hexo_msg_ship *order)
{
	const struct vm_memory *m = &vm->memory;
	struct vm_push *p = &vm->push;

	p->todo = vm->copy.todo;
	p->words = vm->dirty.words;
	memset(p->todo, 0, p->words * sizeof(*p->todo));
	for (unsigned i = 0; i < m->ranges; i++) {
		const struct vm_range *g = &m->range[i];

		if (vm_memory_is_program(m, g))
			vm_bits_fill(p->todo, vm_dirty_bit(g->low),
				     (g->high - g->low) / HEXO_PAGE_SIZE, true);
	}
	p->on = true;
	p->rate = order->rate;
	p->next = vm_dirty_bit(m->layout.pstack_low);
	p->began_ns = p->mark_ns = p->sent_ns = base_now_ns();
	p->got = p->mark_got = p->writer.bytes;
	p->window = PUSH_WINDOW_MIN;
	p->probe_ns = p->trip_ns = 0;
}

void vm_push_stop(struct vm *vm)
{
	vm->push.on = false;
}

uint64_t vm_push_due(const struct vm *vm)
{
	const struct vm_push *p = &vm->push;
	uint64_t due = 0;

	if (!p->on || p->writer.bytes - p->got > p->window)
		return UINT64_MAX;
	if (p->rate)
		due = p->began_ns + (uint64_t)((double)p->writer.bytes /
					       (double)p->rate * 1e9);
	return due > base_now_ns() ? due : 0;
}

static int push_end(struct vm *vm, struct hexo_error *err)
{
	struct vm_push *p = &vm->push;
	struct hexo_msg_usage u = { .frames = vm->frames };
	int r = migrate_writer_end(&p->writer, err);

	vm_push_stop(vm);
	if (r < 0)
		return r;
	u.step_ns = base_now_ns() - p->began_ns;
	u.bytes = p->writer.bytes;
	u.plain = p->writer.plain;
	vm_usage(vm, false, &u);
	return vm_link_send(&vm->link, HEXO_MSG_SHIPPED, &u, sizeof(u), err);
}

/* Pages from bit on, the first of which is to be sent, as all of them are, that
 * belong to one range. */
static uint32_t push_count(const struct vm *vm, uint64_t bit, uint64_t max)
{
	const struct vm_push *p = &vm->push;
	const struct vm_range *g =
		vm_memory_find(&vm->memory,
			       HEXO_TABLES_BASE + bit * HEXO_PAGE_SIZE);
	uint64_t end = g ? vm_dirty_bit(g->high) : bit;
	uint64_t count = end - bit < max ? end - bit : max;

	return count ? (uint32_t)vm_bits_run(p->todo, bit, count) : 0;
}

/* Sends at most max pages from bit on. */
static int push_piece(struct vm *vm, uint64_t bit, uint64_t max,
		      struct hexo_error *err)
{
	struct vm_push *p = &vm->push;
	uint64_t addr = HEXO_TABLES_BASE + bit * HEXO_PAGE_SIZE;
	uint32_t n = push_count(vm, bit, VM_SHIP_PIECE_MAX);
	int r;

	/* It was not blocked in writing, but by the window. */
	if (p->writer.packer)
		migrate_packer_waited(p->writer.packer,
				      base_now_ns() - p->sent_ns);
	r = vm_ship_piece(vm, &p->writer, addr, &n, (uint32_t)max, err);
	if (r < 0)
		return r;
	p->sent_ns = base_now_ns();
	vm_bits_fill(p->todo, bit, n, false);
	p->next = bit + n;
	if (!p->probe_ns) {
		p->probe_ns = base_now_ns();
		p->probe_at = p->writer.bytes;
	}
	return 0;
}

int vm_push_step(struct vm *vm, struct hexo_error *err)
{
	struct vm_push *p = &vm->push;
	uint64_t bit;

	if (!vm_bits_find(p->todo, p->words, p->next, &bit))
		return push_end(vm, err);
	return push_piece(vm, bit, PUSH_PAGES, err);
}

int vm_push_need(struct vm *vm, const struct migrate_msg *msg,
		 struct hexo_error *err)
{
	struct hexo_msg_need need;
	const struct vm_range *g;
	uint64_t bit;
	int r = migrate_msg_check(msg, sizeof(need), true, err);

	if (r < 0)
		return r;
	memcpy(&need, msg->data, sizeof(need));
	g = vm_memory_find(&vm->memory, need.addr);
	if (!g || !vm_memory_is_program(&vm->memory, g) ||
	    need.addr % HEXO_PAGE_SIZE)
		return hexo_fail(err, -EPROTO,
				 "NEED message for 0x%" PRIx64
				 ", no page of the program",
				 need.addr);
	bit = vm_dirty_bit(need.addr);
	/* One that was sent already is under way. */
	if (!vm->push.on || !vm_bits_get(vm->push.todo, bit))
		return 0;
	return push_piece(vm, bit, 1, err);
}

/* The link's speed times what a page may wait, but no less than it takes to
 * keep the link busy. */
static void push_measure(struct vm_push *p, uint64_t now)
{
	uint64_t trip, delay;
	double speed;

	if (p->probe_ns && p->got >= p->probe_at) {
		trip = now - p->probe_ns;
		if (!p->trip_ns || trip < p->trip_ns)
			p->trip_ns = trip;
		p->probe_ns = 0;
	}
	if (now - p->mark_ns < PUSH_MARK_NS)
		return;
	speed = (double)(p->got - p->mark_got) / (double)(now - p->mark_ns);
	delay = 2 * p->trip_ns > PUSH_DELAY_NS ? 2 * p->trip_ns : PUSH_DELAY_NS;
	p->window = (uint64_t)(speed * (double)delay);
	if (p->window < PUSH_WINDOW_MIN)
		p->window = PUSH_WINDOW_MIN;
	if (p->window > PUSH_WINDOW_MAX)
		p->window = PUSH_WINDOW_MAX;
	p->mark_ns = now;
	p->mark_got = p->got;
}

int vm_push_got(struct vm *vm, const struct migrate_msg *msg,
		struct hexo_error *err)
{
	struct vm_push *p = &vm->push;
	struct hexo_msg_got got;
	int r = migrate_msg_check(msg, sizeof(got), true, err);

	if (r < 0)
		return r;
	memcpy(&got, msg->data, sizeof(got));
	if (got.bytes > p->writer.bytes || got.bytes < p->got)
		return hexo_fail(err, -EPROTO,
				 "GOT message for %" PRIu64
				 " bytes, sent were %" PRIu64,
				 got.bytes, p->writer.bytes);
	p->got = got.bytes;
	push_measure(p, base_now_ns());
	return 0;
}
