/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resume clone of a function: a copy of its body behind an entry that
 * takes the frame's record, reloads what was live at the record's site,
 * resumes the next frame in place of the site's call, and goes on after it.
 *
 * SSA form breaks, since a value now has a definition in the copy and one
 * per site. So each value live at some site gets a stack slot, and mem2reg
 * rebuilds SSA afterwards.
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdlib.h>

#include "base/base.h"
#include "hexo/frame.h"

struct resume {
	struct frames *fr;
	struct frame_function *fn;
	LLVMValueRef g, record;
	LLVMBasicBlockRef entry;
	struct ir_map index; /* original value or block -> its copy */
	struct ir_list copies;
	struct ir_map slot_index; /* original value -> its slot */
	struct ir_list demoted, slots;
	LLVMValueRef entry_sp; /* these two as fn's, in the clone */
	struct frame_local *locals;
};

static LLVMValueRef copy_of(const struct resume *r, LLVMValueRef v)
{
	int i = ir_map_get(&r->index, v);

	return i < 0 ? v : r->copies.at[i];
}

static LLVMBasicBlockRef copy_of_block(const struct resume *r,
				       LLVMBasicBlockRef b)
{
	return LLVMValueAsBasicBlock(copy_of(r, LLVMBasicBlockAsValue(b)));
}

static void map_copy(struct resume *r, LLVMValueRef v, LLVMValueRef copy)
{
	ir_map_put(&r->index, v, (int)r->copies.n);
	ir_list_add(&r->copies, copy);
}

static void copy_instructions(struct resume *r)
{
	LLVMBuilderRef b = r->fr->b;

	ir_each_block(block, r->fn->f)
	{
		LLVMPositionBuilderAtEnd(b, copy_of_block(r, block));
		ir_each_inst(i, block)
		{
			LLVMValueRef c;

			if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
				c = LLVMBuildPhi(b, LLVMTypeOf(i), "");
			} else {
				c = LLVMInstructionClone(i);
				LLVMInsertIntoBuilder(b, c);
			}
			/* a line belongs to one subprogram only */
			LLVMInstructionSetDebugLoc(c, NULL);
			map_copy(r, i, c);
		}
	}
}

static void connect_copies(struct resume *r)
{
	ir_each_block(block, r->fn->f)
	{
		ir_each_inst(i, block)
		{
			LLVMValueRef c = copy_of(r, i);

			if (LLVMGetInstructionOpcode(i) != LLVMPHI) {
				for (int k = 0; k < LLVMGetNumOperands(i);
				     k++) {
					unsigned at = (unsigned)k;
					LLVMValueRef o = LLVMGetOperand(i, at);

					if (copy_of(r, o) != o)
						LLVMSetOperand(c, at,
							       copy_of(r, o));
				}
				continue;
			}
			for (unsigned k = 0; k < LLVMCountIncoming(i); k++) {
				LLVMValueRef v =
					copy_of(r, LLVMGetIncomingValue(i, k));
				LLVMBasicBlockRef from = copy_of_block(
					r, LLVMGetIncomingBlock(i, k));

				LLVMAddIncoming(c, &v, &from, 1);
			}
		}
	}
}

static void copy_body(struct resume *r)
{
	LLVMValueRef f = r->fn->f;

	ir_each_block(b, f)
	{
		LLVMBasicBlockRef c =
			LLVMAppendBasicBlockInContext(ir_context(r->fr->m),
						      r->g, "");

		map_copy(r, LLVMBasicBlockAsValue(b), LLVMBasicBlockAsValue(c));
	}
	/* an argument needed after a site is live there, hence demoted; the
	 * freeze is a definition that can have uses of its own */
	LLVMPositionBuilderAtEnd(r->fr->b, r->entry);
	for (unsigned k = 0; k < LLVMCountParams(f); k++) {
		LLVMValueRef a = LLVMGetParam(f, k);
		LLVMValueRef poison = LLVMGetPoison(LLVMTypeOf(a));

		map_copy(r, a, LLVMBuildFreeze(r->fr->b, poison, ""));
	}
	copy_instructions(r);
	connect_copies(r);
}

static void replace_copy(struct resume *r, LLVMValueRef original,
			 LLVMValueRef by)
{
	LLVMValueRef copy = copy_of(r, original);

	LLVMReplaceAllUsesWith(copy, by);
	LLVMInstructionEraseFromParent(copy);
}

/* Entry: the record, and the locals, which follow from what every record
 * begins with. */
static void build_entry(struct resume *r)
{
	struct frames *fr = r->fr;
	const struct frame_function *fn = r->fn;
	LLVMValueRef base, at;

	LLVMPositionBuilderAtEnd(fr->b, r->entry);
	r->record =
		LLVMBuildCall2(fr->b, fr->pop_type, fr->pop, NULL, 0, "record");
	if (!fn->entry_sp)
		return;
	at = ir_gep(fr->b, r->record, sizeof(struct hexo_frame));
	r->entry_sp = LLVMBuildLoad2(fr->b, fr->ptr, at, "pstack");
	base = pstack_build_base(fr, fn, r->entry_sp);
	r->locals = base_alloc(fn->n_locals * sizeof(r->locals[0]));
	for (unsigned k = 0; k < fn->n_locals; k++) {
		LLVMValueRef v = pstack_build_local(fr, base, &fn->locals[k]);

		/* callees being resumed hold its address */
		LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->escape),
			       fr->escape, &v, 1, "");
		r->locals[k] = fn->locals[k];
		r->locals[k].value = v;
		replace_copy(r, fn->locals[k].value, v);
	}
	replace_copy(r, fn->entry_sp, r->entry_sp);
}

static void demote(struct resume *r, LLVMValueRef v)
{
	if (ir_map_get(&r->slot_index, v) >= 0)
		return;
	ir_map_put(&r->slot_index, v, (int)r->demoted.n);
	ir_list_add(&r->demoted, v);
	ir_list_add(&r->slots,
		    LLVMBuildAlloca(r->fr->b, LLVMTypeOf(v), "slot"));
}

static bool has_result(LLVMValueRef invoke)
{
	return LLVMGetTypeKind(LLVMTypeOf(invoke)) != LLVMVoidTypeKind &&
	       LLVMGetFirstUse(invoke);
}

static LLVMValueRef slot_of(const struct resume *r, LLVMValueRef v)
{
	int i = ir_map_get(&r->slot_index, v);

	return i < 0 ? NULL : r->slots.at[i];
}

/* A phi reads the slot at the end of the block the value comes from; edges
 * that come twice from one block share the load. */
static void load_for_phi(struct resume *r, LLVMValueRef phi, LLVMValueRef c,
			 LLVMValueRef slot)
{
	unsigned n = LLVMCountIncoming(phi);

	for (unsigned k = 0; k < n; k++) {
		LLVMBasicBlockRef from = LLVMGetIncomingBlock(phi, k);
		LLVMValueRef load;

		if (LLVMGetIncomingValue(phi, k) != c)
			continue;
		LLVMPositionBuilderBefore(r->fr->b,
					  LLVMGetBasicBlockTerminator(from));
		load = LLVMBuildLoad2(r->fr->b, LLVMTypeOf(c), slot, "");
		for (unsigned j = k; j < n; j++)
			if (LLVMGetIncomingBlock(phi, j) == from)
				LLVMSetOperand(phi, j, load);
	}
}

static void load_for_uses(struct resume *r, LLVMValueRef c, LLVMValueRef slot)
{
	struct ir_list users = { 0 };

	for (LLVMUseRef u = LLVMGetFirstUse(c); u; u = LLVMGetNextUse(u))
		ir_list_add(&users, LLVMGetUser(u));
	for (unsigned k = 0; k < users.n; k++) {
		LLVMValueRef user = users.at[k], load;

		if (LLVMGetInstructionOpcode(user) == LLVMPHI) {
			load_for_phi(r, user, c, slot);
			continue;
		}
		LLVMPositionBuilderBefore(r->fr->b, user);
		load = LLVMBuildLoad2(r->fr->b, LLVMTypeOf(c), slot, "");
		for (int o = 0; o < LLVMGetNumOperands(user); o++)
			if (LLVMGetOperand(user, (unsigned)o) == c)
				LLVMSetOperand(user, (unsigned)o, load);
	}
	ir_list_free(&users);
}

/* After its definition; an invoke's result on an edge of its own, since the
 * block it leads to is also reached from the resumed call. */
static void store_definition(struct resume *r, LLVMValueRef v, LLVMValueRef c,
			     LLVMValueRef slot)
{
	LLVMBuilderRef b = r->fr->b;
	LLVMBasicBlockRef edge, normal;

	if (LLVMIsAArgument(v))
		return;
	if (LLVMGetInstructionOpcode(c) != LLVMInvoke) {
		LLVMValueRef at = LLVMGetNextInstruction(c);

		if (LLVMGetInstructionOpcode(c) == LLVMPHI)
			at = ir_first_nonphi(LLVMGetInstructionParent(c));
		LLVMPositionBuilderBefore(b, at);
		LLVMBuildStore(b, c, slot);
		return;
	}
	normal = LLVMGetNormalDest(c);
	edge = LLVMAppendBasicBlockInContext(ir_context(r->fr->m), r->g, "");
	LLVMPositionBuilderAtEnd(b, edge);
	LLVMBuildStore(b, c, slot);
	LLVMBuildBr(b, normal);
	LLVMSetNormalDest(c, edge);
}

/* A block that reloads a site's values and resumes its callee. */
static LLVMBasicBlockRef build_site(struct resume *r, unsigned k)
{
	struct frames *fr = r->fr;
	LLVMContextRef c = ir_context(fr->m);
	const struct site *s = &r->fn->sites[k];
	LLVMBasicBlockRef start = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMBasicBlockRef joined = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMBasicBlockRef pad = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMValueRef *values = base_alloc(s->live.n * sizeof(values[0]));
	LLVMTypeRef type = LLVMFunctionType(LLVMTypeOf(s->invoke), NULL, 0, 0);
	LLVMValueRef next, invoke, slot;
	LLVMBasicBlockRef normal = LLVMGetNormalDest(s->invoke);

	/* 1. reload and go one frame deeper */
	LLVMPositionBuilderAtEnd(fr->b, start);
	for (unsigned i = 0; i < s->live.n; i++) {
		LLVMValueRef v = s->live.at[i];
		LLVMValueRef at = ir_gep(fr->b, r->record, s->offset[i]);

		values[i] = slot_of(r, v);
		LLVMBuildStore(fr->b,
			       LLVMBuildLoad2(fr->b, LLVMTypeOf(v), at, ""),
			       values[i]);
	}
	next = LLVMBuildCall2(fr->b, fr->pop_type, fr->next, NULL, 0, "next");
	invoke = LLVMBuildInvoke2(fr->b, type, next, NULL, 0, joined, pad, "");
	/* 2. the call has returned: on with the copy */
	LLVMPositionBuilderAtEnd(fr->b, joined);
	slot = slot_of(r, s->invoke);
	if (slot)
		LLVMBuildStore(fr->b, invoke, slot);
	LLVMBuildBr(fr->b, copy_of_block(r, normal));
	/* 3. parked again before it returned */
	LLVMPositionBuilderAtEnd(fr->b, pad);
	capture_build_save(fr, r->fn, k, values, true, r->entry_sp, r->locals);
	free(values);
	return start;
}

static void build_dispatch(struct resume *r)
{
	struct frames *fr = r->fr;
	LLVMContextRef c = ir_context(fr->m);
	LLVMBasicBlockRef *starts = base_alloc(r->fn->n * sizeof(starts[0]));
	LLVMBasicBlockRef nowhere = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMValueRef site, select;

	for (unsigned k = 0; k < r->fn->n; k++)
		starts[k] = build_site(r, k);
	LLVMPositionBuilderAtEnd(fr->b, nowhere);
	LLVMBuildUnreachable(fr->b);
	LLVMPositionBuilderAtEnd(fr->b, r->entry);
	site = LLVMBuildLoad2(fr->b, fr->i32, r->record, "site");
	select = LLVMBuildSwitch(fr->b, site, nowhere, r->fn->n);
	for (unsigned k = 0; k < r->fn->n; k++)
		LLVMAddCase(select, ir_i32(fr->m, k), starts[k]);
	free(starts);
}

static LLVMValueRef declare_clone(struct frames *fr, LLVMValueRef f)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(f);
	char *name = base_printf("%s.resume", ir_name(f));
	LLVMValueRef g =
		LLVMAddFunction(fr->m, name,
				LLVMFunctionType(LLVMGetReturnType(type), NULL,
						 0, 0));

	free(name);
	LLVMSetPersonalityFn(g, fr->personality);
	LLVMSetLinkage(g, LLVMInternalLinkage);
	ir_mark(g, "hexo-resume");
	return g;
}

/*
 * Values times sites beyond which a clone is left unoptimised: rebuilding
 * SSA gives each of them a phi, and LLVM's clean-ups take quadratic time.
 * It runs only until the resumed call of a very large function returns.
 */
#define LARGE 6000

static void keep_cheap(struct resume *r)
{
	unsigned values = 0;

	for (unsigned k = 0; k < r->fn->n; k++)
		values += r->fn->sites[k].live.n;
	if (values < LARGE)
		return;
	ir_function_attribute(r->g, "optnone", 0);
	ir_function_attribute(r->g, "noinline", 0);
}

LLVMValueRef resume_build(struct frames *fr, struct frame_function *fn)
{
	struct resume r = { .fr = fr, .fn = fn };

	/* 1. the copy */
	r.g = declare_clone(fr, fn->f);
	r.entry =
		LLVMAppendBasicBlockInContext(ir_context(fr->m), r.g, "resume");
	copy_body(&r);
	build_entry(&r);
	/* 2. a slot for each value that has several definitions now */
	LLVMPositionBuilderAtEnd(fr->b, r.entry);
	for (unsigned k = 0; k < fn->n; k++) {
		for (unsigned i = 0; i < fn->sites[k].live.n; i++)
			demote(&r, fn->sites[k].live.at[i]);
		if (has_result(fn->sites[k].invoke))
			demote(&r, fn->sites[k].invoke);
	}
	for (unsigned i = 0; i < r.demoted.n; i++) {
		LLVMValueRef v = r.demoted.at[i];
		LLVMValueRef c = copy_of(&r, v);

		load_for_uses(&r, c, r.slots.at[i]);
		store_definition(&r, v, c, r.slots.at[i]);
	}
	/* 3. the ways in */
	build_dispatch(&r);
	keep_cheap(&r);
	ir_map_free(&r.index);
	ir_map_free(&r.slot_index);
	ir_list_free(&r.copies);
	ir_list_free(&r.demoted);
	ir_list_free(&r.slots);
	free(r.locals);
	return r.g;
}
