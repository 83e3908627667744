/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where values lie in a function's records: after the header and the stack
 * pointer. A value has the same place in all of them, so that the resume clone
 * can reload it without asking which one it has; values that are never live
 * together may share a place. Those of most sites come first: code is shorter
 * where offsets are small.
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/Target.h>
#include <stdlib.h>

#include "base/base.h"
#include "hexo/frame.h"

/*
 * Values times sites beyond which records get one layout and the clone stays
 * unoptimised: rebuilding SSA gives each of them a phi, and LLVM's clean-ups
 * take quadratic time. Such a clone runs only until the resumed call of a
 * very large function returns.
 */
#define LARGE 2000

static uint64_t place(struct frames *fr, LLVMValueRef v, uint64_t *at)
{
	LLVMTypeRef t = LLVMTypeOf(v);
	uint64_t offset =
		ir_align_up(*at, LLVMABIAlignmentOfType(fr->layout, t));

	*at = offset + LLVMABISizeOfType(fr->layout, t);
	return offset;
}

static void add_place(struct frames *fr, struct frame_function *fn,
		      LLVMValueRef v, uint64_t *at)
{
	if (ir_map_get(&fn->places, v) < 0)
		ir_map_put(&fn->places, v, (int)place(fr, v, at));
}

/* Header, stack pointer, then every value that is live at some site or the
 * result of one. */
static void lay_out_large(struct frames *fr, struct frame_function *fn,
			  uint64_t first)
{
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];
		LLVMTypeKind kind = LLVMGetTypeKind(LLVMTypeOf(s->invoke));

		for (unsigned i = 0; i < s->live.n; i++)
			add_place(fr, fn, s->live.at[i], &first);
		if (kind != LLVMVoidTypeKind)
			add_place(fr, fn, s->invoke, &first);
	}
	for (unsigned k = 0; k < fn->n; k++)
		fn->sites[k].size = ir_align_up(first, 16);
}

/* A value, its sites, and what is taken in their records. */
struct item {
	LLVMValueRef v;
	unsigned index, n_sites;
	ir_word *sites;
};

struct shelf {
	struct ir_map index; /* value to its item */
	struct item *items;
	unsigned n;
	uint64_t most;  /* bytes, if nothing shares a place */
	ir_word **used; /* by site, a bit a byte */
	ir_word *taken; /* at any of a value's sites */
};

static void add_item(struct shelf *f, const struct frame_function *fn,
		     LLVMValueRef v, unsigned site)
{
	int i = ir_map_get(&f->index, v);

	if (i < 0) {
		i = (int)f->n++;
		ir_map_put(&f->index, v, i);
		f->items[i] = (struct item){
			.v = v,
			.index = (unsigned)i,
			.sites = base_alloc(ir_words(fn->n) * sizeof(ir_word)),
		};
	}
	f->items[i].n_sites++;
	ir_set(f->items[i].sites, site);
}

static int by_sites(const void *a, const void *b)
{
	const struct item *x = a, *y = b;

	if (x->n_sites != y->n_sites)
		return x->n_sites < y->n_sites ? 1 : -1;
	return x->index < y->index ? -1 : 1;
}

static void fill(struct shelf *f, struct frames *fr,
		 const struct frame_function *fn, unsigned values)
{
	f->items = base_alloc((values + 1) * sizeof(f->items[0]));
	for (unsigned k = 0; k < fn->n; k++)
		for (unsigned i = 0; i < fn->sites[k].live.n; i++)
			add_item(f, fn, fn->sites[k].live.at[i], k);
	for (unsigned i = 0; i < f->n; i++)
		place(fr, f->items[i].v, &f->most);
	f->used = base_alloc((fn->n + 1) * sizeof(f->used[0]));
	for (unsigned k = 0; k < fn->n; k++)
		f->used[k] = base_alloc(ir_words(f->most) * sizeof(ir_word));
	f->taken = base_alloc(ir_words(f->most) * sizeof(ir_word));
	if (f->n)
		qsort(f->items, f->n, sizeof(f->items[0]), by_sites);
}

static bool is_free(const struct shelf *f, uint64_t at, uint64_t size)
{
	for (uint64_t k = at; k < at + size; k++)
		if (ir_test(f->taken, (unsigned)k))
			return false;
	return true;
}

/* The lowest place that is free at all of the value's sites. `first` is where
 * places begin. */
static uint64_t find_place(struct shelf *f, struct frames *fr,
			   const struct frame_function *fn,
			   const struct item *item, uint64_t first)
{
	uint64_t size = LLVMABISizeOfType(fr->layout, LLVMTypeOf(item->v));
	uint64_t at = first, begin, end;
	unsigned words = ir_words(f->most);

	for (unsigned w = 0; w < words; w++) {
		f->taken[w] = 0;
		for (unsigned k = 0; k < fn->n; k++)
			if (ir_test(item->sites, k))
				f->taken[w] |= f->used[k][w];
	}
	do {
		end = at;
		begin = place(fr, item->v, &end);
		at = begin + 1;
	} while (!is_free(f, begin, size));
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];

		if (!ir_test(item->sites, k))
			continue;
		for (uint64_t i = begin; i < end; i++)
			ir_set(f->used[k], (unsigned)i);
		if (s->size < end)
			s->size = end;
	}
	return begin;
}

static void free_shelf(struct shelf *f, const struct frame_function *fn)
{
	for (unsigned i = 0; i < f->n; i++)
		free(f->items[i].sites);
	for (unsigned k = 0; k < fn->n; k++)
		free(f->used[k]);
	free(f->items);
	free(f->used);
	free(f->taken);
	ir_map_free(&f->index);
}

/* The clone reloads everything from whatever record it has: behind a record on
 * the frame stack there is room for that, behind a setjmp's area there is
 * not. */
static void widen_areas(struct frame_function *fn)
{
	uint64_t most = 0;

	for (unsigned k = 0; k < fn->n; k++)
		if (fn->sites[k].size > most)
			most = fn->sites[k].size;
	for (unsigned k = 0; k < fn->n; k++)
		if (fn->sites[k].kind == SITE_SETJMP)
			fn->sites[k].size = most;
}

/* False, and nothing is done, if values take more room than that. */
static bool lay_out(struct frames *fr, struct frame_function *fn,
		    uint64_t first, unsigned values)
{
	struct shelf f = { .most = first };

	fill(&f, fr, fn, values);
	if (f.most > HEXO_FRAME_SLACK) {
		free_shelf(&f, fn);
		return false;
	}
	for (unsigned k = 0; k < fn->n; k++)
		fn->sites[k].size = first;
	for (unsigned i = 0; i < f.n; i++) {
		uint64_t at = find_place(&f, fr, fn, &f.items[i], first);

		ir_map_put(&fn->places, f.items[i].v, (int)at);
	}
	for (unsigned k = 0; k < fn->n; k++)
		fn->sites[k].size = ir_align_up(fn->sites[k].size, 16);
	widen_areas(fn);
	free_shelf(&f, fn);
	return true;
}

void record_lay_out(struct frames *fr, struct frame_function *fn)
{
	uint64_t first = sizeof(struct hexo_frame) + (fn->has_stack ? 8 : 0);
	unsigned values = 0;

	for (unsigned k = 0; k < fn->n; k++)
		values += fn->sites[k].live.n;
	fn->large = values >= LARGE || !lay_out(fr, fn, first, values);
	if (fn->large)
		lay_out_large(fr, fn, first);
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];

		s->offset = base_alloc(s->live.n * sizeof(s->offset[0]));
		for (unsigned i = 0; i < s->live.n; i++)
			s->offset[i] = (uint64_t)ir_map_get(&fn->places,
							    s->live.at[i]);
	}
}
