/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both ends of a move. The source keeps the VM as it is, whatever happens
 * to the stream, until the home says RELEASE; the target runs nothing until
 * the home says RUN.
 */
#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "base/base.h"
#include "migrate/stream.h"
#include "monitor/ship.h"
#include "monitor/vm.h"

/* ---- source ---- */

static int put_message(void *ctx, const struct iovec *parts, int count,
		       struct hexo_error *err)
{
	return vm_link_sendv(ctx, HEXO_MSG_STREAM, parts, count, err);
}

/* The stream, or what of it is left after the rounds of a pre-copy. After
 * rounds the VM section that counts has to come, after all that is kept. */
static int ship_stream(struct vm *vm, struct migrate_writer *w,
		       const struct hexo_msg_ship *order, bool rest,
		       struct hexo_error *err)
{
	int r;

	if (rest) {
		w->put = put_message;
		w->ctx = &vm->link;
		vm_dirty_settle(&vm->dirty);
		r = vm_dirty_take(vm, vm->copy.todo, err);
		if (r == 0)
			r = migrate_writer_round(w, err);
	} else {
		r = vm_ship_begin(vm, w, order->keep, order->compress,
				  put_message, &vm->link, err);
	}
	if (r == 0)
		r = vm_ship_memory(vm, w, rest ? vm->copy.todo : NULL, err);
	if (r == 0)
		r = vm_ship_kept(vm, w, err);
	if (r == 0 && (rest || order->keep == HEXO_KEEP_MORE))
		r = vm_ship_state(vm, w, err);
	if (r == 0)
		r = vm_ship_frames(vm, w, err);
	return r < 0 ? r : migrate_writer_end(w, err);
}

/* What a target needs to run; the rest follows by pieces. */
static int ship_first(struct vm *vm, const struct hexo_msg_ship *order,
		      struct hexo_error *err)
{
	struct migrate_writer *w = &vm->push.writer;
	int r;

	/* It may be counting still. */
	(void)vm_copy_finish(&vm->copy);
	r = vm_ship_begin(vm, w, HEXO_KEEP_NONE, order->compress, put_message,
			  &vm->link, err);
	if (r == 0)
		r = vm_ship_frames(vm, w, err);
	if (r == 0)
		r = migrate_writer_later(w, err);
	if (r == 0)
		vm_push_begin(vm, order);
	return r;
}

/* Where what is sent now goes to. Rounds that broke off are no error: COPIED
 * has told the home, and it takes none of what comes. */
static int ship_check_keep(const struct vm *vm, bool rest, uint32_t *keep,
			   struct hexo_error *err)
{
	const uint32_t began = vm->copy.order.keep;

	if (rest)
		*keep = began;
	else if (*keep == HEXO_KEEP_MORE && began == *keep &&
		 !vm_known_is_kept(&vm->known))
		*keep = HEXO_KEEP_NONE;
	return rest ? 0 : vm_ship_check(vm, *keep, err);
}

static int ship_all(struct vm *vm, struct hexo_msg_ship *order,
		    struct hexo_error *err)
{
	struct hexo_msg_usage u = { .frames = vm->frames };
	uint64_t begin = base_now_ns();
	bool rest = vm_copy_finish(&vm->copy);
	struct migrate_writer new_one, *w = rest ? &vm->copy.writer : &new_one;
	int r = ship_check_keep(vm, rest, &order->keep, err);

	if (r == 0)
		r = ship_stream(vm, w, order, rest, err);
	/* To be shipped again, it would have to be all of it. */
	vm_copy_forget(&vm->copy);
	if (r < 0)
		return r;
	u.step_ns = base_now_ns() - begin;
	u.bytes = w->bytes;
	u.plain = w->plain;
	vm_usage(vm, true, &u);
	return vm_link_send(&vm->link, HEXO_MSG_SHIPPED, &u, sizeof(u), err);
}

static int ship(struct vm *vm, const struct migrate_msg *m,
		struct hexo_error *err)
{
	struct hexo_msg_ship order;
	int r = migrate_msg_check(m, sizeof(order), true, err);

	if (r < 0)
		return r;
	memcpy(&order, m->data, sizeof(order));
	/* The home waits for WHOLE before it asks for another move. */
	if (vm_fetch_is_on(&vm->fetch))
		return hexo_fail(err, -EPROTO,
				 "SHIP message while memory is still coming");
	r = vm_step(vm, VM_SHIP, err);
	if (r < 0)
		return r;
	vm_push_stop(vm);
	return order.later ? ship_first(vm, &order, err)
			   : ship_all(vm, &order, err);
}

/* The payload of RESUME and RUN. */
static int poll_message(struct vm *vm, const struct migrate_msg *m,
			struct hexo_error *err)
{
	struct hexo_msg_poll p;
	int r = migrate_msg_check(m, sizeof(p), true, err);

	if (r < 0)
		return r;
	memcpy(&p, m->data, sizeof(p));
	vm->step_begin = base_now_ns();
	vm_poll_set(vm, p.poll_target, p.poll_flag);
	return 0;
}

/* One message for the parked VM. */
static int parked_message(struct vm *vm, const struct migrate_msg *m,
			  struct hexo_error *err)
{
	int r;

	switch (m->type) {
	case HEXO_MSG_SHIP:
		return ship(vm, m, err);
	case HEXO_MSG_NEED:
		return vm_push_need(vm, m, err);
	case HEXO_MSG_GOT:
		return vm_push_got(vm, m, err);
	case HEXO_MSG_RESUME:
		vm_push_stop(vm);
		(void)vm_copy_finish(&vm->copy);
		vm_copy_forget(&vm->copy);
		r = vm_step(vm, VM_RESUME, err);
		return r < 0 ? r : poll_message(vm, m, err);
	case HEXO_MSG_RELEASE:
		return vm_step(vm, VM_RELEASE, err);
	default:
		return hexo_fail(err, -EPROTO, "%s message for a parked VM",
				 migrate_msg_name(m->type));
	}
}

static int parked(struct vm *vm, struct hexo_error *err)
{
	uint64_t asked = vm_link_park_time(&vm->link), now = base_now_ns();
	struct hexo_msg_usage u = { .frames = vm->frames };
	int r = vm_step(vm, VM_PARK, err);

	if (r < 0)
		return r;
	if (asked || vm->step_begin)
		u.step_ns = now - (asked ? asked : vm->step_begin);
	vm->step_begin = 0;
	vm_usage(vm, false, &u);
	r = vm_link_send(&vm->link, HEXO_MSG_PARKED, &u, sizeof(u), err);
	while (r == 0 && vm->state != VM_RESUMING && !vm_is_over(vm)) {
		const struct migrate_msg *m =
			vm_link_take_until(&vm->link, vm_push_due(vm));

		if (m) {
			r = parked_message(vm, m, err);
			vm_link_release(&vm->link);
		} else {
			r = vm_push_step(vm, err);
		}
	}
	return r;
}

void vm_parked(struct vm *vm)
{
	if (parked(vm, &vm->failure) < 0)
		vm_give_up(vm);
}

/* ---- target ---- */

static int receive_vm(void *ctx, const struct hexo_section_vm *s,
		      uint64_t offset, struct hexo_error *err)
{
	const struct hexo_layout *l = &((struct vm *)ctx)->memory.layout;
	struct vm *vm = ctx;

	if (s->memory != l->portable_high - l->portable_low ||
	    s->stack != l->pstack_high - l->pstack_low)
		return hexo_fail(err, -EINVAL,
				 "the stream's VM has %" PRIu64
				 " bytes of memory and %" PRIu64
				 " of stack, this one %" PRIu64 " and %" PRIu64,
				 s->memory, s->stack,
				 l->portable_high - l->portable_low,
				 l->pstack_high - l->pstack_low);
	vm->control->polls = s->polls;
	vm->clock_ns = base_now_ns() - s->monotonic_ns;
	vm->cpu_base = s->cpu_ns - vm_cpu_ns();
	vm->hops = s->hops + 1;
	vm->frames = s->frames;
	vm->frame_bytes = s->frame_bytes;
	return 0;
}

static int receive_pages(void *ctx, uint64_t addr, uint32_t count,
			 const void *data, uint64_t offset,
			 struct hexo_error *err)
{
	struct vm *vm = ctx;
	size_t len = (size_t)count * HEXO_PAGE_SIZE;
	void *to;

	if (vm_fetch_is_on(&vm->fetch))
		return vm_fetch_pages(&vm->fetch, addr, count, data, err);
	to = vm_memory_at(&vm->memory, vm_gva(addr), len, true);
	if (!to)
		return hexo_fail(err, -EINVAL,
				 "migration stream, byte %" PRIu64
				 ": %u pages at 0x%" PRIx64
				 " are not writable in this image",
				 offset, count, addr);
	memcpy(to, data, len);
	return 0;
}

static int receive_zero(void *ctx, uint64_t addr, uint32_t count,
			uint64_t offset, struct hexo_error *err)
{
	struct vm *vm = ctx;

	if (vm_fetch_is_on(&vm->fetch))
		return vm_fetch_pages(&vm->fetch, addr, count, NULL, err);
	if (vm_memory_discard(&vm->memory, vm_gva(addr),
			      (uint64_t)count * HEXO_PAGE_SIZE) < 0)
		return hexo_fail(err, -EINVAL,
				 "%u pages at 0x%" PRIx64
				 " are not writable memory of the program",
				 count, addr);
	return 0;
}

static int receive_later(void *ctx, uint64_t offset, struct hexo_error *err)
{
	struct vm *vm = ctx;

	return vm_fetch_begin(&vm->fetch, err);
}

/* Until END or LATER. The last message is not released: what follows LATER
 * is for the channel's thread. */
static int receive_stream(struct vm *vm, struct hexo_error *err)
{
	struct migrate_reader *reader = &vm->fetch.reader;

	for (;;) {
		const struct migrate_msg *m = vm_link_take(&vm->link);
		int r;

		if (m->type == HEXO_MSG_STREAM)
			r = migrate_reader_feed(reader, m->data, m->len, err);
		else
			r = hexo_fail(err, -EPROTO,
				      "%s message inside the stream",
				      migrate_msg_name(m->type));
		if (r == 0 && migrate_reader_done(reader) && reader->later)
			r = hexo_fail(err, -EPROTO,
				      "post-copy in a single message");
		if (r < 0 || migrate_reader_done(reader) || reader->later)
			return r;
		vm_link_release(&vm->link);
	}
}

static int receive_commit(struct vm *vm, uint64_t begin, struct hexo_error *err)
{
	const struct migrate_reader *reader = &vm->fetch.reader;
	struct hexo_msg_usage u = { .bytes = reader->offset };
	int r = vm_step(vm, VM_COMMIT, err);

	if (r < 0)
		return r;
	u.step_ns = base_now_ns() - begin;
	vm_usage(vm, !reader->later, &u);
	return vm_link_send(&vm->link, HEXO_MSG_COMMIT, &u, sizeof(u), err);
}

int vm_receive(struct vm *vm, struct hexo_error *err)
{
	static const struct migrate_visitor visitor = {
		.vm = receive_vm,
		.pages = receive_pages,
		.zero = receive_zero,
		.later = receive_later,
	};
	struct migrate_reader *reader = &vm->fetch.reader;
	const struct migrate_msg *m;
	uint64_t begin = base_now_ns();
	bool later;
	int r;

	vm->fetch.identity = vm_ship_identity(vm);
	r = migrate_reader_init(reader, &vm->fetch.identity, &visitor, vm, err);
	if (r < 0)
		return r;
	r = receive_stream(vm, err);
	later = reader->later;
	if (r == 0)
		r = receive_commit(vm, begin, err);
	vm_link_release(&vm->link);
	if (!later)
		migrate_reader_free(reader);
	if (r < 0)
		return r;
	m = vm_link_take(&vm->link);
	if (m->type != HEXO_MSG_RUN)
		r = hexo_fail(err, -EPROTO, "%s message where RUN is due",
			      migrate_msg_name(m->type));
	else if ((r = vm_step(vm, VM_RUN, err)) == 0)
		r = poll_message(vm, m, err);
	vm_link_release(&vm->link);
	return r;
}
