/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The resume clone of a function: a copy of its body behind an entry that
 * takes the frame's record, reloads what was live at the record's site,
 * resumes the next frame in place of the site's call, and goes on after it.
 *
 * SSA form breaks, since a value now has a definition in the copy and one
 * per site. So each value live at some site gets a stack slot, and mem2reg
 * rebuilds SSA afterwards. The slots of a large function are one block that
 * looks like its records; that clone is left as it is built.
 */
#include "toolchain/pass/resume.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdlib.h>

#include "base/base.h"
#include "hexo/frame.h"
#include "toolchain/pass/layout.h"

static void map_copy(struct resume *r, LLVMValueRef v, LLVMValueRef copy)
{
	ir_map_put(&r->index, v, (int)r->copies.n);
	ir_list_add(&r->copies, copy);
}

static LLVMMetadataRef line_of_copy(struct resume *r, LLVMValueRef original)
{
	return lines_move(&r->fr->lines, r->subprogram,
			  LLVMInstructionGetDebugLoc(original));
}

static void copy_instructions(struct resume *r)
{
	LLVMBuilderRef b = r->fr->b;

	ir_each_block (block, r->fn->f) {
		if (ir_map_get(&r->pads, block) >= 0)
			continue;
		LLVMPositionBuilderAtEnd(b, resume_copy_block(r, block));
		ir_each_inst (i, block) {
			LLVMValueRef c;

			if (i == ir_first_nonphi(block))
				reentry_part_block(r, block);
			if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
				c = LLVMBuildPhi(b, LLVMTypeOf(i), "");
			} else {
				c = LLVMInstructionClone(i);
				LLVMInsertIntoBuilder(b, c);
			}
			LLVMInstructionSetDebugLoc(c, line_of_copy(r, i));
			map_copy(r, i, c);
		}
	}
}

static void connect_phi(struct resume *r, LLVMValueRef phi, LLVMValueRef c)
{
	for (unsigned k = 0; k < LLVMCountIncoming(phi); k++) {
		LLVMValueRef v = resume_copy(r, LLVMGetIncomingValue(phi, k));
		LLVMBasicBlockRef from = LLVMGetIncomingBlock(phi, k);
		LLVMValueRef end = LLVMGetBasicBlockTerminator(from);

		/* a block may be in two parts */
		from = LLVMGetInstructionParent(resume_copy(r, end));
		LLVMAddIncoming(c, &v, &from, 1);
	}
}

static void connect_copies(struct resume *r)
{
	ir_each_block (block, r->fn->f) {
		if (ir_map_get(&r->pads, block) >= 0)
			continue;
		ir_each_inst (i, block) {
			LLVMValueRef c = resume_copy(r, i);

			if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
				connect_phi(r, i, c);
				continue;
			}
			for (int k = 0; k < LLVMGetNumOperands(i); k++) {
				unsigned at = (unsigned)k;
				LLVMValueRef o = LLVMGetOperand(i, at);

				if (resume_copy(r, o) != o)
					LLVMSetOperand(c, at,
						       resume_copy(r, o));
			}
		}
	}
}

static void copy_body(struct resume *r)
{
	LLVMValueRef f = r->fn->f;

	ir_each_block (b, f) {
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
	LLVMValueRef copy = resume_copy(r, original);

	LLVMReplaceAllUsesWith(copy, by);
	LLVMInstructionEraseFromParent(copy);
}

static LLVMValueRef build_pop(struct resume *r)
{
	struct frames *fr = r->fr;

	return LLVMBuildCall2(fr->b, fr->pop_type, fr->pop, NULL, 0, "record");
}

/* Entry: the record, and the locals, which follow from what every record
 * begins with. */
static void build_entry(struct resume *r)
{
	struct frames *fr = r->fr;
	const struct frame_function *fn = r->fn;
	LLVMValueRef base, at;

	LLVMPositionBuilderAtEnd(fr->b, r->entry);
	r->record = build_pop(r);
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

void resume_demote(struct resume *r, LLVMValueRef v)
{
	if (ir_map_get(&r->slot_index, v) >= 0)
		return;
	ir_map_put(&r->slot_index, v, (int)r->demoted.n);
	ir_list_add(&r->demoted, v);
	if (!r->fn->large)
		ir_list_add(&r->slots,
			    LLVMBuildAlloca(r->fr->b, LLVMTypeOf(v), "slot"));
}

static bool has_result(LLVMValueRef invoke)
{
	return LLVMGetTypeKind(LLVMTypeOf(invoke)) != LLVMVoidTypeKind &&
	       LLVMGetFirstUse(invoke);
}

LLVMValueRef resume_slot(const struct resume *r, LLVMValueRef v)
{
	int i = ir_map_get(&r->slot_index, v);

	if (i < 0)
		return NULL;
	if (!r->fn->large)
		return r->slots.at[i];
	return ir_gep(r->fr->b, r->image,
		      (uint64_t)ir_map_get(&r->fn->places, v));
}

struct slot_load {
	struct resume *r;
	LLVMValueRef v;
};

static LLVMValueRef load_slot(LLVMBuilderRef b, void *context)
{
	const struct slot_load *l = context;

	return LLVMBuildLoad2(b, LLVMTypeOf(l->v), resume_slot(l->r, l->v), "");
}

/* After its definition; an invoke's result on an edge of its own, since the
 * block it leads to is also reached from the resumed call. */
static void store_definition(struct resume *r, LLVMValueRef v, LLVMValueRef c)
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
		LLVMBuildStore(b, c, resume_slot(r, v));
		return;
	}
	normal = LLVMGetNormalDest(c);
	edge = LLVMAppendBasicBlockInContext(ir_context(r->fr->m), r->g, "");
	LLVMPositionBuilderAtEnd(b, edge);
	LLVMBuildStore(b, c, resume_slot(r, v));
	LLVMBuildBr(b, normal);
	LLVMSetNormalDest(c, edge);
}

/* The landing pad of site k: of its call's copy, and of its resumed call. */
static void build_pad(struct resume *r, unsigned k, LLVMBasicBlockRef pad)
{
	const struct site *s = &r->fn->sites[k];
	LLVMValueRef *values = base_alloc(s->live.n * sizeof(values[0]));
	struct frame_state state = {
		.entry_sp = r->entry_sp,
		.locals = r->locals,
		.values = values,
		.slots = true,
		.image = r->image,
		.landing = r->landing,
	};

	for (unsigned i = 0; i < s->live.n && !r->image; i++)
		values[i] = resume_slot(r, s->live.at[i]);
	LLVMPositionBuilderAtEnd(r->fr->b, pad);
	capture_build_pad(r->fr, r->fn, k, &state);
	free(values);
}

/* A block that resumes a site's callee; its values are in their slots. */
static LLVMBasicBlockRef build_site(struct resume *r, unsigned k)
{
	struct frames *fr = r->fr;
	LLVMContextRef c = ir_context(fr->m);
	const struct site *s = &r->fn->sites[k];
	LLVMBasicBlockRef start = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMBasicBlockRef joined = LLVMAppendBasicBlockInContext(c, r->g, "");
	LLVMBasicBlockRef rest = reentry_rest(r, k);
	LLVMTypeRef type = LLVMFunctionType(LLVMTypeOf(s->invoke), NULL, 0, 0);
	LLVMValueRef next, result;

	/* 1. one frame deeper */
	LLVMPositionBuilderAtEnd(fr->b, start);
	reentry_arrive(r);
	next = LLVMBuildCall2(fr->b, fr->pop_type, fr->next, NULL, 0, "next");
	if (s->kind != SITE_CALL) { /* nothing can park in it */
		result = LLVMBuildCall2(fr->b, type, next, NULL, 0, "");
		LLVMBuildBr(fr->b, joined);
	} else {
		LLVMBasicBlockRef pad =
			LLVMAppendBasicBlockInContext(c, r->g, "");

		result = LLVMBuildInvoke2(fr->b, type, next, NULL, 0, joined,
					  pad, "");
		build_pad(r, k, pad); /* parked again, before it returned */
	}
	LLVMInstructionSetDebugLoc(result, line_of_copy(r, s->invoke));
	/* 2. the call has returned: on with the copy */
	LLVMPositionBuilderAtEnd(fr->b, joined);
	if (ir_map_get(&r->slot_index, s->invoke) >= 0)
		LLVMBuildStore(fr->b, result, resume_slot(r, s->invoke));
	LLVMBuildBr(fr->b, rest);
	/* 3. parked in a later call */
	build_pad(r, k, resume_copy_block(r, s->pad));
	return start;
}

/* A large function's values: all at once, whatever the site. */
static void build_image(struct resume *r)
{
	struct frames *fr = r->fr;
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(fr->m));
	uint64_t head = sizeof(struct hexo_frame);
	uint64_t size = r->fn->sites[0].size;

	r->image = LLVMBuildAlloca(fr->b, LLVMArrayType2(i8, size), "image");
	/* its parts are at their natural alignment, unlike the record's */
	LLVMSetAlignment(r->image, 64);
	LLVMPositionBuilderAtEnd(fr->b, r->dispatch);
	LLVMBuildMemCpy(fr->b, ir_gep(fr->b, r->image, head), 16,
			ir_gep(fr->b, r->record, head), 16,
			ir_i64(fr->m, size - head));
	LLVMPositionBuilderAtEnd(fr->b, r->entry);
	ir_function_attribute(r->g, "optnone", 0);
	ir_function_attribute(r->g, "noinline", 0);
}

static void build_dispatch(struct resume *r)
{
	cleanup_free LLVMBasicBlockRef *starts =
		base_alloc(r->fn->n * sizeof(starts[0]));

	for (unsigned k = 0; k < r->fn->n; k++)
		starts[k] = build_site(r, k);
	LLVMPositionBuilderAtEnd(r->fr->b, r->dispatch);
	reentry_build_ways(r, starts);
}

LLVMValueRef resume_declare(struct frames *fr, LLVMValueRef f)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(f);
	char *name = base_printf("%s" LAYOUT_RESUME_SUFFIX, ir_name(f));
	LLVMValueRef g =
		LLVMAddFunction(fr->m, name,
				LLVMFunctionType(LLVMGetReturnType(type), NULL,
						 0, 0));

	free(name);
	LLVMSetPersonalityFn(g, LLVMGetPersonalityFn(f));
	LLVMSetLinkage(g, LLVMInternalLinkage);
	ir_mark(g, "hexo-resume");
	return g;
}

/* With areas: jumps to this frame end in a landing pad, take the area as
 * their record, and go on as the entry does. */
static void build_landing(struct resume *r)
{
	struct frames *fr = r->fr;
	LLVMContextRef c = ir_context(fr->m);
	LLVMBasicBlockRef from[2];
	LLVMValueRef record[2];

	r->dispatch = r->entry;
	if (!r->fn->n_areas)
		return;
	r->dispatch = LLVMAppendBasicBlockInContext(c, r->g, "dispatch");
	r->landing = LLVMAppendBasicBlockInContext(c, r->g, "landing");
	from[0] = r->entry;
	from[1] = r->landing;
	record[0] = r->record;
	LLVMPositionBuilderAtEnd(fr->b, r->landing);
	record[1] = build_pop(r);
	LLVMBuildBr(fr->b, r->dispatch);
	LLVMPositionBuilderAtEnd(fr->b, r->dispatch);
	r->record = LLVMBuildPhi(fr->b, fr->ptr, "record");
	LLVMAddIncoming(r->record, record, from, 2);
}

/* Users first: what is computed from a value takes it from where it is. */
static void compute_again(struct resume *r, struct ir_map *copies, bool *done,
			  unsigned k)
{
	LLVMValueRef c = resume_copy(r, r->fn->remat.at[k]);

	if (done[k])
		return;
	done[k] = true;
	for (LLVMUseRef u = LLVMGetFirstUse(c); u;) {
		int user = ir_map_get(copies, LLVMGetUser(u));

		if (user >= 0 && !done[user]) {
			compute_again(r, copies, done, (unsigned)user);
			u = LLVMGetFirstUse(c);
		} else {
			u = LLVMGetNextUse(u);
		}
	}
	remat_compute(r->fr->b, c);
}

static void compute_all_again(struct resume *r)
{
	const struct ir_list *remat = &r->fn->remat;
	cleanup_free bool *done = base_alloc(remat->n + 1);
	struct ir_map copies = { 0 };

	for (unsigned k = 0; k < remat->n; k++)
		ir_map_put(&copies, resume_copy(r, remat->at[k]), (int)k);
	for (unsigned k = 0; k < remat->n; k++)
		compute_again(r, &copies, done, k);
	ir_map_free(&copies);
}

void resume_build(struct frames *fr, struct frame_function *fn)
{
	struct resume r = { .fr = fr, .fn = fn, .g = fn->clone };

	/* 1. the copy */
	for (unsigned k = 0; k < fn->n; k++)
		ir_map_put(&r.pads, fn->sites[k].pad, 1);
	r.subprogram = lines_clone(&fr->lines, fn->f, r.g);
	LLVMSetCurrentDebugLocation2(fr->b, NULL);
	r.entry =
		LLVMAppendBasicBlockInContext(ir_context(fr->m), r.g, "resume");
	r.nowhere = LLVMAppendBasicBlockInContext(ir_context(fr->m), r.g, "");
	LLVMPositionBuilderAtEnd(fr->b, r.nowhere);
	LLVMBuildUnreachable(fr->b);
	if (!fn->large)
		reentry_plan(&r);
	copy_body(&r);
	build_entry(&r);
	build_landing(&r);
	compute_all_again(&r);
	/* 2. a slot for each value that has several definitions now */
	LLVMPositionBuilderAtEnd(fr->b, r.entry);
	if (fn->large)
		build_image(&r);
	for (unsigned k = 0; k < fn->n; k++) {
		for (unsigned i = 0; i < fn->sites[k].live.n; i++)
			resume_demote(&r, fn->sites[k].live.at[i]);
		if (has_result(fn->sites[k].invoke))
			resume_demote(&r, fn->sites[k].invoke);
	}
	if (!fn->large)
		reentry_prepare(&r);
	for (unsigned i = 0; i < r.demoted.n; i++) {
		LLVMValueRef v = r.demoted.at[i];
		LLVMValueRef c = resume_copy(&r, v);

		ir_remake_uses(r.fr->b, c, load_slot,
			       &(struct slot_load){ &r, v });
		store_definition(&r, v, c);
	}
	/* 3. the ways in */
	if (r.landing) {
		LLVMPositionBuilderAtEnd(fr->b, r.entry);
		LLVMBuildBr(fr->b, r.dispatch);
	}
	build_dispatch(&r);
	reentry_free(&r);
	ir_map_free(&r.index);
	ir_map_free(&r.slot_index);
	ir_map_free(&r.pads);
	ir_list_free(&r.copies);
	ir_list_free(&r.demoted);
	ir_list_free(&r.slots);
	free(r.locals);
}
