/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A way begins at the function's entry or at a poll, and ends at a poll or at
 * the return. One walk over the blocks in reverse post-order, back edges left
 * out, finds the longest. For the back edges loops are done before, inner
 * ones first: each gives its header what its further iterations cost, and the
 * way from a poll inside to its end, which goes on at the header.
 */
#include "toolchain/pass/pathlen.h"

#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/pass/loops.h"

/* A loop that may have more iterations has no bound worth the name. */
#define TRIPS_MAX (UINT64_C(1) << 24)

/* Bytes that an instruction copies. */
#define COPY_BYTES 16

/* Sums stop here. */
#define MOST (INT64_C(1) << 60)

enum state { NEW, OPEN, DONE };

struct finder {
	const struct callgraph *g;
	struct pathlen *at;
	enum state *state;
};

/* The longest ways to a place: from the start, and from the last poll. */
struct front {
	int64_t start, poll;
};

/* What a loop gives its header. */
struct loop_cost {
	int64_t once;  /* an iteration without a poll */
	int64_t extra; /* all such iterations but the first */
	int64_t tail; /* from the last poll inside to the end of an iteration */
	unsigned size; /* blocks */
};

struct walk {
	struct finder *finder;
	struct loops l;
	struct loop_cost *costs;
	struct front *fronts; /* by block */
	struct pathlen *sum;
	int64_t between; /* from a poll to the next */
};

static void raise(int64_t *most, int64_t way)
{
	if (way > *most)
		*most = way;
}

static int64_t add(int64_t way, int64_t n)
{
	if (way == PATHLEN_NONE || n == PATHLEN_NONE)
		return PATHLEN_NONE;
	return way + n < MOST ? way + n : MOST;
}

static void advance(struct front *f, int64_t n)
{
	f->start = add(f->start, n);
	f->poll = add(f->poll, n);
}

/* Ways end after n more instructions; others begin, or none. */
static void meet_poll(struct walk *w, struct front *f, int64_t n, int64_t next)
{
	raise(&w->sum->head, add(f->start, n));
	raise(&w->between, add(f->poll, n));
	f->poll = next;
}

/* The read of the poll flag: see place_poll(). */
static bool is_poll(LLVMValueRef i)
{
	LLVMValueRef from;

	if (!LLVMIsALoadInst(i) || !LLVMGetVolatile(i))
		return false;
	from = LLVMGetOperand(i, 0);
	return LLVMIsAConstantExpr(from) &&
	       LLVMGetConstOpcode(from) == LLVMIntToPtr &&
	       LLVMConstIntGetZExtValue(LLVMGetOperand(from, 0)) ==
		       HEXO_CONTROL_BASE +
			       offsetof(struct hexo_control, poll_flag);
}

/* What only a poll that is due runs. */
static bool is_slow_path(LLVMBasicBlockRef b)
{
	return ir_calls(LLVMGetFirstInstruction(b), "hexo_poll_due");
}

static bool polls_at_entry(LLVMValueRef f)
{
	ir_each_inst (i, LLVMGetEntryBasicBlock(f)) {
		if (is_poll(i))
			return true;
	}
	return false;
}

static void find_ways(struct finder *finder, unsigned index);

static void pass_known(struct walk *w, struct front *f, unsigned index)
{
	const struct pathlen *p = &w->finder->at[index];
	LLVMValueRef callee = w->finder->g->functions.at[index];

	if (w->finder->state[index] == NEW)
		find_ways(w->finder, index);
	if (w->finder->state[index] == OPEN) {
		/* how deep is not known, nor what all that returns takes */
		w->sum->unknown |= PASS_UNKNOWN_DEPTH;
		if (polls_at_entry(callee)) {
			meet_poll(w, f, 0, 0);
			f->start = PATHLEN_NONE;
		}
		return;
	}
	w->sum->unknown |= p->unknown;
	if (p->head != PATHLEN_NONE) {
		int64_t through = add(f->poll, p->whole);

		meet_poll(w, f, p->head, p->tail);
		raise(&f->poll, through);
		f->start = add(f->start, p->whole);
	} else {
		advance(f, p->whole);
	}
}

static void pass_copy(struct walk *w, struct front *f, LLVMValueRef call)
{
	LLVMValueRef size = LLVMGetOperand(call, 2);
	uint64_t bytes = ir_noted(call, IR_NOTE_BYTES);

	if (LLVMIsAConstantInt(size))
		bytes = LLVMConstIntGetZExtValue(size);
	else if (!bytes)
		w->sum->unknown |= PASS_UNKNOWN_COPY;
	advance(f, (int64_t)(bytes / COPY_BYTES));
}

static bool starts(LLVMValueRef f, const char *prefix)
{
	return !strncmp(ir_name(f), prefix, strlen(prefix));
}

static void pass_call(struct walk *w, struct front *f, LLVMValueRef call)
{
	LLVMValueRef callee = ir_callee(call);
	int index = callee ? ir_map_get(&w->finder->g->index, callee) : -1;

	if (!callee && LLVMIsAInlineAsm(LLVMGetCalledValue(call)))
		return;
	if (!callee)
		w->sum->unknown |= PASS_UNKNOWN_POINTER;
	else if (function_is_poll(callee)) {
		meet_poll(w, f, 0, 0);
		f->start = PATHLEN_NONE;
	} else if (index >= 0)
		pass_known(w, f, (unsigned)index);
	else if (starts(callee, "llvm.mem"))
		pass_copy(w, f, call);
	else if (!ir_is_intrinsic(callee))
		w->sum->unknown |= PASS_UNKNOWN_OUTSIDE;
}

static int64_t cost_of(LLVMValueRef i)
{
	LLVMValueRef f = ir_is_call(i) ? ir_callee(i) : NULL;

	if (LLVMIsAPHINode(i))
		return 0;
	if (f && (starts(f, "llvm.dbg.") || starts(f, "llvm.lifetime.") ||
		  starts(f, "llvm.assume")))
		return 0;
	return 1;
}

static void pass_block(struct walk *w, struct front *f, LLVMBasicBlockRef b)
{
	ir_each_inst (i, b) {
		advance(f, cost_of(i));
		if (is_poll(i)) {
			meet_poll(w, f, 0, 0);
			f->start = PATHLEN_NONE;
		} else if (ir_is_call(i)) {
			pass_call(w, f, i);
		}
	}
}

/* At the header of a loop inside: see struct loop_cost. */
static void enter_loops(struct walk *w, struct front *f, LLVMBasicBlockRef b,
			const struct loop *within)
{
	for (unsigned k = 0; k < w->l.n; k++) {
		const struct loop *loop = &w->l.at[k];

		if (loop->header != b || loop == within)
			continue;
		raise(&f->poll, w->costs[k].tail);
		advance(f, w->costs[k].extra);
	}
}

/* The front at the end of block number from goes on to its successors. */
static void leave_block(struct walk *w, struct front f, unsigned from,
			const struct loop *loop, struct loop_cost *cost)
{
	LLVMBasicBlockRef b = LLVMValueAsBasicBlock(w->l.blocks.at[from]);
	LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

	if (LLVMIsAReturnInst(end) && !loop) {
		raise(&w->sum->whole, f.start);
		raise(&w->sum->tail, f.poll);
	}
	for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
		LLVMBasicBlockRef to = LLVMGetSuccessor(end, k);
		unsigned i = (unsigned)ir_map_get(&w->l.index, to);

		if (loop && to == loop->header) {
			raise(&cost->once, f.start);
			raise(&cost->tail, f.poll);
		} else if (i > from && !is_slow_path(to)) {
			raise(&w->fronts[i].start, f.start);
			raise(&w->fronts[i].poll, f.poll);
		}
	}
}

/* Through a loop once, or through all of the function. */
static void walk(struct walk *w, const struct loop *loop,
		 struct loop_cost *cost)
{
	unsigned first =
		loop ? (unsigned)ir_map_get(&w->l.index, loop->header) : 0;

	w->sum->whole = w->sum->head = w->sum->tail = PATHLEN_NONE;
	w->between = PATHLEN_NONE;
	for (unsigned i = 0; i < w->l.blocks.n; i++)
		w->fronts[i] = (struct front){ PATHLEN_NONE, PATHLEN_NONE };
	w->fronts[first].start = 0;
	for (unsigned i = first; i < w->l.blocks.n; i++) {
		LLVMBasicBlockRef b = LLVMValueAsBasicBlock(w->l.blocks.at[i]);
		struct front f = w->fronts[i];

		if ((loop && !ir_test(loop->body, i)) ||
		    (f.start == PATHLEN_NONE && f.poll == PATHLEN_NONE))
			continue;
		enter_loops(w, &f, b, loop);
		pass_block(w, &f, b);
		leave_block(w, f, i, loop, cost);
	}
}

/* 0: nothing says. */
static uint64_t most_trips(const struct loops *l, const struct loop *loop)
{
	struct loop_count count;
	uint64_t n = loop_counts(l, loop, &count) ? loop_most_trips(&count) : 0;

	return n <= TRIPS_MAX ? n : 0;
}

static void cost_loop(struct walk *w, unsigned k)
{
	struct loop_cost *c = &w->costs[k];
	uint64_t trips = most_trips(&w->l, &w->l.at[k]);

	walk(w, &w->l.at[k], c);
	if (c->once == PATHLEN_NONE)
		return;
	if (!trips)
		w->sum->unknown |= PASS_UNKNOWN_LOOP;
	else if (c->once < MOST / (int64_t)TRIPS_MAX)
		c->extra = c->once * (int64_t)(trips - 1);
	else
		c->extra = trips > 1 ? MOST : 0;
}

/* Inner loops, which have fewer blocks, first. */
static void cost_loops(struct walk *w)
{
	for (unsigned size = 1; size <= w->l.blocks.n; size++)
		for (unsigned k = 0; k < w->l.n; k++)
			if (w->costs[k].size == size)
				cost_loop(w, k);
}

static void begin(struct walk *w, LLVMValueRef f)
{
	loops_find(&w->l, f);
	w->costs = base_alloc(w->l.n * sizeof(w->costs[0]));
	w->fronts = base_alloc(w->l.blocks.n * sizeof(w->fronts[0]));
	for (unsigned k = 0; k < w->l.n; k++) {
		w->costs[k] = (struct loop_cost){ .once = PATHLEN_NONE,
						  .tail = PATHLEN_NONE };
		for (unsigned i = 0; i < w->l.blocks.n; i++)
			w->costs[k].size += ir_test(w->l.at[k].body, i);
	}
	if (w->l.irreducible.n)
		w->sum->unknown |= PASS_UNKNOWN_LOOP;
}

static void find_ways(struct finder *finder, unsigned index)
{
	struct pathlen *sum = &finder->at[index];
	struct walk w = { .finder = finder, .sum = sum };

	finder->state[index] = OPEN;
	begin(&w, finder->g->functions.at[index]);
	cost_loops(&w);
	walk(&w, NULL, NULL);
	sum->longest = w.between;
	raise(&sum->longest, sum->whole);
	raise(&sum->longest, sum->head);
	raise(&sum->longest, sum->tail);
	finder->state[index] = DONE;
	free(w.costs);
	free(w.fronts);
	loops_free(&w.l);
}

struct pathlen *pathlen_find(const struct callgraph *g)
{
	unsigned n = g->functions.n;
	struct finder finder = {
		.g = g,
		.at = base_alloc(n * sizeof(struct pathlen)),
		.state = base_alloc(n * sizeof(enum state)),
	};

	for (unsigned i = 0; i < n; i++)
		if (finder.state[i] == NEW)
			find_ways(&finder, i);
	free(finder.state);
	return finder.at;
}
