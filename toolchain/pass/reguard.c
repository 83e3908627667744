/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a loop that is entered in the middle asks whether it is. In the header
 * this costs each iteration something; but often a part of the loop holds all
 * sites, like the version of an inner loop for many iterations, and what is
 * executed on the way from the header to there only computes, from values that
 * the records have. Then that way is simply gone again, and the question is
 * asked where it ends.
 */
#include "toolchain/pass/resume.h"

#include <stdlib.h>

#include "base/base.h"

struct walk {
	const struct resume *r;
	int loop;
	const struct ir_list *way; /* blocks passed so far */
};

/* Is the site in the loop, or on the way out of one inside? */
static bool goes_there(const struct walk *w, unsigned site)
{
	const struct reentry *re = &w->r->reentry;
	int at = re->sites[site].loop;

	while (at >= 0 && at != w->loop)
		at = re->of[at].outer;
	return at == w->loop;
}

static bool is_live(const struct site *s, LLVMValueRef v)
{
	for (unsigned i = 0; i < s->live.n; i++)
		if (s->live.at[i] == v)
			return true;
	return false;
}

static bool is_reloaded(const struct walk *w, LLVMValueRef v)
{
	const struct frame_function *fn = w->r->fn;

	for (unsigned k = 0; k < fn->n; k++)
		if (goes_there(w, k) && !is_live(&fn->sites[k], v))
			return false;
	return true;
}

static bool on_way(const struct walk *w, LLVMBasicBlockRef b)
{
	for (unsigned k = 0; k < w->way->n; k++)
		if (w->way->at[k] == LLVMBasicBlockAsValue(b))
			return true;
	return false;
}

/* Will v be, when it is computed again, what it was? */
static bool is_known(const struct walk *w, LLVMValueRef v, unsigned deep)
{
	const struct loop *loop = &w->r->reentry.loops.at[w->loop];
	LLVMBasicBlockRef b;

	if (LLVMIsConstant(v))
		return true;
	if (!LLVMIsAInstruction(v))
		return LLVMIsAArgument(v) && is_reloaded(w, v);
	if (!deep)
		return false;
	b = LLVMGetInstructionParent(v);
	if (!loop_has(&w->r->reentry.loops, loop, b)) {
		if (ir_map_get(&w->r->fn->remat_index, v) < 0)
			return is_reloaded(w, v);
	} else if (LLVMIsAPHINode(v)) {
		return b == loop->header && is_reloaded(w, v);
	} else if (!on_way(w, b)) {
		return false;
	}
	for (int k = 0; k < LLVMGetNumOperands(v); k++)
		if (!is_known(w, LLVMGetOperand(v, (unsigned)k), deep - 1))
			return false;
	return true;
}

/* Harmless with any operands. */
static bool only_computes(LLVMValueRef i)
{
	switch (LLVMGetInstructionOpcode(i)) {
	case LLVMUDiv:
	case LLVMSDiv:
	case LLVMURem:
	case LLVMSRem:
		return false;
	case LLVMGetElementPtr:
	case LLVMICmp:
	case LLVMFCmp:
	case LLVMSelect:
	case LLVMFNeg:
		return true;
	default:
		return LLVMIsABinaryOperator(i) || LLVMIsACastInst(i);
	}
}

static bool block_only_computes(LLVMBasicBlockRef b)
{
	LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

	if (LLVMGetInstructionOpcode(end) != LLVMBr)
		return false;
	for (LLVMValueRef i = ir_first_nonphi(b); i != end;
	     i = LLVMGetNextInstruction(i))
		if (!only_computes(i))
			return false;
	return true;
}

/* Can one of the sites be reached from b in the same iteration? */
static bool reaches_site(const struct walk *w, LLVMBasicBlockRef b)
{
	const struct loops *l = &w->r->reentry.loops;
	const struct loop *loop = &l->at[w->loop];
	struct ir_map seen = { 0 };
	struct ir_list work = { 0 };
	bool found = false;

	for (;;) {
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		for (unsigned k = 0; k < w->r->fn->n && !found; k++)
			found = w->r->fn->sites[k].invoke == end &&
				goes_there(w, k);
		for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
			LLVMBasicBlockRef to = LLVMGetSuccessor(end, k);

			if (to == loop->header || !loop_has(l, loop, to) ||
			    ir_map_get(&seen, to) >= 0)
				continue;
			ir_map_put(&seen, to, 1);
			ir_list_add(&work, LLVMBasicBlockAsValue(to));
		}
		if (found || !work.n)
			break;
		b = LLVMValueAsBasicBlock(work.at[--work.n]);
	}
	ir_list_free(&work);
	ir_map_free(&seen);
	return found;
}

static bool has_one_predecessor(LLVMBasicBlockRef b)
{
	unsigned n = 0;

	for (LLVMUseRef u = LLVMGetFirstUse(LLVMBasicBlockAsValue(b)); u;
	     u = LLVMGetNextUse(u))
		n++;
	return n == 1;
}

/* How deep a computation is looked through. */
#define DEEP 8

/* The one block behind b where all sites are; NULL if there is none, or the
 * way there cannot be gone again. */
static LLVMBasicBlockRef step(const struct walk *w, LLVMBasicBlockRef b)
{
	const struct loops *l = &w->r->reentry.loops;
	LLVMValueRef end = LLVMGetBasicBlockTerminator(b);
	LLVMBasicBlockRef next = NULL;

	if (!block_only_computes(b) ||
	    (LLVMIsConditional(end) &&
	     !is_known(w, LLVMGetCondition(end), DEEP)))
		return NULL;
	for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
		LLVMBasicBlockRef to = LLVMGetSuccessor(end, k);

		if (to == l->at[w->loop].header ||
		    !loop_has(l, &l->at[w->loop], to) || !reaches_site(w, to))
			continue;
		if (next)
			return NULL;
		next = to;
	}
	for (unsigned i = 0; i < l->n && next; i++)
		if (l->at[i].header == next)
			return NULL;
	return next && has_one_predecessor(next) ? next : NULL;
}

void reguard_place(struct resume *r, int loop)
{
	struct reentry_loop *of = &r->reentry.of[loop];
	struct walk w = { .r = r, .loop = loop, .way = &of->again };
	LLVMBasicBlockRef next;

	of->asks = r->reentry.loops.at[loop].header;
	for (;;) {
		/* its own values are known on its own way out */
		ir_list_add(&of->again, LLVMBasicBlockAsValue(of->asks));
		next = step(&w, of->asks);
		if (!next)
			break;
		of->asks = next;
	}
	of->again.n--;
}

bool reguard_computes(const struct resume *r, int loop, LLVMValueRef v)
{
	struct walk w = { .r = r,
			  .loop = loop,
			  .way = &r->reentry.of[loop].again };

	return !LLVMIsAPHINode(v) && on_way(&w, LLVMGetInstructionParent(v)) &&
	       is_known(&w, v, DEEP);
}
