/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

#include <llvm-c/DebugInfo.h>
#include <llvm-c/Target.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct varargs {
	LLVMModuleRef m;
	LLVMTargetDataRef layout;
	LLVMBuilderRef b;
	LLVMTypeRef ptr;
};

/* The function type with `...` replaced by a pointer to the arguments. */
static LLVMTypeRef fixed_type(const struct varargs *v, LLVMTypeRef type)
{
	unsigned n = LLVMCountParamTypes(type);
	LLVMTypeRef *params = base_alloc((n + 1) * sizeof(params[0]));
	LLVMTypeRef fixed;

	LLVMGetParamTypes(type, params);
	params[n] = v->ptr;
	fixed = LLVMFunctionType(LLVMGetReturnType(type), params, n + 1, 0);
	free(params);
	return fixed;
}

static uint64_t slot_align(const struct varargs *v, LLVMTypeRef type)
{
	uint64_t a = LLVMABIAlignmentOfType(v->layout, type);

	return a < 8 ? 8 : a;
}

static uint64_t slot_size(const struct varargs *v, LLVMTypeRef type)
{
	return ir_align_up(LLVMABISizeOfType(v->layout, type), 8);
}

/* Advances the list and loads from where it stood. */
static void lower_va_arg(const struct varargs *v, LLVMValueRef inst)
{
	LLVMValueRef list = LLVMGetOperand(inst, 0);
	LLVMTypeRef type = LLVMTypeOf(inst);
	uint64_t align = slot_align(v, type);
	LLVMValueRef at, value;

	LLVMPositionBuilderBefore(v->b, inst);
	at = LLVMBuildLoad2(v->b, v->ptr, list, "va");
	if (align > 8) {
		LLVMTypeRef i64 = LLVMTypeOf(ir_i64(v->m, 0));
		LLVMTypeRef params[] = { v->ptr, i64 };
		unsigned mask = LLVMLookupIntrinsicID("llvm.ptrmask", 12);
		LLVMValueRef args[] = { ir_gep(v->b, at, align - 1),
					ir_i64(v->m, ~(align - 1)) };

		at = LLVMBuildCall2(v->b,
				    LLVMIntrinsicGetType(ir_context(v->m), mask,
							 params, 2),
				    LLVMGetIntrinsicDeclaration(v->m, mask,
								params, 2),
				    args, 2, "");
	}
	value = LLVMBuildLoad2(v->b, type, at, "");
	LLVMSetAlignment(value, (unsigned)align);
	LLVMBuildStore(v->b, ir_gep(v->b, at, slot_size(v, type)), list);
	LLVMReplaceAllUsesWith(inst, value);
	LLVMInstructionEraseFromParent(inst);
}

/* va_start, va_copy and va_end are stores of the one pointer a list is. */
static void lower_va_call(const struct varargs *v, LLVMValueRef call,
			  LLVMValueRef arguments)
{
	LLVMPositionBuilderBefore(v->b, call);
	if (ir_calls(call, "llvm.va_start.p0")) {
		LLVMBuildStore(v->b, arguments, LLVMGetOperand(call, 0));
	} else if (ir_calls(call, "llvm.va_copy.p0")) {
		LLVMValueRef from = LLVMGetOperand(call, 1);

		from = LLVMBuildLoad2(v->b, v->ptr, from, "");
		LLVMBuildStore(v->b, from, LLVMGetOperand(call, 0));
	} else if (!ir_calls(call, "llvm.va_end.p0")) {
		return;
	}
	LLVMInstructionEraseFromParent(call);
}

/* Functions may look for arguments that are not there, as musl's fcntl() and
 * syscall() do, up to six: a buffer has room for so many. */
enum { BUFFER_MIN = 48 };

/* The buffer of calls that pass no further arguments. */
static LLVMValueRef no_arguments(const struct varargs *v)
{
	LLVMValueRef g = LLVMGetNamedGlobal(v->m, "hexo.noarguments");
	LLVMTypeRef type =
		LLVMArrayType2(LLVMInt8TypeInContext(ir_context(v->m)),
			       BUFFER_MIN);

	if (g)
		return g;
	g = LLVMAddGlobal(v->m, type, "hexo.noarguments");
	LLVMSetInitializer(g, LLVMConstNull(type));
	LLVMSetLinkage(g, LLVMInternalLinkage);
	LLVMSetGlobalConstant(g, true);
	LLVMSetAlignment(g, 16);
	return g;
}

/* Stores the arguments from first on into a buffer of this call site. */
static LLVMValueRef build_buffer(const struct varargs *v, LLVMValueRef call,
				 unsigned first)
{
	unsigned n = LLVMGetNumArgOperands(call);
	LLVMBasicBlockRef entry = LLVMGetEntryBasicBlock(
		LLVMGetBasicBlockParent(LLVMGetInstructionParent(call)));
	LLVMTypeRef i8 = LLVMInt8TypeInContext(ir_context(v->m));
	uint64_t *offset = base_alloc((n + 1) * sizeof(offset[0]));
	uint64_t size = 0, align = 16;
	LLVMValueRef buffer;

	if (first >= n) {
		free(offset);
		return no_arguments(v);
	}
	for (unsigned k = first; k < n; k++) {
		LLVMTypeRef type = LLVMTypeOf(LLVMGetOperand(call, k));

		offset[k] = ir_align_up(size, slot_align(v, type));
		if (slot_align(v, type) > align)
			align = slot_align(v, type);
		size = offset[k] + slot_size(v, type);
	}
	if (size < BUFFER_MIN)
		size = BUFFER_MIN;
	LLVMPositionBuilderBefore(v->b, LLVMGetFirstInstruction(entry));
	buffer = LLVMBuildAlloca(v->b, LLVMArrayType2(i8, size), "varargs");
	LLVMSetAlignment(buffer, (unsigned)align);
	LLVMPositionBuilderBefore(v->b, call);
	for (unsigned k = first; k < n; k++) {
		LLVMValueRef s =
			LLVMBuildStore(v->b, LLVMGetOperand(call, k),
				       ir_gep(v->b, buffer, offset[k]));

		LLVMSetAlignment(s, 8);
	}
	free(offset);
	return buffer;
}

/* How many arguments are fixed in a variadic call; -1 if it is not one. */
static int fixed_arguments(LLVMValueRef call)
{
	LLVMValueRef f = ir_callee(call);
	LLVMTypeRef type =
		f ? LLVMGlobalGetValueType(f) : LLVMGetCalledFunctionType(call);

	if (!LLVMIsFunctionVarArg(type))
		return -1;
	return (int)LLVMCountParamTypes(type);
}

static void lower_call(const struct varargs *v, LLVMValueRef call)
{
	int fixed = fixed_arguments(call);
	LLVMTypeRef type = LLVMGetCalledFunctionType(call);
	LLVMValueRef callee = LLVMGetCalledValue(call);
	LLVMValueRef *args, fresh;

	if (fixed < 0 || (unsigned)fixed > LLVMGetNumArgOperands(call))
		return;
	if (ir_callee(call))
		type = LLVMGlobalGetValueType(callee);
	args = base_alloc(((unsigned)fixed + 1) * sizeof(args[0]));
	for (int k = 0; k < fixed; k++)
		args[k] = LLVMGetOperand(call, (unsigned)k);
	args[fixed] = build_buffer(v, call, (unsigned)fixed);
	LLVMPositionBuilderBefore(v->b, call);
	fresh = LLVMBuildCall2(v->b, fixed_type(v, type), callee, args,
			       (unsigned)fixed + 1, "");
	free(args);
	ir_copy_call_attributes(call, fresh, (unsigned)fixed);
	LLVMReplaceAllUsesWith(call, fresh);
	LLVMInstructionEraseFromParent(call);
}

static LLVMValueRef replace_function(const struct varargs *v, LLVMValueRef f)
{
	LLVMTypeRef type = fixed_type(v, LLVMGlobalGetValueType(f));
	LLVMValueRef fresh = LLVMAddFunction(v->m, "", type);
	char *name = base_strdup(ir_name(f));
	LLVMMetadataRef program = LLVMGetSubprogram(f);

	LLVMSetLinkage(fresh, LLVMGetLinkage(f));
	LLVMSetVisibility(fresh, LLVMGetVisibility(f));
	ir_copy_function_attributes(f, fresh);
	if (program) {
		LLVMSetSubprogram(f, NULL);
		LLVMSetSubprogram(fresh, program);
	}
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f), next; b;
	     b = next) {
		next = LLVMGetNextBasicBlock(b);
		LLVMRemoveBasicBlockFromParent(b);
		LLVMAppendExistingBasicBlock(fresh, b);
	}
	for (unsigned k = 0; k < LLVMCountParams(f); k++)
		LLVMReplaceAllUsesWith(LLVMGetParam(f, k),
				       LLVMGetParam(fresh, k));
	LLVMReplaceAllUsesWith(f, fresh);
	LLVMDeleteFunction(f);
	LLVMSetValueName2(fresh, name, strlen(name));
	free(name);
	return fresh;
}

static void lower_body(const struct varargs *v, LLVMValueRef f,
		       LLVMValueRef arguments)
{
	ir_each_block (b, f) {
		ir_each_inst_safe (i, next, b) {
			if (LLVMGetInstructionOpcode(i) == LLVMVAArg)
				lower_va_arg(v, i);
			else if (ir_is_call(i))
				lower_va_call(v, i, arguments);
		}
	}
}

void lower_varargs(LLVMModuleRef m)
{
	LLVMContextRef c = ir_context(m);
	struct varargs v = {
		.m = m,
		.layout = LLVMGetModuleDataLayout(m),
		.b = LLVMCreateBuilderInContext(c),
		.ptr = LLVMPointerTypeInContext(c, 0),
	};
	struct ir_list variadic = { 0 };

	/* 1. calls, while their callees' types still say what is fixed */
	ir_each_definition (f, m) {
		ir_each_block (b, f) {
			ir_each_inst_safe (i, next, b) {
				LLVMValueRef callee =
					ir_is_call(i) ? ir_callee(i) : NULL;

				if (ir_is_call(i) &&
				    !(callee && ir_is_intrinsic(callee)) &&
				    !LLVMIsAInlineAsm(LLVMGetCalledValue(i)))
					lower_call(&v, i);
			}
		}
	}
	/* 2. functions; lists in ordinary ones, too (v*printf) */
	ir_each_function (f, m) {
		if (ir_is_intrinsic(f))
			continue;
		if (LLVMIsFunctionVarArg(LLVMGlobalGetValueType(f)))
			ir_list_add(&variadic, f);
		else
			lower_body(&v, f, NULL);
	}
	for (unsigned k = 0; k < variadic.n; k++) {
		LLVMValueRef f = replace_function(&v, variadic.at[k]);

		lower_body(&v, f, LLVMGetLastParam(f));
	}
	ir_list_free(&variadic);
	LLVMDisposeBuilder(v.b);
}
