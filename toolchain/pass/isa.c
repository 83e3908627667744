/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The last pass before code generation, on one ISA's copy: markers become
 * portable stack arithmetic, the function table gets its jumps, and integer
 * divisions without a result fault where the hardware does not make them.
 */
#include <llvm-c/Target.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/pass/frames.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/layout.h"
#include "toolchain/pass/pass.h"

struct lowering {
	LLVMModuleRef m;
	LLVMBuilderRef b;
	LLVMTypeRef ptr, i64;
	LLVMValueRef pstack;
};

static LLVMValueRef align_down(struct lowering *l, LLVMValueRef p,
			       uint64_t align)
{
	LLVMTypeRef params[] = { l->ptr, l->i64 };
	unsigned id = LLVMLookupIntrinsicID("llvm.ptrmask", 12);
	LLVMValueRef args[] = { p, ir_i64(l->m, -align) };

	return LLVMBuildCall2(
		l->b, LLVMIntrinsicGetType(ir_context(l->m), id, params, 2),
		LLVMGetIntrinsicDeclaration(l->m, id, params, 2), args, 2, "");
}

static void replace(LLVMValueRef inst, LLVMValueRef by)
{
	LLVMReplaceAllUsesWith(inst, by);
	LLVMInstructionEraseFromParent(inst);
}

static LLVMValueRef below(struct lowering *l, LLVMValueRef p, LLVMValueRef size)
{
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(l->m));
	LLVMValueRef minus = LLVMBuildNeg(l->b, size, "");

	return LLVMBuildGEP2(l->b, i8, p, &minus, 1, "");
}

/*
 * Touches the byte below a variable-size local, or the hole below the stack
 * if the local does not fit: it may be so large that using it would not.
 */
static void build_touch(struct lowering *l, LLVMValueRef old, LLVMValueRef p)
{
	LLVMContextRef c = ir_context(l->m);
	LLVMTypeRef i8 = LLVMInt8TypeInContext(c);
	uint64_t control =
		HEXO_CONTROL_BASE + offsetof(struct hexo_control, memory);
	LLVMValueRef one = ir_i64(l->m, 1), memory, low, bad, touch;

	memory =
		LLVMBuildLoad2(l->b, l->i64,
			       LLVMConstIntToPtr(ir_i64(l->m, control), l->ptr),
			       "");
	LLVMSetVolatile(memory, 1);
	/* pstack_low of hexo_layout_make() */
	low = LLVMBuildAdd(l->b, memory,
			   ir_i64(l->m, HEXO_PORTABLE_BASE + HEXO_HOLE), "");
	low = LLVMBuildIntToPtr(l->b, low, l->ptr, "");
	bad = LLVMBuildOr(l->b, LLVMBuildICmp(l->b, LLVMIntULT, p, low, ""),
			  LLVMBuildICmp(l->b, LLVMIntUGT, p, old, ""), "");
	touch = LLVMBuildSelect(l->b, bad, low, p, "");
	touch = LLVMBuildStore(l->b, LLVMConstNull(i8), below(l, touch, one));
	LLVMSetVolatile(touch, 1);
}

static void lower_dynamic(struct lowering *l, LLVMValueRef local)
{
	uint64_t align = LLVMConstIntGetZExtValue(LLVMGetOperand(local, 1));
	LLVMValueRef old, p;

	LLVMPositionBuilderBefore(l->b, local);
	old = LLVMBuildLoad2(l->b, l->ptr, l->pstack, "");
	p = below(l, old, LLVMGetOperand(local, 0));
	p = align_down(l, p, align > 16 ? align : 16);
	build_touch(l, old, p);
	LLVMBuildStore(l->b, p, l->pstack);
	replace(local, p);
}

static void lower_local(struct lowering *l, LLVMValueRef local)
{
	LLVMValueRef at = LLVMGetOperand(local, 1);

	LLVMPositionBuilderBefore(l->b, local);
	replace(local, ir_gep(l->b, LLVMGetOperand(local, 0),
			      LLVMConstIntGetZExtValue(at)));
}

static void lower_markers(struct lowering *l, LLVMValueRef f)
{
	ir_each_block (b, f) {
		ir_each_inst_safe (i, next, b) {
			if (ir_calls(i, MARK_LOCAL))
				lower_local(l, i);
			else if (ir_calls(i, MARK_DYNAMIC))
				lower_dynamic(l, i);
			else if (ir_calls(i, MARK_ESCAPE))
				LLVMInstructionEraseFromParent(i);
		}
	}
}

static bool is_division(LLVMValueRef i)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(i);

	return (op == LLVMSDiv || op == LLVMUDiv || op == LLVMSRem ||
		op == LLVMURem) &&
	       LLVMGetTypeKind(LLVMTypeOf(i)) == LLVMIntegerTypeKind &&
	       !LLVMIsAConstantInt(LLVMGetOperand(i, 1));
}

/* What UBSan's traps say for a failed division; the monitor reads it back
 * from the instruction (on AArch64, BRK with 0x5500 + this). */
#define TRAP_DIVISION 3

/* divisor == 0, or the one signed quotient that does not fit. */
static LLVMValueRef build_cannot_divide(struct lowering *l,
					LLVMValueRef division)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(division);
	LLVMValueRef dividend = LLVMGetOperand(division, 0);
	LLVMValueRef divisor = LLVMGetOperand(division, 1);
	LLVMTypeRef type = LLVMTypeOf(divisor);
	unsigned width = LLVMGetIntTypeWidth(type);
	LLVMValueRef zero, least, one, overflow;

	zero = LLVMBuildICmp(l->b, LLVMIntEQ, divisor, LLVMConstNull(type), "");
	if ((op != LLVMSDiv && op != LLVMSRem) || (width != 32 && width != 64))
		return zero;
	least = LLVMBuildICmp(l->b, LLVMIntEQ, dividend,
			      LLVMConstInt(type, UINT64_C(1) << (width - 1), 0),
			      "");
	one = LLVMBuildICmp(l->b, LLVMIntEQ, divisor, LLVMConstAllOnes(type),
			    "");
	overflow = LLVMBuildAnd(l->b, least, one, "");
	return LLVMBuildOr(l->b, zero, overflow, "");
}

/* if (cannot divide) trap; */
static void check_division(struct lowering *l, LLVMValueRef division)
{
	LLVMContextRef c = ir_context(l->m);
	unsigned id = LLVMLookupIntrinsicID("llvm.ubsantrap", 14);
	LLVMValueRef kind =
		LLVMConstInt(LLVMInt8TypeInContext(c), TRAP_DIVISION, 0);
	LLVMBasicBlockRef block, rest, stop;
	LLVMValueRef cannot;

	LLVMPositionBuilderBefore(l->b, division);
	cannot = build_cannot_divide(l, division);
	block = LLVMGetInstructionParent(division);
	if (!LLVMIsAInstruction(cannot))
		return;
	rest = ir_split_after(cannot);
	stop = LLVMAppendBasicBlockInContext(c, LLVMGetBasicBlockParent(block),
					     "");
	LLVMPositionBuilderAtEnd(l->b, block);
	LLVMBuildCondBr(l->b, cannot, stop, rest);
	LLVMPositionBuilderAtEnd(l->b, stop);
	LLVMBuildCall2(l->b, LLVMIntrinsicGetType(c, id, NULL, 0),
		       LLVMGetIntrinsicDeclaration(l->m, id, NULL, 0), &kind, 1,
		       "");
	LLVMBuildUnreachable(l->b);
}

static void check_divisions(struct lowering *l, LLVMValueRef f)
{
	struct ir_list divisions = { 0 };

	ir_each_block (b, f) {
		ir_each_inst (i, b) {
			if (is_division(i))
				ir_list_add(&divisions, i);
		}
	}
	for (unsigned k = 0; k < divisions.n; k++)
		check_division(l, divisions.at[k]);
	ir_list_free(&divisions);
}

/*
 * The code generator knows these functions as operations, of which it needs
 * one where their arguments turn out to be the same. As intrinsics any earlier
 * the optimiser would evaluate them (see lower_marks.c); of a constant even
 * now.
 */
static const char *const operations[] = {
	"cos", "exp", "exp2", "log", "log10", "log2", "pow", "sin",
};

static const char *operation_of(LLVMValueRef inst)
{
	LLVMValueRef f = LLVMIsACallInst(inst) ? ir_callee(inst) : NULL;
	const char *name = f && LLVMIsDeclaration(f) ? ir_name(f) : "";

	if (!f || LLVMGetCalledFunctionType(inst) != LLVMGlobalGetValueType(f))
		return NULL;
	for (size_t k = 0; k < sizeof(operations) / sizeof(operations[0]);
	     k++) {
		size_t n = strlen(operations[k]);

		if (strncmp(name, operations[k], n) == 0 &&
		    (!name[n] || strcmp(name + n, "f") == 0) &&
		    ir_is_pure_call(inst))
			return operations[k];
	}
	return NULL;
}

static void build_operation(struct lowering *l, LLVMValueRef call,
			    const char *operation)
{
	unsigned n = LLVMGetNumArgOperands(call);
	LLVMTypeRef type = LLVMTypeOf(call);
	LLVMValueRef args[2] = { NULL };
	char name[16];
	unsigned id;

	for (unsigned k = 0; k < n; k++) {
		args[k] = LLVMGetOperand(call, k);
		if (LLVMIsConstant(args[k]))
			return;
	}
	snprintf(name, sizeof(name), "llvm.%s", operation);
	id = LLVMLookupIntrinsicID(name, strlen(name));
	LLVMPositionBuilderBefore(l->b, call);
	replace(call,
		LLVMBuildCall2(l->b,
			       LLVMIntrinsicGetType(ir_context(l->m), id, &type,
						    1),
			       LLVMGetIntrinsicDeclaration(l->m, id, &type, 1),
			       args, n, ""));
}

static void build_operations(struct lowering *l)
{
	ir_each_definition (f, l->m) {
		ir_each_block (b, f) {
			ir_each_inst_safe (i, next, b) {
				const char *operation = operation_of(i);

				if (operation)
					build_operation(l, i, operation);
			}
		}
	}
}

struct table_text {
	struct base_buffer text;
	const char *jump;
};

/* An entry of the function table; objects that share a function share it. */
static void write_entry(struct table_text *t, LLVMModuleRef m,
			const char *entry)
{
	const char *name = entry + strlen(LAYOUT_ENTRY_PREFIX);
	LLVMValueRef f = LLVMGetNamedFunction(m, name);
	bool local = f && LLVMGetLinkage(f) == LLVMInternalLinkage;

	if (local)
		base_buffer_printf(&t->text, "\t.section .hexo.functable,"
					     "\"ax\",@progbits\n");
	else
		base_buffer_printf(&t->text,
				   "\t.section .hexo.functable,\"axG\","
				   "@progbits,\"%s\",comdat\n\t.weak \"%s\"\n",
				   entry, entry);
	base_buffer_printf(&t->text, "\t.balign %d\n\"%s\":\n\t%s \"%s\"\n",
			   HEXO_FUNCTABLE_STEP, entry, t->jump, name);
	base_buffer_printf(&t->text, "\t.balign %d\n", HEXO_FUNCTABLE_STEP);
}

/* An entry of the part for resume clones. */
static void write_resume(struct table_text *t, const char *entry)
{
	base_buffer_printf(&t->text,
			   "\t.section .hexo.resumetable,\"ax\",@progbits\n"
			   "\t.balign %d\n\"%s\":\n"
			   "\t%s \"%s" LAYOUT_RESUME_SUFFIX "\"\n"
			   "\t.balign %d\n",
			   HEXO_FUNCTABLE_STEP, entry, t->jump,
			   entry + strlen(LAYOUT_RESUME_PREFIX),
			   HEXO_FUNCTABLE_STEP);
}

static bool begins(const char *name, const char *prefix)
{
	return strncmp(name, prefix, strlen(prefix)) == 0;
}

static void write_table(struct lowering *l, const struct pass_isa *isa)
{
	struct table_text t = { .jump = isa->jump };

	ir_each_function (f, l->m) {
		if (begins(ir_name(f), LAYOUT_ENTRY_PREFIX))
			write_entry(&t, l->m, ir_name(f));
		else if (begins(ir_name(f), LAYOUT_RESUME_PREFIX))
			write_resume(&t, ir_name(f));
	}
	base_buffer_printf(&t.text, "\t.text\n");
	LLVMAppendModuleInlineAsm(l->m, t.text.data, t.text.len);
	base_buffer_free(&t.text);
}

int pass_isa(LLVMModuleRef m, const struct pass_isa *isa,
	     struct hexo_error *err)
{
	LLVMContextRef c = ir_context(m);
	struct lowering l = {
		.m = m,
		.b = LLVMCreateBuilderInContext(c),
		.ptr = LLVMPointerTypeInContext(c, 0),
		.i64 = LLVMInt64TypeInContext(c),
		.pstack = LLVMGetNamedGlobal(m, "hexo_pstack"),
	};
	int r;

	ir_each_definition (f, m) {
		compare_differences(f);
		lower_markers(&l, f);
		if (!isa->division_traps)
			check_divisions(&l, f);
	}
	write_table(&l, isa);
	r = ir_run_passes(m, "function(early-cse,simplifycfg)", err);
	if (r == 0)
		build_operations(&l);
	LLVMDisposeBuilder(l.b);
	return r;
}
