/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Locals that still have an address after optimisation go to the portable
 * stack, at the same address on every ISA. The function saves the stack
 * pointer at entry and puts it back before it returns.
 */
#include "toolchain/pass/frames.h"

#include <llvm-c/Target.h>
#include <string.h>

#include "base/base.h"
#include "hexo/layout.h"

/* Lifetime markers speak of allocas only. */
static void drop_lifetimes(LLVMValueRef alloca)
{
	LLVMUseRef next;

	for (LLVMUseRef u = LLVMGetFirstUse(alloca); u; u = next) {
		LLVMValueRef user = LLVMGetUser(u);
		LLVMValueRef f;

		next = LLVMGetNextUse(u);
		if (!LLVMIsAInstruction(user) || !ir_is_call(user))
			continue;
		f = ir_callee(user);
		if (f && (strncmp(ir_name(f), "llvm.lifetime.", 14) == 0 ||
			  strncmp(ir_name(f), "llvm.invariant.", 15) == 0))
			LLVMInstructionEraseFromParent(user);
	}
}

LLVMValueRef pstack_build_base(struct frames *fr,
			       const struct frame_function *fn,
			       LLVMValueRef entry)
{
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(fr->m));
	LLVMTypeRef params[] = { fr->ptr, fr->i64 };
	unsigned mask = LLVMLookupIntrinsicID("llvm.ptrmask", 12);
	LLVMValueRef step = ir_i64(fr->m, -fn->locals_size);
	LLVMValueRef args[2];

	args[0] = LLVMBuildGEP2(fr->b, i8, entry, &step, 1, "base");
	args[1] = ir_i64(fr->m, -fn->locals_align);
	if (fn->locals_align <= 16)
		return args[0];
	return LLVMBuildCall2(
		fr->b, LLVMIntrinsicGetType(ir_context(fr->m), mask, params, 2),
		LLVMGetIntrinsicDeclaration(fr->m, mask, params, 2), args, 2,
		"base");
}

LLVMValueRef pstack_build_local(struct frames *fr, LLVMValueRef base,
				const struct frame_local *local)
{
	LLVMValueRef args[] = { base, ir_i64(fr->m, local->offset) };
	LLVMValueRef v =
		LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->local),
			       fr->local, args, 2, "local");

	LLVMAddCallSiteAttribute(v, LLVMAttributeReturnIndex,
				 ir_attribute(fr->m, "align", local->align));
	return v;
}

/* A variable-size local: a live value like any other. */
static void convert_dynamic(struct frames *fr, LLVMValueRef alloca)
{
	LLVMTypeRef type = LLVMGetAllocatedType(alloca);
	uint64_t align = LLVMGetAlignment(alloca);
	LLVMValueRef args[2], v;

	LLVMPositionBuilderBefore(fr->b, alloca);
	v = LLVMBuildIntCast2(fr->b, LLVMGetOperand(alloca, 0), fr->i64, 0, "");
	args[0] =
		LLVMBuildMul(fr->b, v,
			     ir_i64(fr->m, LLVMABISizeOfType(fr->layout, type)),
			     "");
	args[1] = ir_i64(fr->m, align);
	v = LLVMBuildCall2(fr->b, LLVMGlobalGetValueType(fr->dynamic),
			   fr->dynamic, args, 2, "local");
	LLVMAddCallSiteAttribute(v, LLVMAttributeReturnIndex,
				 ir_attribute(fr->m, "align", align));
	LLVMReplaceAllUsesWith(alloca, v);
	LLVMInstructionEraseFromParent(alloca);
}

/* Gives each fixed local its place below the stack pointer at entry. */
static void lay_out(struct frames *fr, struct frame_function *fn)
{
	uint64_t at = 0;

	fn->locals = base_alloc(fn->fixed.n * sizeof(fn->locals[0]));
	fn->n_locals = fn->fixed.n;
	fn->locals_align = 16;
	for (unsigned k = 0; k < fn->n_locals; k++) {
		LLVMValueRef a = fn->fixed.at[k];
		LLVMValueRef count = LLVMGetOperand(a, 0);
		uint64_t each =
			LLVMABISizeOfType(fr->layout, LLVMGetAllocatedType(a));
		struct frame_local *l = &fn->locals[k];

		l->align = LLVMGetAlignment(a);
		l->offset = ir_align_up(at, l->align);
		at = l->offset + each * LLVMConstIntGetZExtValue(count);
		if (l->align > fn->locals_align)
			fn->locals_align = l->align;
	}
	fn->locals_size = ir_align_up(at, 16);
}

/* llvm.stacksave and stackrestore around variable-size locals. */
static void convert_stack_calls(struct frames *fr, LLVMValueRef f)
{
	ir_each_block (b, f) {
		ir_each_inst_safe (i, next, b) {
			if (ir_calls(i, "llvm.stacksave.p0")) {
				LLVMPositionBuilderBefore(fr->b, i);
				LLVMReplaceAllUsesWith(
					i, LLVMBuildLoad2(fr->b, fr->ptr,
							  fr->pstack, ""));
			} else if (ir_calls(i, "llvm.stackrestore.p0")) {
				LLVMPositionBuilderBefore(fr->b, i);
				LLVMBuildStore(fr->b, LLVMGetOperand(i, 0),
					       fr->pstack);
			} else {
				continue;
			}
			LLVMInstructionEraseFromParent(i);
		}
	}
}

static bool is_fixed(LLVMValueRef alloca, LLVMBasicBlockRef entry)
{
	return LLVMGetInstructionParent(alloca) == entry &&
	       LLVMIsAConstantInt(LLVMGetOperand(alloca, 0));
}

/*
 * Locals larger than the hole below the stack could reach beyond it: touch
 * them downwards in steps that cannot jump over it.
 */
static void build_probes(struct frames *fr, const struct frame_function *fn,
			 LLVMValueRef base)
{
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(fr->m));
	uint64_t step = HEXO_HOLE / 2;

	for (uint64_t at = fn->locals_size; at >= step;) {
		LLVMValueRef touch;

		at -= step;
		touch = LLVMBuildStore(fr->b, LLVMConstNull(i8),
				       ir_gep(fr->b, base, at));
		LLVMSetVolatile(touch, 1);
	}
}

/* The function's entry: what the stack pointer was, and each local. */
static void build_entry(struct frames *fr, struct frame_function *fn)
{
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(fn->f);
	LLVMValueRef base;

	LLVMPositionBuilderBefore(fr->b, LLVMGetFirstInstruction(entry));
	fn->entry_sp = LLVMBuildLoad2(fr->b, fr->ptr, fr->pstack, "pstack");
	if (!fn->n_locals)
		return;
	base = pstack_build_base(fr, fn, fn->entry_sp);
	build_probes(fr, fn, base);
	LLVMBuildStore(fr->b, base, fr->pstack);
	for (unsigned k = 0; k < fn->n_locals; k++)
		fn->locals[k].value =
			pstack_build_local(fr, base, &fn->locals[k]);
	for (unsigned k = 0; k < fn->n_locals; k++) {
		LLVMReplaceAllUsesWith(fn->fixed.at[k], fn->locals[k].value);
		LLVMInstructionEraseFromParent(fn->fixed.at[k]);
	}
}

static void restore_at_returns(struct frames *fr, struct frame_function *fn)
{
	ir_each_block (b, fn->f) {
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (LLVMGetInstructionOpcode(end) != LLVMRet)
			continue;
		LLVMPositionBuilderBefore(fr->b, end);
		LLVMBuildStore(fr->b, fn->entry_sp, fr->pstack);
	}
}

void pstack_convert(struct frames *fr, struct frame_function *fn)
{
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(fn->f);
	struct ir_list dynamic = { 0 };

	ir_each_block (b, fn->f) {
		ir_each_inst (i, b) {
			if (LLVMIsAAllocaInst(i))
				ir_list_add(is_fixed(i, entry) ? &fn->fixed
							       : &dynamic,
					    i);
		}
	}
	fn->has_stack = fn->fixed.n + dynamic.n > 0;
	for (unsigned k = 0; k < fn->fixed.n; k++)
		drop_lifetimes(fn->fixed.at[k]);
	for (unsigned k = 0; k < dynamic.n; k++) {
		drop_lifetimes(dynamic.at[k]);
		convert_dynamic(fr, dynamic.at[k]);
	}
	if (fn->has_stack)
		convert_stack_calls(fr, fn->f);
	ir_list_free(&dynamic);
}

void pstack_add(struct frames *fr, struct frame_function *fn, uint64_t size)
{
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(fn->f);
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(fr->m));
	LLVMValueRef alloca;

	LLVMPositionBuilderBefore(fr->b, LLVMGetFirstInstruction(entry));
	alloca = LLVMBuildAlloca(fr->b, LLVMArrayType2(i8, size), "area");
	LLVMSetAlignment(alloca, 16);
	ir_list_add(&fn->fixed, alloca);
}

void pstack_place(struct frames *fr, struct frame_function *fn)
{
	if (!fn->has_stack)
		return;
	lay_out(fr, fn);
	build_entry(fr, fn);
	restore_at_returns(fr, fn);
}
