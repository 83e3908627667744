/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/loops.h"

#include <stdlib.h>

#include "base/base.h"

struct finder {
	struct loops *l;
	unsigned n;
	unsigned *idom;        /* by index; n: not yet known */
	struct ir_list *preds; /* by index */
};

static LLVMBasicBlockRef block_at(const struct ir_list *list, unsigned i)
{
	return LLVMValueAsBasicBlock(list->at[i]);
}

static unsigned index_of(const struct finder *f, LLVMValueRef block)
{
	return (unsigned)ir_map_get(&f->l->index, LLVMValueAsBasicBlock(block));
}

/* Blocks reachable from the entry, in reverse post-order. */
static void order_blocks(struct loops *l, LLVMValueRef function)
{
	struct visit {
		LLVMValueRef end;
		unsigned next;
	} *stack = NULL;
	unsigned depth = 0, room = 0;
	struct ir_map seen = { 0 };
	struct ir_list post = { 0 };
	LLVMBasicBlockRef b = LLVMGetEntryBasicBlock(function);

	for (;;) {
		struct visit *top;

		if (b) {
			ir_map_put(&seen, b, 1);
			if (depth == room) {
				room = room ? 2 * room : 64;
				stack = base_realloc(stack,
						     room * sizeof(*stack));
			}
			stack[depth++] =
				(struct visit){ LLVMGetBasicBlockTerminator(b),
						0 };
		}
		if (!depth)
			break;
		top = &stack[depth - 1];
		if (top->next == LLVMGetNumSuccessors(top->end)) {
			b = LLVMGetInstructionParent(top->end);
			ir_list_add(&post, LLVMBasicBlockAsValue(b));
			depth--;
			b = NULL;
			continue;
		}
		b = LLVMGetSuccessor(top->end, top->next++);
		if (ir_map_get(&seen, b) >= 0)
			b = NULL;
	}
	for (unsigned i = post.n; i-- > 0;) {
		ir_map_put(&l->index, block_at(&post, i), (int)l->blocks.n);
		ir_list_add(&l->blocks, post.at[i]);
	}
	free(stack);
	ir_map_free(&seen);
	ir_list_free(&post);
}

static unsigned intersect(const struct finder *f, unsigned a, unsigned b)
{
	while (a != b) {
		while (a > b)
			a = f->idom[a];
		while (b > a)
			b = f->idom[b];
	}
	return a;
}

static void find_dominators(struct finder *f)
{
	bool changed = true;

	for (unsigned i = 0; i < f->n; i++) {
		LLVMValueRef end =
			LLVMGetBasicBlockTerminator(block_at(&f->l->blocks, i));

		f->idom[i] = f->n;
		for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
			LLVMBasicBlockRef to = LLVMGetSuccessor(end, k);

			ir_list_add(&f->preds[ir_map_get(&f->l->index, to)],
				    f->l->blocks.at[i]);
		}
	}
	f->idom[0] = 0;
	while (changed) {
		changed = false;
		for (unsigned i = 1; i < f->n; i++) {
			unsigned dom = f->n;

			for (unsigned k = 0; k < f->preds[i].n; k++) {
				unsigned p = index_of(f, f->preds[i].at[k]);

				if (f->idom[p] == f->n)
					continue;
				dom = dom == f->n ? p : intersect(f, p, dom);
			}
			changed |= f->idom[i] != dom;
			f->idom[i] = dom;
		}
	}
}

static bool dominates(const struct finder *f, unsigned a, unsigned b)
{
	while (b > a)
		b = f->idom[b];
	return a == b;
}

static struct loop *loop_with_header(struct finder *f, unsigned header)
{
	struct loops *l = f->l;
	LLVMBasicBlockRef b = block_at(&l->blocks, header);

	for (unsigned i = 0; i < l->n; i++)
		if (l->at[i].header == b)
			return &l->at[i];
	l->at = base_realloc(l->at, (l->n + 1) * sizeof(l->at[0]));
	l->at[l->n] = (struct loop){
		.header = b,
		.body = base_alloc(ir_words(f->n) * sizeof(ir_word)),
	};
	ir_set(l->at[l->n].body, header);
	return &l->at[l->n++];
}

static void add_body(const struct finder *f, struct loop *loop, unsigned latch)
{
	struct ir_list work = { 0 };

	ir_list_add(&work, f->l->blocks.at[latch]);
	while (work.n) {
		unsigned i = index_of(f, work.at[--work.n]);

		if (ir_test(loop->body, i))
			continue;
		ir_set(loop->body, i);
		for (unsigned k = 0; k < f->preds[i].n; k++)
			ir_list_add(&work, f->preds[i].at[k]);
	}
	ir_list_free(&work);
}

void loops_find(struct loops *l, LLVMValueRef function)
{
	struct finder f = { .l = l };

	*l = (struct loops){ 0 };
	order_blocks(l, function);
	f.n = l->blocks.n;
	f.idom = base_alloc(f.n * sizeof(f.idom[0]));
	f.preds = base_alloc(f.n * sizeof(f.preds[0]));
	find_dominators(&f);
	for (unsigned h = 0; h < f.n; h++) {
		for (unsigned k = 0; k < f.preds[h].n; k++) {
			unsigned p = index_of(&f, f.preds[h].at[k]);
			struct loop *loop;

			if (p < h)
				continue;
			if (!dominates(&f, h, p)) {
				ir_list_add(&l->irreducible, l->blocks.at[p]);
				continue;
			}
			loop = loop_with_header(&f, h);
			ir_list_add(&loop->latches, l->blocks.at[p]);
			add_body(&f, loop, p);
		}
	}
	for (unsigned a = 0; a < l->n; a++)
		for (unsigned b = 0; b < l->n; b++)
			if (a != b && loop_has(l, &l->at[a], l->at[b].header))
				l->at[a].has_inner = true;
	for (unsigned i = 0; i < f.n; i++)
		ir_list_free(&f.preds[i]);
	free(f.preds);
	free(f.idom);
}

void loops_free(struct loops *l)
{
	for (unsigned i = 0; i < l->n; i++) {
		ir_list_free(&l->at[i].latches);
		free(l->at[i].body);
	}
	free(l->at);
	ir_list_free(&l->blocks);
	ir_list_free(&l->irreducible);
	ir_map_free(&l->index);
}

/* The loop's one exit is the latch's: nothing else inside leaves it. */
static bool exits_only_at(const struct loops *l, const struct loop *loop,
			  LLVMBasicBlockRef latch)
{
	for (unsigned i = 0; i < l->blocks.n; i++) {
		LLVMBasicBlockRef b = block_at(&l->blocks, i);
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (!ir_test(loop->body, i) || b == latch)
			continue;
		if (!LLVMGetNumSuccessors(end))
			return false;
		for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++)
			if (!loop_has(l, loop, LLVMGetSuccessor(end, k)))
				return false;
	}
	return true;
}

static bool is_invariant(const struct loops *l, const struct loop *loop,
			 LLVMValueRef v)
{
	return !LLVMIsAInstruction(v) ||
	       !loop_has(l, loop, LLVMGetInstructionParent(v));
}

/* next = iv + constant, iv a phi of the header. */
static bool is_step(const struct loop *loop, LLVMValueRef next,
		    struct loop_count *count)
{
	LLVMValueRef iv, step;

	if (!LLVMIsAInstruction(next) ||
	    LLVMGetInstructionOpcode(next) != LLVMAdd)
		return false;
	iv = LLVMGetOperand(next, 0);
	step = LLVMGetOperand(next, 1);
	if (!LLVMIsAPHINode(iv) || !LLVMIsAConstantInt(step) ||
	    LLVMGetInstructionParent(iv) != loop->header)
		return false;
	count->iv = iv;
	count->next = next;
	count->step = LLVMConstIntGetSExtValue(step);
	return count->step != 0;
}

bool loop_counts(const struct loops *l, const struct loop *loop,
		 struct loop_count *count)
{
	LLVMValueRef end, compare;
	LLVMIntPredicate predicate;
	unsigned back;

	if (loop->latches.n != 1)
		return false;
	count->latch = block_at(&loop->latches, 0);
	end = LLVMGetBasicBlockTerminator(count->latch);
	if (LLVMGetInstructionOpcode(end) != LLVMBr || !LLVMIsConditional(end))
		return false;
	back = LLVMGetSuccessor(end, 0) == loop->header ? 0 : 1;
	count->exit = LLVMGetSuccessor(end, 1 - back);
	compare = LLVMGetCondition(end);
	if (loop_has(l, loop, count->exit) || !LLVMIsAICmpInst(compare) ||
	    !exits_only_at(l, loop, count->latch))
		return false;
	predicate = LLVMGetICmpPredicate(compare);
	if (predicate != (back == 0 ? LLVMIntNE : LLVMIntEQ))
		return false;
	for (unsigned k = 0; k < 2; k++) {
		LLVMValueRef limit = LLVMGetOperand(compare, k);

		if (!is_invariant(l, loop, limit) ||
		    !is_step(loop, LLVMGetOperand(compare, 1 - k), count) ||
		    LLVMGetIntTypeWidth(LLVMTypeOf(limit)) > 64)
			continue;
		count->compare = compare;
		count->limit = limit;
		count->limit_operand = k;
		return true;
	}
	return false;
}

void loop_note_trips(LLVMBasicBlockRef latch, uint64_t n)
{
	ir_note(LLVMGetBasicBlockTerminator(latch), IR_NOTE_TRIPS, n);
}

/* However it starts and ends: it cannot step on more values than its type
 * has. */
static uint64_t type_trips(const struct loop_count *count)
{
	unsigned width = LLVMGetIntTypeWidth(LLVMTypeOf(count->iv));
	uint64_t step = count->step < 0 ? -(uint64_t)count->step
					: (uint64_t)count->step;
	uint64_t trips = (UINT64_MAX >> (64 - width)) / step;

	return trips < UINT64_MAX ? trips + 1 : 0;
}

/* From 0 in steps of 1 up to x & constant, as the iterations are that an
 * unrolled loop leaves over; 0: another kind. */
static uint64_t masked_trips(const struct loop_count *count, LLVMValueRef start)
{
	LLVMValueRef limit = count->limit, mask;

	if (count->step != 1 || !LLVMIsNull(start) ||
	    !LLVMIsAInstruction(limit) ||
	    LLVMGetInstructionOpcode(limit) != LLVMAnd)
		return 0;
	mask = LLVMGetOperand(limit, 1);
	/* it runs at least once: its entry is guarded, or it would wrap */
	return LLVMIsAConstantInt(mask) ? LLVMConstIntGetZExtValue(mask) : 0;
}

uint64_t loop_most_trips(const struct loop_count *count)
{
	unsigned n = LLVMCountIncoming(count->iv);
	LLVMValueRef start = NULL;
	uint64_t noted = ir_noted(LLVMGetBasicBlockTerminator(count->latch),
				  IR_NOTE_TRIPS);
	int64_t span;

	if (noted)
		return noted;
	for (unsigned k = 0; k < n; k++) {
		LLVMValueRef v = LLVMGetIncomingValue(count->iv, k);

		if (LLVMGetIncomingBlock(count->iv, k) == count->latch)
			continue;
		if (start && start != v)
			return type_trips(count);
		start = v;
	}
	if (!start || !LLVMIsAConstantInt(start))
		return type_trips(count);
	if (masked_trips(count, start))
		return masked_trips(count, start);
	if (!LLVMIsAConstantInt(count->limit))
		return type_trips(count);
	span = LLVMConstIntGetSExtValue(count->limit) -
	       LLVMConstIntGetSExtValue(start);
	if (span / count->step <= 0 || span % count->step)
		return type_trips(count);
	return (uint64_t)(span / count->step);
}
