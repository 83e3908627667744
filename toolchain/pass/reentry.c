/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How a resume clone gets back into loops. A jump into the middle of a loop
 * would give it a second entry. Such a thing is no loop for LLVM: nothing is
 * moved out of it, and whatever is constant in it is merged with what was
 * reloaded again and again. So, for each site,
 *
 * - if only the end of an iteration is left, as after the poll of an
 *   innermost loop, it has a copy of that end, and begins the next iteration
 *   by way of the header, from outside;
 * - else it enters the loop by the header, too, which asks a variable whether
 *   the function is on the way to a site (or a block behind it does: see
 *   reguard.c); and so on for the loops inside, as
 *   far as they have to be entered in the middle.
 *
 * A value is reloaded outside of those loops that do not change it. If it is
 * a variable of the loop (a phi of the header), that begins with it.
 */
#include "toolchain/pass/resume.h"

#include <llvm-c/DebugInfo.h>
#include <stdlib.h>

#include "base/base.h"
#include "toolchain/pass/loopcopy.h"

/* The most instructions of a copied end of an iteration. */
#define TAIL 16

static struct loop *loop_at(const struct resume *r, int loop)
{
	return &r->reentry.loops.at[loop];
}

static int outer(const struct resume *r, int loop)
{
	return r->reentry.of[loop].outer;
}

static unsigned depth(const struct resume *r, int loop)
{
	return loop < 0 ? 0 : r->reentry.of[loop].depth;
}

/* The innermost loop around a block. */
static int loop_around(const struct resume *r, LLVMBasicBlockRef b)
{
	const struct loops *l = &r->reentry.loops;
	int found = -1;

	for (unsigned i = 0; i < l->n; i++)
		if (loop_has(l, &l->at[i], b) &&
		    depth(r, (int)i) > depth(r, found))
			found = (int)i;
	return found;
}

static void nest_loops(struct resume *r)
{
	const struct loops *l = &r->reentry.loops;
	struct reentry_loop *of = r->reentry.of;

	for (unsigned i = 0; i < l->n; i++)
		for (unsigned k = 0; k < l->n; k++)
			if (loop_has(l, &l->at[k], l->at[i].header))
				of[i].depth++;
	for (unsigned i = 0; i < l->n; i++) {
		of[i].outer = -1;
		for (unsigned k = 0; k < l->n; k++)
			if (k != i && loop_has(l, &l->at[k], l->at[i].header) &&
			    of[k].depth > depth(r, of[i].outer))
				of[i].outer = (int)k;
	}
}

/* The loop from which a block is entered: a header from outside. */
static int loop_before(const struct resume *r, LLVMBasicBlockRef b)
{
	int loop = loop_around(r, b);

	return loop >= 0 && loop_at(r, loop)->header == b ? outer(r, loop)
							  : loop;
}

/* How many instructions of a block a copy would have; too many if it cannot
 * be copied. */
static unsigned count_for_tail(LLVMBasicBlockRef b)
{
	unsigned n = 0;

	if (LLVMGetInstructionOpcode(LLVMGetBasicBlockTerminator(b)) != LLVMBr)
		return TAIL + 1;
	ir_each_inst (i, b)
		n += ir_is_call(i) ? TAIL + 1 : 1;
	return n;
}

/* From `b` on, one block after another, to where the way parts or leads to a
 * header or out of the loop. */
static bool find_tail(const struct resume *r, LLVMBasicBlockRef b,
		      struct ir_list *tail)
{
	unsigned n = 0;

	for (;;) {
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);
		LLVMBasicBlockRef next;

		n += count_for_tail(b);
		if (n > TAIL)
			return false;
		ir_list_add(tail, LLVMBasicBlockAsValue(b));
		if (LLVMIsConditional(end))
			return true;
		next = LLVMGetSuccessor(end, 0);
		if (loop_before(r, next) != loop_around(r, next) ||
		    loop_around(r, next) != loop_around(r, b))
			return true;
		b = next;
	}
}

/* Where the last block of a tail leads to: the innermost loop that must have
 * been entered. */
static int loop_after_tail(const struct resume *r, const struct ir_list *tail)
{
	LLVMBasicBlockRef b = LLVMValueAsBasicBlock(tail->at[tail->n - 1]);
	LLVMValueRef end = LLVMGetBasicBlockTerminator(b);
	int found = -1;

	for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
		int loop = loop_before(r, LLVMGetSuccessor(end, k));

		if (depth(r, loop) > depth(r, found))
			found = loop;
	}
	return found;
}

static void plan_site(struct resume *r, unsigned k)
{
	struct reentry_site *s = &r->reentry.sites[k];
	LLVMBasicBlockRef b = LLVMGetNormalDest(r->fn->sites[k].invoke);
	int loop;

	s->loop = loop_around(r, b);
	if (s->loop < 0)
		return;
	if (find_tail(r, b, &s->tail)) {
		loop = loop_after_tail(r, &s->tail);
		if (depth(r, loop) < depth(r, s->loop))
			s->loop = loop;
		else
			s->tail.n = 0;
	} else {
		s->tail.n = 0;
	}
	for (loop = s->loop; loop >= 0; loop = outer(r, loop))
		r->reentry.of[loop].entered = true;
}

static bool used_elsewhere(LLVMValueRef v)
{
	LLVMBasicBlockRef b = LLVMGetInstructionParent(v);

	for (LLVMUseRef u = LLVMGetFirstUse(v); u; u = LLVMGetNextUse(u))
		if (LLVMGetInstructionParent(LLVMGetUser(u)) != b ||
		    LLVMIsAPHINode(LLVMGetUser(u)))
			return true;
	return false;
}

/* What a tail defines has two definitions. */
static void demote_tail(struct resume *r, const struct ir_list *tail)
{
	for (unsigned k = 0; k < tail->n; k++)
		ir_each_inst (i, LLVMValueAsBasicBlock(tail->at[k]))
			if (ir_map_get(&r->fn->remat_index, i) < 0 &&
			    used_elsewhere(resume_copy(r, i)))
				resume_demote(r, i);
}

/* The header's variables begin with what is reloaded. */
static void build_edge(struct resume *r, const struct loop *loop,
		       LLVMBasicBlockRef edge)
{
	LLVMBuilderRef b = r->fr->b;

	LLVMPositionBuilderAtEnd(b, edge);
	ir_each_inst (i, loop->header) {
		LLVMValueRef slot, v;

		if (LLVMGetInstructionOpcode(i) != LLVMPHI)
			break;
		slot = resume_slot(r, i);
		v = slot ? LLVMBuildLoad2(b, LLVMTypeOf(i), slot, "")
			 : LLVMGetPoison(LLVMTypeOf(i));
		LLVMAddIncoming(resume_copy(r, i), &v, &edge, 1);
	}
	LLVMBuildBr(b, resume_copy_block(r, loop->header));
}

static void build_question(struct resume *r, int loop)
{
	struct reentry_loop *of = &r->reentry.of[loop];
	LLVMBasicBlockRef h = resume_copy_block(r, of->asks);
	LLVMContextRef c = ir_context(r->fr->m);
	LLVMBuilderRef b = r->fr->b;
	LLVMValueRef going, on;

	LLVMPositionBuilderAtEnd(b, h);
	going = LLVMBuildLoad2(b, r->fr->i32, r->reentry.going, "");
	LLVMSetVolatile(going, 1);
	on = LLVMBuildICmp(b, LLVMIntNE, going, ir_i32(r->fr->m, 0), "");
	of->way = LLVMAppendBasicBlockInContext(c, r->g, "");
	ir_branch_weights(LLVMBuildCondBr(b, on, of->way, of->rest), 1,
			  1u << 20);
	of->edge = LLVMAppendBasicBlockInContext(c, r->g, "");
	build_edge(r, loop_at(r, loop), of->edge);
}

void reentry_plan(struct resume *r)
{
	struct reentry *re = &r->reentry;

	re->on = true;
	loops_find(&re->loops, r->fn->f);
	re->of = base_alloc((re->loops.n + 1) * sizeof(re->of[0]));
	re->sites = base_alloc(r->fn->n * sizeof(re->sites[0]));
	nest_loops(r);
	for (unsigned k = 0; k < r->fn->n; k++)
		plan_site(r, k);
	for (unsigned i = 0; i < re->loops.n; i++)
		if (re->of[i].entered)
			reguard_place(r, (int)i);
}

void reentry_part_block(struct resume *r, LLVMBasicBlockRef block)
{
	struct reentry *re = &r->reentry;
	int loop = re->on ? loop_around(r, block) : -1;

	if (loop < 0 || !re->of[loop].entered || re->of[loop].asks != block)
		return;
	re->of[loop].rest =
		LLVMAppendBasicBlockInContext(ir_context(r->fr->m), r->g, "");
	LLVMPositionBuilderAtEnd(r->fr->b, re->of[loop].rest);
}

void reentry_prepare(struct resume *r)
{
	struct reentry *re = &r->reentry;

	for (unsigned k = 0; k < r->fn->n; k++)
		demote_tail(r, &re->sites[k].tail);
	for (unsigned i = 0; i < re->loops.n; i++)
		if (re->of[i].entered && !re->going)
			re->going = LLVMBuildAlloca(r->fr->b, r->fr->i32, "");
	for (unsigned i = 0; i < re->loops.n; i++)
		if (re->of[i].entered)
			build_question(r, (int)i);
}

static void set_going(struct resume *r, LLVMValueRef to)
{
	if (r->reentry.going)
		LLVMSetVolatile(LLVMBuildStore(r->fr->b, to, r->reentry.going),
				1);
}

void reentry_arrive(struct resume *r)
{
	set_going(r, ir_i32(r->fr->m, 0));
}

static LLVMValueRef incoming_from(LLVMValueRef phi, LLVMBasicBlockRef from)
{
	unsigned k = 0;

	while (LLVMGetIncomingBlock(phi, k) != from)
		k++;
	return LLVMGetIncomingValue(phi, k);
}

/* At the builder's position, without phis: the way to it is known. */
static void copy_for_tail(struct resume *r, struct loop_copy *c,
			  LLVMBasicBlockRef b, LLVMBasicBlockRef from,
			  bool is_last)
{
	ir_each_inst (i, b) {
		LLVMValueRef n;

		if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
			loop_copy_map(c, i,
				      loop_copy_of(c, incoming_from(i, from)));
			continue;
		}
		if (i == LLVMGetBasicBlockTerminator(b) && !is_last)
			break;
		n = LLVMInstructionClone(i);
		LLVMInsertIntoBuilder(r->fr->b, n);
		LLVMInstructionSetDebugLoc(n, LLVMInstructionGetDebugLoc(i));
		for (int k = 0; k < LLVMGetNumOperands(n); k++) {
			LLVMValueRef o = LLVMGetOperand(n, (unsigned)k);

			LLVMSetOperand(n, (unsigned)k, loop_copy_of(c, o));
		}
		loop_copy_map(c, i, n);
	}
}

LLVMBasicBlockRef reentry_rest(struct resume *r, unsigned site)
{
	LLVMBasicBlockRef b, copy, from = NULL;
	LLVMBasicBlockRef normal = LLVMGetNormalDest(r->fn->sites[site].invoke);
	const struct ir_list *tail;
	struct loop_copy c = { 0 };

	if (!r->reentry.on || !r->reentry.sites[site].tail.n)
		return resume_copy_block(r, normal);
	tail = &r->reentry.sites[site].tail;
	copy = LLVMAppendBasicBlockInContext(ir_context(r->fr->m), r->g, "");
	LLVMPositionBuilderAtEnd(r->fr->b, copy);
	for (unsigned k = 0; k < tail->n; k++) {
		b = resume_copy_block(r, LLVMValueAsBasicBlock(tail->at[k]));
		copy_for_tail(r, &c, b, from, k + 1 == tail->n);
		from = b;
	}
	loop_copy_map(&c, LLVMBasicBlockAsValue(from),
		      LLVMBasicBlockAsValue(copy));
	loop_copy_exits(&c, from, NULL, NULL);
	loop_copy_free(&c);
	return copy;
}

/* In which loop, of those that are entered on the way to a site, a value is
 * reloaded: the innermost that changes it, or before that if it begins with
 * it. NOWHERE: it is computed again. */
#define NOWHERE (-2)
static int loop_of_reload(const struct resume *r, unsigned site, LLVMValueRef v)
{
	const struct loops *l = &r->reentry.loops;
	LLVMBasicBlockRef b;
	int loop;

	if (!r->reentry.on || LLVMIsAArgument(v))
		return -1;
	b = LLVMGetInstructionParent(v);
	loop = r->reentry.sites[site].loop;
	while (loop >= 0 && !loop_has(l, &l->at[loop], b))
		loop = outer(r, loop);
	if (loop >= 0 && LLVMIsAPHINode(v) && l->at[loop].header == b)
		return outer(r, loop);
	if (loop >= 0 && reguard_computes(r, loop, v))
		return NOWHERE;
	return loop;
}

/* What is reloaded there on the way to any site: a value has the same place in
 * all records, and is not used after sites at which it is not live. */
static void reload(struct resume *r, int loop)
{
	const struct frame_function *fn = r->fn;
	LLVMBuilderRef b = r->fr->b;
	struct ir_map done = { 0 };

	for (unsigned k = 0; k < fn->n; k++) {
		const struct site *s = &fn->sites[k];

		for (unsigned i = 0; i < s->live.n; i++) {
			LLVMValueRef v = s->live.at[i], at, load;

			if (ir_map_get(&done, v) >= 0 ||
			    loop_of_reload(r, k, v) != loop)
				continue;
			ir_map_put(&done, v, 1);
			at = ir_gep(b, r->record, s->offset[i]);
			load = LLVMBuildLoad2(b, LLVMTypeOf(v), at, "");
			frame_limit_alignment(load);
			LLVMBuildStore(b, load, resume_slot(r, v));
		}
	}
	ir_map_free(&done);
}

/* From inside `loop`, where the builder stands, to sites in it. */
static void build_ways(struct resume *r, int loop, LLVMValueRef going,
		       const LLVMBasicBlockRef *starts)
{
	struct reentry *re = &r->reentry;
	LLVMValueRef select;

	if (!r->image)
		reload(r, loop);
	select = LLVMBuildSwitch(r->fr->b, going, r->nowhere, r->fn->n);
	for (unsigned k = 0; k < r->fn->n; k++) {
		LLVMBasicBlockRef next = starts[k];
		int at = re->on ? re->sites[k].loop : -1;

		while (at >= 0 && at != loop) {
			next = re->of[at].edge;
			at = outer(r, at);
		}
		if (at == loop)
			LLVMAddCase(select, ir_i32(r->fr->m, k + 1), next);
	}
}

void reentry_build_ways(struct resume *r, const LLVMBasicBlockRef *starts)
{
	struct reentry *re = &r->reentry;
	LLVMBuilderRef b = r->fr->b;
	LLVMValueRef going = LLVMBuildLoad2(b, r->fr->i32, r->record, "site");

	going = LLVMBuildAdd(b, going, ir_i32(r->fr->m, 1), "");
	set_going(r, going);
	build_ways(r, -1, going, starts);
	for (unsigned i = 0; i < re->loops.n; i++) {
		if (!re->of[i].entered)
			continue;
		LLVMPositionBuilderAtEnd(b, re->of[i].way);
		going = LLVMBuildLoad2(b, r->fr->i32, re->going, "");
		LLVMSetVolatile(going, 1);
		build_ways(r, (int)i, going, starts);
	}
}

void reentry_free(struct resume *r)
{
	if (!r->reentry.on)
		return;
	for (unsigned k = 0; k < r->fn->n; k++)
		ir_list_free(&r->reentry.sites[k].tail);
	for (unsigned i = 0; i < r->reentry.loops.n; i++)
		ir_list_free(&r->reentry.of[i].again);
	free(r->reentry.sites);
	free(r->reentry.of);
	loops_free(&r->reentry.loops);
}
