/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Capture: each site becomes an invoke; its landing pad saves the frame's
 * record and goes on unwinding (see <hexo/frame.h>). On the fast path this
 * costs nothing, provided that the pads stay apart (nomerge: else site
 * numbers would be kept in registers) and keep nothing across the save (they
 * end in a call that does not return).
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdlib.h>

#include "base/base.h"
#include "hexo/frame.h"

static LLVMValueRef make_invoke(struct frames *fr, LLVMValueRef call,
				LLVMBasicBlockRef pad)
{
	LLVMBasicBlockRef block = LLVMGetInstructionParent(call);
	LLVMBasicBlockRef rest = ir_split_after(call);
	unsigned n = LLVMGetNumArgOperands(call);
	LLVMValueRef *args = base_alloc(n * sizeof(args[0]));
	LLVMMetadataRef where = LLVMInstructionGetDebugLoc(call);
	LLVMValueRef invoke;

	for (unsigned k = 0; k < n; k++)
		args[k] = LLVMGetOperand(call, k);
	LLVMPositionBuilderAtEnd(fr->b, block);
	invoke = LLVMBuildInvoke2(fr->b, LLVMGetCalledFunctionType(call),
				  LLVMGetCalledValue(call), args, n, rest, pad,
				  "");
	free(args);
	ir_copy_call_attributes(call, invoke, n);
	ir_drop_call_attribute(invoke, LLVMAttributeFunctionIndex, "nounwind");
	LLVMInstructionSetDebugLoc(invoke, where);
	LLVMReplaceAllUsesWith(call, invoke);
	LLVMInstructionEraseFromParent(call);
	return invoke;
}

static enum site_kind kind_of(LLVMValueRef call)
{
	LLVMValueRef f = ir_callee(call);

	if (f && function_is_setjmp(f))
		return SITE_SETJMP;
	return f && ir_is_named(f, "hexo_poll_park") ? SITE_PARK : SITE_CALL;
}

static void find_sites(struct frames *fr, struct frame_function *fn)
{
	struct ir_list calls = { 0 };

	ir_each_block (b, fn->f) {
		ir_each_inst (i, b) {
			if (callgraph_is_site(fr->calls, i))
				ir_list_add(&calls, i);
		}
	}
	fn->n = calls.n;
	fn->sites = base_alloc(calls.n * sizeof(fn->sites[0]));
	for (unsigned k = 0; k < calls.n; k++) {
		struct site *s = &fn->sites[k];

		s->pad = LLVMAppendBasicBlockInContext(ir_context(fr->m), fn->f,
						       "capture");
		/* liveness reads every block: give the pad an end */
		LLVMPositionBuilderAtEnd(fr->b, s->pad);
		LLVMBuildUnreachable(fr->b);
		s->kind = kind_of(calls.at[k]);
		s->invoke = make_invoke(fr, calls.at[k], s->pad);
	}
	ir_list_free(&calls);
}

/* Records are aligned to 16, whatever they hold. */
void frame_limit_alignment(LLVMValueRef access)
{
	if (LLVMGetAlignment(access) > 16)
		LLVMSetAlignment(access, 16);
}

static void build_stores(struct frames *fr, const struct site *s,
			 LLVMValueRef record, const struct frame_state *state)
{
	for (unsigned k = 0; k < s->live.n; k++) {
		LLVMTypeRef type = LLVMTypeOf(s->live.at[k]);
		LLVMValueRef v = state->values[k];

		if (state->slots)
			v = LLVMBuildLoad2(fr->b, type, v, "");
		v = LLVMBuildStore(fr->b, v,
				   ir_gep(fr->b, record, s->offset[k]));
		frame_limit_alignment(v);
	}
}

void capture_build_escape(struct frames *fr, const struct frame_function *fn,
			  const struct frame_local *locals)
{
	for (unsigned k = 0; k < fn->n_locals; k++) {
		LLVMValueRef v = locals[k].value;

		LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->escape),
			       fr->escape, &v, 1, "");
	}
}

/* All of a record but its header. */
static void build_payload(struct frames *fr, const struct frame_function *fn,
			  const struct site *s, LLVMValueRef record,
			  const struct frame_state *state)
{
	uint64_t head = sizeof(struct hexo_frame);

	if (state->entry_sp)
		LLVMBuildStore(fr->b, state->entry_sp,
			       ir_gep(fr->b, record, head));
	/* their contents must be in memory now */
	if (s->kind != SITE_SETJMP)
		capture_build_escape(fr, fn, state->locals);
	if (state->image)
		LLVMBuildMemCpy(fr->b, ir_gep(fr->b, record, head), 16,
				ir_gep(fr->b, state->image, head), 16,
				ir_i64(fr->m, s->size - head));
	else
		build_stores(fr, s, record, state);
}

static LLVMValueRef build_landing_pad(struct frames *fr)
{
	LLVMValueRef pad =
		LLVMBuildLandingPad(fr->b, fr->pad_type, NULL, 0, "");

	LLVMSetCleanup(pad, 1);
	return pad;
}

/* The record that hexo_frame_save() would begin, in the site's area. */
static void build_area(struct frames *fr, const struct frame_function *fn,
		       unsigned site, const struct frame_state *state)
{
	const struct site *s = &fn->sites[site];
	LLVMValueRef header[] = {
		ir_i32(fr->m, site),
		fn->number,
		ir_i32(fr->m, (uint32_t)s->size),
		ir_i32(fr->m, 0),
	};
	LLVMValueRef area = state->locals[s->area].value;

	build_landing_pad(fr);
	for (unsigned k = 0; k < 4; k++)
		LLVMBuildStore(fr->b, header[k], ir_gep(fr->b, area, 4 * k));
	build_payload(fr, fn, s, area, state);
	jump_build_set(fr, area);
	LLVMBuildUnreachable(fr->b);
}

void capture_build_pad(struct frames *fr, const struct frame_function *fn,
		       unsigned site, const struct frame_state *state)
{
	const struct site *s = &fn->sites[site];
	LLVMValueRef args[] = {
		fn->number,
		ir_i32(fr->m, site),
		ir_i32(fr->m, (uint32_t)s->size),
	};
	LLVMValueRef record;

	if (s->kind == SITE_SETJMP) {
		build_area(fr, fn, site, state);
		return;
	}
	build_landing_pad(fr);
	if (fn->n_areas && s->kind == SITE_CALL)
		jump_build_check(fr, fn, state);
	record = LLVMBuildCall2(fr->b, fr->save_type, fr->save, args, 3, "");
	ir_call_attribute(record, "nomerge", 0);
	build_payload(fr, fn, s, record, state);
	LLVMBuildCall2(fr->b, fr->unwind_type, fr->unwind, NULL, 0, "");
	LLVMBuildUnreachable(fr->b);
}

static void add_areas(struct frames *fr, struct frame_function *fn)
{
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];

		if (s->kind != SITE_SETJMP)
			continue;
		s->area = fn->fixed.n;
		pstack_add(fr, fn, s->size);
		fn->n_areas++;
		fn->areas_size += s->size;
	}
}

void capture_plan(struct frames *fr, struct frame_function *fn)
{
	find_sites(fr, fn);
	for (unsigned k = 0; k < fn->n; k++)
		fn->has_stack |= fn->sites[k].kind == SITE_SETJMP;
	liveness_fill(fn);
	remat_plan(fn);
	record_lay_out(fr, fn);
	add_areas(fr, fn);
	LLVMSetPersonalityFn(fn->f, fn->n_areas ? fr->jump_personality
						: fr->personality);
}

void capture_build(struct frames *fr, struct frame_function *fn)
{
	LLVMBasicBlockRef landing =
		fn->n_areas ? jump_build_landing(fr, fn) : NULL;

	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];
		struct frame_state state = {
			.entry_sp = fn->entry_sp,
			.locals = fn->locals,
			.values = s->live.at,
			.landing = landing,
		};

		LLVMInstructionEraseFromParent(LLVMGetFirstInstruction(s->pad));
		LLVMPositionBuilderAtEnd(fr->b, s->pad);
		capture_build_pad(fr, fn, k, &state);
	}
}
