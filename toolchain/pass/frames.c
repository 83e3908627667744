/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/frames.h"
#include "toolchain/pass/pass.h"

#include <errno.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Target.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/pass/layout.h"
#include "toolchain/pass/pathlen.h"

/* What may no longer be assumed of a function that can be captured. */
static const char *const dropped[] = {
	"nounwind", "memory", "willreturn", "norecurse", "nosync", "nofree",
};

static void drop_attributes(LLVMValueRef f)
{
	for (size_t k = 0; k < sizeof(dropped) / sizeof(dropped[0]); k++)
		ir_drop_attribute(f, LLVMAttributeFunctionIndex, dropped[k]);
}

static LLVMValueRef runtime(struct frames *fr, const char *name,
			    LLVMTypeRef type)
{
	LLVMValueRef f = LLVMGetNamedFunction(fr->m, name);

	if (!f)
		f = LLVMAddFunction(fr->m, name, type);
	ir_function_attribute(f, "cold", 0);
	ir_function_attribute(f, "noinline", 0);
	ir_function_attribute(f, "nounwind", 0);
	return f;
}

static LLVMValueRef marker(struct frames *fr, const char *name,
			   LLVMTypeRef result, const LLVMTypeRef *params,
			   unsigned n)
{
	LLVMValueRef f = ir_declare(fr->m, name, result, params, n);

	ir_function_attribute(f, "nounwind", 0);
	ir_function_attribute(f, "willreturn", 0);
	ir_function_attribute(f, "memory", IR_MEMORY_INACCESSIBLE);
	if (result == fr->ptr)
		LLVMAddAttributeAtIndex(f, LLVMAttributeReturnIndex,
					ir_attribute(fr->m, "noalias", 0));
	return f;
}

static void declare_markers(struct frames *fr)
{
	LLVMTypeRef place[] = { fr->ptr, fr->i64 };
	LLVMTypeRef size[] = { fr->i64, fr->i64 };

	fr->local = marker(fr, MARK_LOCAL, fr->ptr, place, 2);
	fr->dynamic = marker(fr, MARK_DYNAMIC, fr->ptr, size, 2);
	fr->escape = marker(fr, MARK_ESCAPE, fr->none, &fr->ptr, 1);
}

static LLVMValueRef personality(struct frames *fr, const char *name)
{
	LLVMValueRef f = LLVMGetNamedFunction(fr->m, name);

	return f ? f
		 : LLVMAddFunction(fr->m, name,
				   LLVMFunctionType(fr->i32, NULL, 0, 1));
}

static void prepare(struct frames *fr, LLVMModuleRef m)
{
	LLVMContextRef c = ir_context(m);
	LLVMTypeRef pad[2];

	fr->m = m;
	fr->lines = (struct lines){ .m = m };
	fr->layout = LLVMGetModuleDataLayout(m);
	fr->b = LLVMCreateBuilderInContext(c);
	fr->ptr = LLVMPointerTypeInContext(c, 0);
	fr->i32 = LLVMInt32TypeInContext(c);
	fr->i64 = LLVMInt64TypeInContext(c);
	fr->none = LLVMVoidTypeInContext(c);
	pad[0] = fr->ptr;
	pad[1] = fr->i32;
	fr->pad_type = LLVMStructTypeInContext(c, pad, 2, 0);
	fr->save_type =
		LLVMFunctionType(fr->ptr,
				 (LLVMTypeRef[]){ fr->i32, fr->i32, fr->i32 },
				 3, 0);
	fr->pop_type = LLVMFunctionType(fr->ptr, NULL, 0, 0);
	fr->unwind_type = LLVMFunctionType(fr->none, NULL, 0, 0);
	fr->save = runtime(fr, "hexo_frame_save", fr->save_type);
	fr->pop = runtime(fr, "hexo_frame_pop", fr->pop_type);
	fr->next = runtime(fr, "hexo_frame_next", fr->pop_type);
	fr->jump_set = ir_declare(m, "hexo_jump_set", fr->none,
				  (LLVMTypeRef[]){ fr->ptr, fr->ptr }, 2);
	fr->jump_here =
		ir_declare(m, "hexo_jump_here", LLVMInt1TypeInContext(c),
			   (LLVMTypeRef[]){ fr->ptr, fr->i64 }, 2);
	fr->unwind = runtime(fr, "hexo_unwind_continue", fr->unwind_type);
	ir_drop_attribute(fr->unwind, LLVMAttributeFunctionIndex, "nounwind");
	ir_function_attribute(fr->unwind, "noreturn", 0);
	fr->personality = personality(fr, "hexo_personality");
	fr->jump_personality = personality(fr, "__gcc_personality_v0");
	fr->pstack = LLVMGetNamedGlobal(m, "hexo_pstack");
	if (!fr->pstack)
		fr->pstack = LLVMAddGlobal(m, fr->ptr, "hexo_pstack");
	declare_markers(fr);
}

/* A record names its function by the address of the resume table's entry. */
static LLVMValueRef declare_entry(struct frames *fr, LLVMValueRef f)
{
	char *name = base_printf(LAYOUT_RESUME_PREFIX "%s", ir_name(f));
	LLVMValueRef entry = LLVMAddFunction(fr->m, name, fr->pop_type);

	free(name);
	return LLVMConstPtrToInt(entry, fr->i32);
}

/*
 * hexo_poll_park comes back only by way of a resume clone, never to where it
 * was called. So its frame is saved before the call instead of in a landing
 * pad: the values need to be in memory only there, on the cold path, and not
 * wherever the register allocator would rather spill them for the pad.
 */
static void cut_park(struct frames *fr, LLVMValueRef invoke)
{
	LLVMBasicBlockRef pad = LLVMGetUnwindDest(invoke);
	LLVMValueRef call;

	LLVMPositionBuilderBefore(fr->b, invoke);
	ir_each_inst_safe (i, next, pad) {
		if (LLVMGetInstructionOpcode(i) == LLVMLandingPad)
			continue;
		if (ir_calls(i, "hexo_unwind_continue"))
			break;
		LLVMInstructionRemoveFromParent(i);
		LLVMInsertIntoBuilder(fr->b, i);
	}
	call = LLVMBuildCall2(fr->b, LLVMGetCalledFunctionType(invoke),
			      LLVMGetCalledValue(invoke), NULL, 0, "");
	ir_copy_call_attributes(invoke, call, 0);
	ir_call_attribute(call, "noreturn", 0);
	LLVMBuildUnreachable(fr->b);
	LLVMInstructionEraseFromParent(invoke);
	LLVMDeleteBasicBlock(pad);
}

/* Done last, since what is live after a poll was found from the way back. */
static void cut_invokes(struct frames *fr, LLVMValueRef f)
{
	struct ir_list invokes = { 0 };

	ir_each_block (b, f) {
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (end && LLVMGetInstructionOpcode(end) == LLVMInvoke &&
		    ir_callee(end))
			ir_list_add(&invokes, end);
	}
	for (unsigned k = 0; k < invokes.n; k++) {
		LLVMValueRef invoke = invokes.at[k], callee = ir_callee(invoke);

		if (ir_is_named(callee, "hexo_poll_park"))
			cut_park(fr, invoke);
		else if (function_is_setjmp(callee))
			jump_cut(fr, invoke);
	}
	ir_list_free(&invokes);
}

/* A park unwinds; native code must find its frame. */
static void prepare_polls(LLVMModuleRef m)
{
	ir_each_definition (f, m) {
		if (!function_is_poll(f))
			continue;
		drop_attributes(f);
		ir_function_attribute(f, "uwtable", 2);
		ir_function_attribute(f, "cold", 0);
		ir_function_attribute(f, "noinline", 0);
	}
}

static void free_function(struct frame_function *fn)
{
	for (unsigned k = 0; k < fn->n; k++) {
		ir_list_free(&fn->sites[k].live);
		free(fn->sites[k].offset);
	}
	free(fn->sites);
	ir_list_free(&fn->remat);
	ir_map_free(&fn->remat_index);
	free(fn->locals);
	ir_list_free(&fn->fixed);
	ir_map_free(&fn->places);
}

/* Their calls in the function as it is now: those of polls are others than
 * when they were found. */
static void tell_sites(const struct frame_function *fn,
		       const struct ir_list *polls, struct pass_site *to)
{
	unsigned poll = 0;

	for (unsigned k = 0; k < fn->n; k++) {
		const struct site *s = &fn->sites[k];

		to[k].record = s->size;
		to[k].values = s->live.n;
		to[k].call = s->kind == SITE_CALL   ? s->invoke
			     : s->kind == SITE_PARK ? polls->at[poll++]
						    : NULL;
	}
}

/* fn: NULL if the function may reach no poll. */
static void tell(struct pass_stats *stats, LLVMValueRef f,
		 const struct frame_function *fn, const struct pathlen *path)
{
	struct pass_function told = {
		.name = ir_name(f),
		.migratable = fn != NULL,
		.sites = fn ? fn->n : 0,
	};
	struct pass_site *sites;

	if (!stats->on_function)
		return;
	told.longest = path->longest > 0 ? (uint64_t)path->longest : 0;
	told.unknown = path->unknown;
	if (told.longest > stats->longest || !stats->longest_in) {
		stats->longest = told.longest;
		stats->longest_in = f;
	}
	for (unsigned k = 0; k < told.sites; k++)
		told.live_values += fn->sites[k].live.n;
	if (fn)
		ir_each_block (b, f)
			ir_each_inst (i, b)
				if (ir_calls(i, "hexo_poll_park"))
					ir_list_add(&told.polls, i);
	sites = base_alloc(told.sites * sizeof(sites[0]));
	if (fn)
		tell_sites(fn, &told.polls, sites);
	told.site = sites;
	stats->on_function(&told);
	free(sites);
	ir_list_free(&told.polls);
}

static void convert(struct frames *fr, struct frame_function *fn)
{
	compare_differences(fn->f);
	pstack_convert(fr, fn);
	capture_plan(fr, fn);
	pstack_place(fr, fn);
	fn->clone = resume_declare(fr, fn->f);
	capture_build(fr, fn);
	resume_build(fr, fn);
	cut_invokes(fr, fn->f);
	cut_invokes(fr, fn->clone);
}

int pass_frames(LLVMModuleRef m, const struct pass_outside *outside,
		struct pass_stats *stats, struct hexo_error *err)
{
	struct frames fr;
	struct callgraph g;
	struct ir_list clones = { 0 };
	cleanup_free struct pathlen *paths = NULL;
	int r;

	prepare(&fr, m);
	prepare_polls(m);
	callgraph_make(&g, m, outside);
	fr.calls = &g;
	r = callgraph_find_reaching(&g, err);
	if (r < 0)
		goto out;
	stats->functions = g.functions.n;
	paths = stats->on_function ? pathlen_find(&g) : NULL;
	ir_each_function (f, m) {
		if (callgraph_may_poll(&g, f))
			drop_attributes(f);
	}
	for (unsigned i = 0; i < g.functions.n; i++) {
		struct frame_function fn = { .f = g.functions.at[i] };

		if (!g.reaches[i]) {
			tell(stats, fn.f, NULL, paths + i);
			continue;
		}
		/* the builder's line is still that of another function */
		LLVMSetCurrentDebugLocation2(fr.b, NULL);
		fn.number = declare_entry(&fr, fn.f);
		convert(&fr, &fn);
		tell(stats, fn.f, &fn, paths + i);
		ir_list_add(&clones, fn.clone);
		stats->sites += fn.n;
		for (unsigned k = 0; k < fn.n; k++)
			stats->live_values += fn.sites[k].live.n;
		free_function(&fn);
	}
	stats->migratable = clones.n;
	r = ir_run_passes(m, "function(mem2reg,simplifycfg)", err);
out:
	callgraph_free(&g);
	ir_list_free(&clones);
	lines_free(&fr.lines);
	LLVMDisposeBuilder(fr.b);
	return r;
}
