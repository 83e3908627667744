/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/callgraph.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/pass/loops.h"

bool function_is_poll(LLVMValueRef f)
{
	return ir_is_named(f, "hexo_poll_park") ||
	       ir_is_named(f, "hexo_poll_wait") || ir_is_named(f, "hexo_jump");
}

bool function_is_setjmp(LLVMValueRef f)
{
	return LLVMIsDeclaration(f) &&
	       (ir_is_named(f, "setjmp") || ir_is_named(f, "_setjmp"));
}

/* An element of llvm.used or llvm.compiler.used: not a use of the address. */
static bool is_keep_list(LLVMValueRef constant)
{
	for (LLVMUseRef u = LLVMGetFirstUse(constant); u;
	     u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);

		if (!LLVMIsAGlobalVariable(user) ||
		    (!ir_is_named(user, "llvm.used") &&
		     !ir_is_named(user, "llvm.compiler.used")))
			return false;
	}
	return true;
}

static bool is_argument(LLVMValueRef call, LLVMValueRef f)
{
	for (unsigned k = 0; k < LLVMGetNumArgOperands(call); k++)
		if (LLVMGetOperand(call, k) == f)
			return true;
	return false;
}

bool function_is_taken(LLVMValueRef f)
{
	for (LLVMUseRef u = LLVMGetFirstUse(f); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);

		if (LLVMIsAInstruction(user) && ir_is_call(user) &&
		    LLVMGetCalledValue(user) == f && !is_argument(user, f))
			continue;
		if (LLVMIsAGlobalAlias(user) || LLVMIsAFunction(user))
			continue; /* as another name, as a personality */
		if (LLVMIsAConstant(user) && !LLVMIsAGlobalValue(user) &&
		    is_keep_list(user))
			continue;
		return true;
	}
	return false;
}

/* May the outside's function, or the one behind an alias, reach a poll? */
static bool outside_reaches(const struct callgraph *g, LLVMValueRef f)
{
	return g->outside &&
	       g->outside->reaches(g->outside->context, ir_name(f));
}

static bool takes_reaching(const struct callgraph *g, LLVMModuleRef m)
{
	ir_each_function (f, m) {
		if (LLVMIsDeclaration(f) && !ir_is_intrinsic(f) &&
		    outside_reaches(g, f) && function_is_taken(f))
			return true;
	}
	return false;
}

void callgraph_make(struct callgraph *g, LLVMModuleRef m,
		    const struct pass_outside *outside)
{
	unsigned n;

	*g = (struct callgraph){ .outside = outside };
	ir_each_definition (f, m) {
		ir_map_put(&g->index, f, (int)g->functions.n);
		ir_list_add(&g->functions, f);
	}
	n = g->functions.n;
	g->taken = base_alloc(n * sizeof(bool));
	g->reaches = base_alloc(n * sizeof(bool));
	for (unsigned i = 0; i < n; i++)
		g->taken[i] = function_is_taken(g->functions.at[i]);
	g->indirect = outside && (outside->indirect || takes_reaching(g, m));
}

void callgraph_free(struct callgraph *g)
{
	ir_list_free(&g->functions);
	ir_map_free(&g->index);
	free(g->taken);
	free(g->reaches);
}

bool callgraph_may_poll(const struct callgraph *g, LLVMValueRef f)
{
	int i = ir_map_get(&g->index, f);

	if (i >= 0)
		return g->reaches[i];
	return !ir_is_intrinsic(f) && outside_reaches(g, f);
}

bool callgraph_is_site(const struct callgraph *g, LLVMValueRef inst)
{
	LLVMValueRef f;

	if (!ir_is_call(inst) || LLVMIsAInlineAsm(LLVMGetCalledValue(inst)))
		return false;
	f = LLVMGetCalledValue(inst);
	if (LLVMIsAGlobalAlias(f))
		return outside_reaches(g, f);
	if (!LLVMIsAFunction(f))
		return g->indirect;
	return function_is_poll(f) || function_is_setjmp(f) ||
	       callgraph_may_poll(g, f);
}

static LLVMValueRef first_site(const struct callgraph *g, LLVMValueRef f)
{
	ir_each_block (b, f) {
		ir_each_inst (i, b) {
			if (callgraph_is_site(g, i))
				return i;
		}
	}
	return NULL;
}

int callgraph_find_reaching(struct callgraph *g, struct hexo_error *err)
{
	unsigned n = g->functions.n;
	bool changed = true;

	while (changed) {
		changed = false;
		for (unsigned i = 0; i < n; i++) {
			LLVMValueRef f = g->functions.at[i];

			if (g->reaches[i] || function_is_poll(f) ||
			    ir_is_marked(f, "hexo-nopoll") || !first_site(g, f))
				continue;
			g->reaches[i] = changed = true;
			g->indirect |= g->taken[i];
		}
	}
	for (unsigned i = 0; i < n; i++) {
		LLVMValueRef f = g->functions.at[i], site;

		if (!ir_is_marked(f, "hexo-nopoll") || function_is_poll(f))
			continue;
		site = first_site(g, f);
		if (site)
			return hexo_fail(err, -EINVAL,
					 "%s: %s must not poll, but calls %s, "
					 "which may",
					 ir_where(site), ir_name(f),
					 ir_callee(site)
						 ? ir_name(ir_callee(site))
						 : "through a pointer");
	}
	return 0;
}

/*
 * Recursion: depth-first over the calls; the target of an edge back to a
 * function still being visited closes a cycle and polls.
 */
struct recursion {
	const struct callgraph *g;
	unsigned char *state; /* 0 new, 1 being visited, 2 done */
	bool *polls;
};

static void visit(struct recursion *r, unsigned i);

static void visit_callee(struct recursion *r, unsigned i)
{
	if (r->state[i] == 1)
		r->polls[i] = true;
	else if (r->state[i] == 0)
		visit(r, i);
}

/* Those whose address is taken, of a type if that is not NULL. */
static void visit_taken(struct recursion *r, LLVMTypeRef type)
{
	for (unsigned i = 0; i < r->g->functions.n; i++)
		if (r->g->taken[i] &&
		    (!type ||
		     LLVMGlobalGetValueType(r->g->functions.at[i]) == type))
			visit_callee(r, i);
}

static void visit_call(struct recursion *r, LLVMValueRef call)
{
	LLVMValueRef f = ir_callee(call);
	int i = f ? ir_map_get(&r->g->index, f) : -1;

	if (i >= 0)
		visit_callee(r, (unsigned)i);
	else if (!f)
		visit_taken(r, LLVMGetCalledFunctionType(call));
	else if (!ir_is_intrinsic(f) && outside_reaches(r->g, f))
		visit_taken(r, NULL); /* it may call back */
}

static void visit(struct recursion *r, unsigned i)
{
	LLVMValueRef f = r->g->functions.at[i];

	r->state[i] = 1;
	if (!ir_is_marked(f, "hexo-nopoll"))
		ir_each_block (b, f) {
			ir_each_inst (inst, b) {
				if (ir_is_call(inst))
					visit_call(r, inst);
			}
		}
	r->state[i] = 2;
}

/* May function i come to call the target, other than by returning? */
static bool may_call(const struct callgraph *g, unsigned i, unsigned target,
		     bool *seen)
{
	if (i == target)
		return true;
	if (seen[i])
		return false;
	seen[i] = true;
	ir_each_block (b, g->functions.at[i]) {
		ir_each_inst (inst, b) {
			LLVMValueRef f =
				ir_is_call(inst) ? ir_callee(inst) : NULL;
			int callee = f ? ir_map_get(&g->index, f) : -1;

			if (!ir_is_call(inst))
				continue;
			if (callee < 0 && (!f || outside_reaches(g, f)))
				return true; /* it may call anything */
			if (callee >= 0 &&
			    may_call(g, (unsigned)callee, target, seen))
				return true;
		}
	}
	return false;
}

/* Does this call lead back to the function it is in, which is number i? */
static bool leads_back(const struct callgraph *g, LLVMValueRef call, unsigned i)
{
	LLVMValueRef f = ir_callee(call);
	int callee = f ? ir_map_get(&g->index, f) : -1;
	bool *seen, back;

	if (callee < 0)
		return !f || (!ir_is_intrinsic(f) && outside_reaches(g, f));
	seen = base_alloc(g->functions.n * sizeof(bool));
	back = may_call(g, (unsigned)callee, i, seen);
	free(seen);
	return back;
}

static bool is_in_loop(LLVMValueRef call)
{
	LLVMBasicBlockRef block = LLVMGetInstructionParent(call);
	struct loops l;
	bool inside = false;

	loops_find(&l, LLVMGetBasicBlockParent(block));
	for (unsigned k = 0; k < l.n; k++)
		inside |= loop_has(&l, &l.at[k], block);
	loops_free(&l);
	return inside;
}

/*
 * A function that comes back to itself by one call only, in a loop, needs no
 * poll at its entry: loops with calls poll at their back edges, so that what
 * is without polls is one way down the stack and one up.
 */
static bool polls_anyway(const struct callgraph *g, unsigned i)
{
	LLVMValueRef back = NULL;

	ir_each_block (b, g->functions.at[i]) {
		ir_each_inst (inst, b) {
			if (!ir_is_call(inst) || !leads_back(g, inst, i))
				continue;
			if (back || ir_callee(inst) != g->functions.at[i])
				return false;
			back = inst;
		}
	}
	return back && is_in_loop(back);
}

bool *callgraph_find_recursion(const struct callgraph *g)
{
	unsigned n = g->functions.n;
	struct recursion r = {
		.g = g,
		.state = base_alloc(n),
		.polls = base_alloc(n * sizeof(bool)),
	};

	for (unsigned i = 0; i < n; i++)
		if (r.state[i] == 0)
			visit(&r, i);
	for (unsigned i = 0; i < n; i++)
		if (r.polls[i] && polls_anyway(g, i))
			r.polls[i] = false;
	free(r.state);
	return r.polls;
}
