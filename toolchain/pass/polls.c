/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where polls go:
 *   - the back edge of every loop that contains a loop or a call, and of
 *     every innermost loop that does not count, repeated if it is small;
 *   - counting innermost loops, which may yet be vectorised or unrolled, are
 *     strip-mined and poll between the strips;
 *   - none in loops that are short for certain;
 *   - between the pieces of copies that may be long;
 *   - at the entry of functions that close a recursion;
 *   - before a longjmp(), which may close a loop.
 */
#include "toolchain/pass/pass.h"

#include <stddef.h>
#include <stdlib.h>

#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/pass/callgraph.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/longcopy.h"
#include "toolchain/pass/loops.h"
#include "toolchain/pass/stripmine.h"
#include "toolchain/pass/unroll.h"

/* A nest with at most this many iterations in all needs no poll. */
#define SHORT_TRIPS 4096

/* Instructions of a function whose loops are not repeated: it is large
 * already, and each poll saves much. */
#define LARGE 2000

struct placer {
	LLVMModuleRef m;
	LLVMBuilderRef b;
	LLVMValueRef due, park; /* of the runtime */
	bool long_copies;       /* are split; the runtime's own are not */
	unsigned polls;
};

/*
 * if (control->poll_flag && hexo_poll_due()) hexo_poll_park();
 *
 * The flag is volatile: nothing in the program writes it. hexo_poll_due
 * preserves all registers, and hexo_poll_park will not return here
 * (pass_frames sees to that), so the loop's values keep their registers.
 * Neither writes the program's memory; parking reads all of it, so stores do
 * not sink below a poll.
 */
static void place_poll(struct placer *p, LLVMValueRef before)
{
	LLVMContextRef c = ir_context(p->m);
	LLVMTypeRef i32 = LLVMInt32TypeInContext(c);
	uint64_t address =
		HEXO_CONTROL_BASE + offsetof(struct hexo_control, poll_flag);
	LLVMValueRef flag, raised, due, f, call;
	LLVMBasicBlockRef block, rest, ask, park;

	LLVMPositionBuilderBefore(p->b, before);
	flag = LLVMBuildLoad2(p->b, i32,
			      LLVMConstIntToPtr(ir_i64(p->m, address),
						LLVMPointerTypeInContext(c, 0)),
			      "poll");
	LLVMSetVolatile(flag, 1);
	raised = LLVMBuildICmp(p->b, LLVMIntNE, flag, ir_i32(p->m, 0), "");
	block = LLVMGetInstructionParent(raised);
	f = LLVMGetBasicBlockParent(block);
	rest = ir_split_after(raised);
	ask = LLVMAppendBasicBlockInContext(c, f, "poll.due");
	park = LLVMAppendBasicBlockInContext(c, f, "poll.park");
	LLVMPositionBuilderAtEnd(p->b, block);
	ir_branch_weights(LLVMBuildCondBr(p->b, raised, ask, rest), 1,
			  1u << 20);
	LLVMPositionBuilderAtEnd(p->b, ask);
	due = LLVMBuildCall2(p->b, LLVMGlobalGetValueType(p->due), p->due, NULL,
			     0, "");
	LLVMSetInstructionCallConv(due, IR_PRESERVE_ALL);
	ir_call_attribute(due, "cold", 0);
	ir_call_attribute(due, "nounwind", 0);
	ir_call_attribute(due, "memory", IR_MEMORY_INACCESSIBLE);
	ir_branch_weights(LLVMBuildCondBr(p->b, due, park, rest), 1, 1u << 20);
	LLVMPositionBuilderAtEnd(p->b, park);
	call = LLVMBuildCall2(p->b, LLVMGlobalGetValueType(p->park), p->park,
			      NULL, 0, "");
	ir_call_attribute(call, "cold", 0);
	ir_call_attribute(call, "memory", IR_MEMORY_READ);
	LLVMBuildBr(p->b, rest);
	p->polls++;
}

static bool has_call(const struct loops *l, const struct loop *loop)
{
	for (unsigned k = 0; k < l->blocks.n; k++) {
		if (!ir_test(loop->body, k))
			continue;
		ir_each_inst (i, LLVMValueAsBasicBlock(l->blocks.at[k])) {
			LLVMValueRef f = ir_is_call(i) ? ir_callee(i) : NULL;

			if (ir_is_call(i) && !(f && ir_is_intrinsic(f)))
				return true;
		}
	}
	return false;
}

/* An upper bound of the innermost iterations of a whole nest; 0: none. */
static uint64_t nest_trips(const struct loops *l, const struct loop *loop)
{
	struct loop_count count;
	uint64_t trips, inner = 1;

	if (!loop_counts(l, loop, &count))
		return 0;
	trips = loop_most_trips(&count);
	if (!trips || trips > SHORT_TRIPS)
		return 0;
	for (unsigned k = 0; k < l->n && loop->has_inner; k++) {
		uint64_t t;

		if (&l->at[k] == loop || !loop_has(l, loop, l->at[k].header))
			continue;
		t = nest_trips(l, &l->at[k]);
		if (!t)
			return 0;
		inner = t > inner ? t : inner;
	}
	trips *= inner;
	return trips <= SHORT_TRIPS ? trips : 0;
}

enum plan { PLAN_NONE, PLAN_BACK_EDGE, PLAN_STRIPS, PLAN_UNROLL };

static enum plan plan_loop(const struct loops *l, const struct loop *loop)
{
	struct loop_count count;

	if (has_call(l, loop))
		return PLAN_BACK_EDGE;
	if (nest_trips(l, loop))
		return PLAN_NONE;
	if (loop->has_inner)
		return PLAN_BACK_EDGE;
	return loop_counts(l, loop, &count) ? PLAN_STRIPS : PLAN_UNROLL;
}

static void add_latches(const struct loop *loop, struct ir_list *points)
{
	for (unsigned i = 0; i < loop->latches.n; i++)
		ir_list_add(points,
			    LLVMGetBasicBlockTerminator(LLVMValueAsBasicBlock(
				    loop->latches.at[i])));
}

static void reshape(LLVMValueRef f, LLVMBasicBlockRef header, bool large,
		    struct ir_list *points)
{
	struct loops l;
	struct loop_count count;

	loops_find(&l, f);
	for (unsigned i = 0; i < l.n; i++) {
		struct loop *loop = &l.at[i];

		if (loop->header != header)
			continue;
		if (loop_counts(&l, loop, &count))
			ir_list_add(points, stripmine(&l, loop, &count));
		else if (loop->latches.n == 1 && !large)
			ir_list_add(points, LLVMGetBasicBlockTerminator(
						    unroll(&l, loop)));
		else
			add_latches(loop, points);
		break;
	}
	loops_free(&l);
}

static unsigned count_instructions(LLVMValueRef f)
{
	unsigned n = 0;

	ir_each_block (b, f) {
		ir_each_inst (i, b)
			n++;
	}
	return n;
}

static void place_in_function(struct placer *p, LLVMValueRef f)
{
	struct ir_list points = { 0 }, headers = { 0 };
	bool large = count_instructions(f) > LARGE;
	struct loops l;

	/* 1. plan, while nothing changes */
	loops_find(&l, f);
	for (unsigned k = 0; k < l.irreducible.n; k++)
		ir_list_add(&points,
			    LLVMGetBasicBlockTerminator(LLVMValueAsBasicBlock(
				    l.irreducible.at[k])));
	for (unsigned k = 0; k < l.n; k++) {
		struct loop *loop = &l.at[k];
		enum plan plan = plan_loop(&l, loop);

		if (plan == PLAN_STRIPS || plan == PLAN_UNROLL)
			ir_list_add(&headers,
				    LLVMBasicBlockAsValue(loop->header));
		if (plan == PLAN_BACK_EDGE)
			add_latches(loop, &points);
	}
	ir_each_block (b, f) {
		ir_each_inst (i, b) {
			if (ir_calls(i, "hexo_jump"))
				ir_list_add(&points, i);
		}
	}
	loops_free(&l);
	/* 2. loops that take another shape, one at a time: each changes the
	 * blocks */
	for (unsigned k = 0; k < headers.n; k++)
		reshape(f, LLVMValueAsBasicBlock(headers.at[k]), large,
			&points);
	if (p->long_copies && !large)
		longcopy_split(f, &points);
	/* 3. polls before the terminators found */
	for (unsigned k = 0; k < points.n; k++)
		place_poll(p, points.at[k]);
	ir_list_free(&points);
	ir_list_free(&headers);
}

/* Gathers the entry block's allocas at its start, where they must stay, and
 * returns what follows. */
static LLVMValueRef after_allocas(struct placer *p, LLVMValueRef f)
{
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(f);
	LLVMValueRef at = LLVMGetFirstInstruction(entry);

	while (LLVMIsAAllocaInst(at))
		at = LLVMGetNextInstruction(at);
	for (LLVMValueRef i = at, next; i; i = next) {
		next = LLVMGetNextInstruction(i);
		if (!LLVMIsAAllocaInst(i) ||
		    !LLVMIsAConstantInt(LLVMGetOperand(i, 0)))
			continue;
		LLVMPositionBuilderBefore(p->b, at);
		LLVMInstructionRemoveFromParent(i);
		LLVMInsertIntoBuilder(p->b, i);
	}
	return at;
}

int pass_polls(LLVMModuleRef m, const struct pass_outside *outside,
	       struct pass_stats *stats, struct hexo_error *err)
{
	LLVMContextRef c = ir_context(m);
	struct placer p = {
		.m = m,
		.b = LLVMCreateBuilderInContext(c),
		.long_copies = !outside || !outside->indirect,
		.due = ir_declare(m, "hexo_poll_due", LLVMInt1TypeInContext(c),
				  NULL, 0),
		.park = ir_declare(m, "hexo_poll_park",
				   LLVMVoidTypeInContext(c), NULL, 0),
	};
	struct callgraph g;
	bool *recursive;
	int r;

	/* What leaves a loop goes through phis at its exits: see unroll. */
	r = ir_run_passes(m, "function(loop-simplify,lcssa)", err);
	if (r < 0)
		return r;
	LLVMSetFunctionCallConv(p.due, IR_PRESERVE_ALL);
	callgraph_make(&g, m, outside);
	recursive = callgraph_find_recursion(&g);
	for (unsigned i = 0; i < g.functions.n; i++) {
		LLVMValueRef f = g.functions.at[i];

		if (ir_is_marked(f, "hexo-nopoll") || function_is_poll(f) ||
		    f == p.due)
			continue;
		place_in_function(&p, f);
		if (recursive[i])
			place_poll(&p, after_allocas(&p, f));
	}
	stats->polls = p.polls;
	free(recursive);
	callgraph_free(&g);
	LLVMDisposeBuilder(p.b);
	return 0;
}
