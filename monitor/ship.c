/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/ship.h"

#include <errno.h>
#include <string.h>

#include "monitor/arch.h"
#include "monitor/bits.h"
#include "monitor/usage.h"

struct migrate_identity vm_ship_identity(const struct vm *vm)
{
	const struct hexo_note *n = &vm->elf.note;

	return (struct migrate_identity){
		.build_id = { n->build_id[0], n->build_id[1] },
		.layout_hash = n->layout_hash,
	};
}

int vm_ship_check(const struct vm *vm, uint32_t keep, struct hexo_error *err)
{
	if (keep > HEXO_KEEP_MORE)
		return hexo_fail(err, -EPROTO, "a stream to keep as %u", keep);
	if (keep == HEXO_KEEP_MORE && !vm_known_is_kept(&vm->known))
		return hexo_fail(err, -EPROTO,
				 "more is wanted of a stream that was not "
				 "kept");
	return 0;
}

int vm_ship_begin(struct vm *vm, struct migrate_writer *w, enum hexo_keep keep,
		  uint32_t compress, migrate_put *put, void *ctx,
		  struct hexo_error *err)
{
	const struct migrate_identity id = vm_ship_identity(vm);
	const bool more = keep == HEXO_KEEP_MORE;
	int r;

	if (compress > HEXO_COMPRESS_ALWAYS)
		return hexo_fail(err, -EPROTO, "unknown compression %u",
				 compress);
	vm_known_stop(&vm->known);
	if (more) {
		*w = vm->known.writer;
		w->put = put;
		w->ctx = ctx;
		w->packer = NULL;
		/* What is sent now, not what the file has of it. */
		w->bytes = w->plain = 0;
		r = migrate_writer_round(w, err);
	} else {
		r = migrate_writer_begin(w, &id, put, ctx, err);
		if (r == 0)
			r = vm_ship_state(vm, w, err);
	}
	if (r == 0 && compress != HEXO_COMPRESS_NEVER) {
		w->packer = vm->copy.packer;
		migrate_packer_begin(w->packer, (enum hexo_compress)compress);
	}
	/* Without memory for it the file cannot grow, that is all. */
	if (r == 0 && keep != HEXO_KEEP_NONE)
		(void)vm_known_begin(&vm->known, vm->dirty.words * 64, more);
	return r;
}

int vm_ship_kept(struct vm *vm, const struct migrate_writer *w,
		 struct hexo_error *err)
{
	if (!vm->known.on)
		return 0;
	vm_known_keep(&vm->known, w);
	return vm_link_send(&vm->link, HEXO_MSG_KEPT, NULL, 0, err);
}

int vm_ship_state(struct vm *vm, struct migrate_writer *w,
		  struct hexo_error *err)
{
	const struct hexo_layout *l = &vm->memory.layout;
	const struct hexo_section_vm section = {
		.memory = l->portable_high - l->portable_low,
		.stack = l->pstack_high - l->pstack_low,
		.frames = vm->frames,
		.frame_bytes = vm->frame_bytes,
		.polls = vm->control->polls,
		.monotonic_ns = vm_monotonic_ns(vm),
		.cpu_ns = vm->cpu_base + vm_cpu_ns(),
		.source_isa = vm_isa.isa,
		.hops = vm->hops,
	};

	return migrate_writer_vm(w, &section, err);
}

static bool page_is_zero(const void *page)
{
	const uint64_t *w = page;
	uint64_t any = 0;
	unsigned i;

	for (i = 0; i < HEXO_PAGE_SIZE / sizeof(*w); i++)
		any |= w[i];
	return !any;
}

enum page { PAGE_SKIP, PAGE_DATA, PAGE_ZERO };

/* What is to be done with a page; untouched: it is zero, and not to be looked
 * at. again: it may have been sent before. */
static enum page choose_page(const struct vm *vm, uint64_t addr, bool untouched,
			     bool again)
{
	const void *data = vm_memory_own(&vm->memory, addr);
	const bool on = vm->known.on;

	/* Most are as they were: nothing else is to be read then. */
	if (on && !untouched && vm_known_has(&vm->known, addr, data))
		return PAGE_SKIP;
	if (!untouched && !page_is_zero(data))
		return PAGE_DATA;
	if (on && vm_known_has(&vm->known, addr, NULL))
		return PAGE_SKIP;
	/* Where nothing was sent before, all is zero already. */
	return again || on ? PAGE_ZERO : PAGE_SKIP;
}

/* What is to be done with each of the pages from addr on. */
static void choose(const struct vm *vm, uint64_t addr, unsigned pages,
		   const uint64_t *todo, uint8_t *choice)
{
	unsigned i;

	if (!todo)
		vm_usage_touched(&vm->memory, addr, pages, choice);
	for (i = 0; i < pages; i++) {
		uint64_t bit = vm_dirty_bit(addr) + i;
		bool untouched = !todo && !choice[i];

		choice[i] = PAGE_SKIP;
		if (!todo || vm_bits_get(todo, bit))
			choice[i] =
				choose_page(vm,
					    addr + (uint64_t)i * HEXO_PAGE_SIZE,
					    untouched, todo);
	}
}

static int ship_run(struct vm *vm, struct migrate_writer *w, enum page kind,
		    uint64_t addr, unsigned n, struct hexo_error *err)
{
	static char still[MIGRATE_PAGES_MAX * HEXO_PAGE_SIZE];
	const char *data = vm_memory_own(&vm->memory, addr);

	if (kind == PAGE_ZERO) {
		if (vm->known.on)
			vm_known_note(&vm->known, addr, n, NULL);
		return migrate_writer_zero(w, addr, n, err);
	}
	/* A running guest would change what a checksum was made of. */
	if (vm->state != VM_SHIPPED) {
		memcpy(still, data, (size_t)n * HEXO_PAGE_SIZE);
		data = still;
	}
	if (vm->known.on)
		vm_known_note(&vm->known, addr, n, data);
	return migrate_writer_pages(w, addr, n, data, err);
}

/* [low, high) has VM_TOUCHED_MAX pages at most; they go in runs as long as a
 * section can be. */
static int ship_window(struct vm *vm, struct migrate_writer *w, uint64_t low,
		       uint64_t high, const uint64_t *todo,
		       struct hexo_error *err)
{
	static uint8_t choice[VM_TOUCHED_MAX + 1];
	unsigned pages = (unsigned)((high - low) / HEXO_PAGE_SIZE), i, n = 0;

	choose(vm, low, pages, todo, choice);
	choice[pages] = PAGE_SKIP;
	for (i = 0; i <= pages; i++) {
		uint64_t at = low + (uint64_t)(i - n) * HEXO_PAGE_SIZE;

		if (n &&
		    (choice[i] != choice[i - 1] || n == MIGRATE_PAGES_MAX)) {
			int r = ship_run(vm, w, choice[i - 1], at, n, err);

			if (r < 0)
				return r;
			n = 0;
		}
		n += choice[i] != PAGE_SKIP;
	}
	return 0;
}

static int ship_range(struct vm *vm, struct migrate_writer *w, uint64_t low,
		      uint64_t high, const uint64_t *todo,
		      struct hexo_error *err)
{
	const uint64_t window = VM_TOUCHED_MAX * (uint64_t)HEXO_PAGE_SIZE;
	int r = 0;

	for (; r == 0 && low < high; low += window)
		r = ship_window(vm, w, low,
				high - low < window ? high : low + window, todo,
				err);
	return r;
}

int vm_ship_memory(struct vm *vm, struct migrate_writer *w,
		   const uint64_t *todo, struct hexo_error *err)
{
	const struct vm_memory *m = &vm->memory;
	unsigned i;
	int r = 0;

	for (i = 0; r == 0 && i < m->ranges; i++)
		if (vm_memory_is_program(m, &m->range[i]))
			r = ship_range(vm, w, m->range[i].low, m->range[i].high,
				       todo, err);
	return r;
}

int vm_ship_frames(struct vm *vm, struct migrate_writer *w,
		   struct hexo_error *err)
{
	uint64_t low = vm->memory.layout.frames_low;
	uint64_t high = low + vm->frame_bytes;

	high = (high + HEXO_PAGE_SIZE - 1) & -(uint64_t)HEXO_PAGE_SIZE;
	return ship_range(vm, w, low, high, NULL, err);
}

int vm_ship_piece(struct vm *vm, struct migrate_writer *w, uint64_t addr,
		  uint32_t *count, uint32_t max, struct hexo_error *err)
{
	static uint8_t choice[VM_SHIP_PIECE_MAX];
	unsigned n = 1;

	_Static_assert((unsigned)VM_SHIP_PIECE_MAX <= VM_TOUCHED_MAX,
		       "a piece is chosen at once");
	choose(vm, addr, *count, NULL, choice);
	while (n < *count && choice[n] == choice[0] &&
	       (n < max || choice[0] != PAGE_DATA))
		n++;
	*count = n;
	return ship_run(vm, w, choice[0] == PAGE_DATA ? PAGE_DATA : PAGE_ZERO,
			addr, n, err);
}

static uint64_t count_touched(const struct vm_memory *m, uint64_t low,
			      uint64_t high)
{
	static uint8_t touched[VM_TOUCHED_MAX];
	uint64_t pages = 0;

	while (low < high) {
		uint64_t left = (high - low) / HEXO_PAGE_SIZE;
		unsigned n =
			left < VM_TOUCHED_MAX ? (unsigned)left : VM_TOUCHED_MAX;

		vm_usage_touched(m, low, n, touched);
		for (unsigned i = 0; i < n; i++)
			pages += touched[i];
		low += (uint64_t)n * HEXO_PAGE_SIZE;
	}
	return pages;
}

uint64_t vm_ship_size(const struct vm *vm, const uint64_t *todo)
{
	const struct vm_memory *m = &vm->memory;
	uint64_t pages = 0;

	for (unsigned i = 0; i < m->ranges; i++) {
		const struct vm_range *g = &m->range[i];

		if (!vm_memory_is_program(m, g))
			continue;
		pages += todo ? vm_bits_count(todo, vm_dirty_bit(g->low),
					      (g->high - g->low) /
						      HEXO_PAGE_SIZE)
			      : count_touched(m, g->low, g->high);
	}
	return pages * HEXO_PAGE_SIZE;
}
