/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/structs.h"

#include <errno.h>
#include <llvm-c/Target.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/pass/ir.h"

struct fixer {
	LLVMModuleRef m;
	LLVMContextRef c;
	LLVMTypeRef i8, i64;
	LLVMTargetDataRef from, to;
	LLVMBuilderRef b;
	struct ir_map moves;   /* type: does it change? */
	struct ir_map visited; /* constants */
};

static bool moves(struct fixer *x, LLVMTypeRef t);

static bool struct_moves(struct fixer *x, LLVMTypeRef t)
{
	unsigned n = LLVMCountStructElementTypes(t);

	for (unsigned k = 0; k < n; k++)
		if (moves(x, LLVMStructGetTypeAtIndex(t, k)) ||
		    LLVMOffsetOfElement(x->from, t, k) !=
			    LLVMOffsetOfElement(x->to, t, k))
			return true;
	return LLVMABISizeOfType(x->from, t) != LLVMABISizeOfType(x->to, t);
}

static bool moves(struct fixer *x, LLVMTypeRef t)
{
	int known;
	bool result;

	if (!LLVMTypeIsSized(t))
		return false;
	known = ir_map_get(&x->moves, t);
	if (known >= 0)
		return known;
	switch (LLVMGetTypeKind(t)) {
	case LLVMStructTypeKind:
		result = struct_moves(x, t);
		break;
	case LLVMArrayTypeKind:
		result = moves(x, LLVMGetElementType(t));
		break;
	case LLVMVectorTypeKind:
		result = LLVMABISizeOfType(x->from, t) !=
			 LLVMABISizeOfType(x->to, t);
		break;
	default:
		result = false;
	}
	ir_map_put(&x->moves, t, result);
	return result;
}

static LLVMTypeRef bytes(struct fixer *x, uint64_t n)
{
	return LLVMArrayType2(x->i8, n);
}

/* The parts of a structure's fixed form: padding, element, padding, ...;
 * values instead of types where constant is not NULL. */
static unsigned explode(struct fixer *x, LLVMTypeRef t, LLVMValueRef constant,
			LLVMTypeRef *types, LLVMValueRef *values);

static LLVMTypeRef fixed_type(struct fixer *x, LLVMTypeRef t)
{
	LLVMTypeRef result, *types;
	unsigned n;

	if (!moves(x, t))
		return t;
	switch (LLVMGetTypeKind(t)) {
	case LLVMArrayTypeKind:
		return LLVMArrayType2(fixed_type(x, LLVMGetElementType(t)),
				      LLVMGetArrayLength2(t));
	case LLVMStructTypeKind:
		n = 2 * LLVMCountStructElementTypes(t) + 1;
		types = base_alloc(n * sizeof(LLVMTypeRef));
		n = explode(x, t, NULL, types, NULL);
		result = LLVMStructTypeInContext(x->c, types, n, 1);
		free(types);
		return result;
	default:
		return bytes(x, LLVMABISizeOfType(x->from, t));
	}
}

static LLVMValueRef fixed_constant(struct fixer *x, LLVMValueRef v)
{
	LLVMTypeRef t = LLVMTypeOf(v), fixed;
	unsigned n = (unsigned)LLVMGetNumOperands(v);
	LLVMValueRef result, *values;

	if (!moves(x, t))
		return v;
	fixed = fixed_type(x, t);
	if (LLVMIsUndef(v) || LLVMIsPoison(v))
		return LLVMGetUndef(fixed);
	if (LLVMIsNull(v))
		return LLVMConstNull(fixed);
	values = base_alloc((2 * n + 1) * sizeof(LLVMValueRef));
	if (LLVMGetTypeKind(t) == LLVMStructTypeKind) {
		n = explode(x, t, v, NULL, values);
		result = LLVMConstStructInContext(x->c, values, n, 1);
	} else {
		for (unsigned k = 0; k < n; k++)
			values[k] = fixed_constant(x, LLVMGetOperand(v, k));
		result = LLVMConstArray2(LLVMGetElementType(fixed), values, n);
	}
	free(values);
	return result;
}

static unsigned explode(struct fixer *x, LLVMTypeRef t, LLVMValueRef constant,
			LLVMTypeRef *types, LLVMValueRef *values)
{
	unsigned elements = LLVMCountStructElementTypes(t), n = 0;
	uint64_t at = 0;

	for (unsigned k = 0; k <= elements; k++) {
		bool end = k == elements;
		uint64_t next = end ? LLVMABISizeOfType(x->from, t)
				    : LLVMOffsetOfElement(x->from, t, k);
		LLVMTypeRef e;

		if (next > at && types)
			types[n++] = bytes(x, next - at);
		else if (next > at)
			values[n++] = LLVMGetUndef(bytes(x, next - at));
		if (end)
			break;
		e = LLVMStructGetTypeAtIndex(t, k);
		if (types)
			types[n++] = fixed_type(x, e);
		else
			values[n++] =
				fixed_constant(x, LLVMGetOperand(constant, k));
		at = next + LLVMABISizeOfType(x->from, e);
	}
	return n;
}

/* The bytes that a GEP adds to its base; with a builder's position for those
 * that are not constant. */
static LLVMValueRef gep_bytes(struct fixer *x, LLVMValueRef gep)
{
	LLVMTypeRef t = LLVMGetGEPSourceElementType(gep);
	LLVMValueRef sum = LLVMConstInt(x->i64, 0, 0);
	unsigned n = (unsigned)LLVMGetNumOperands(gep);

	for (unsigned k = 1; k < n; k++) {
		LLVMValueRef index = LLVMGetOperand(gep, k);
		uint64_t size;

		if (k > 1 && LLVMGetTypeKind(t) == LLVMStructTypeKind) {
			unsigned e = (unsigned)LLVMConstIntGetZExtValue(index);
			uint64_t offset = LLVMOffsetOfElement(x->from, t, e);

			sum = LLVMBuildAdd(x->b, sum,
					   LLVMConstInt(x->i64, offset, 0), "");
			t = LLVMStructGetTypeAtIndex(t, e);
			continue;
		}
		if (k > 1)
			t = LLVMGetElementType(t);
		size = LLVMABISizeOfType(x->from, t);
		index = LLVMBuildIntCast2(x->b, index, x->i64, 1, "");
		index = LLVMBuildMul(x->b, index, LLVMConstInt(x->i64, size, 0),
				     "");
		sum = LLVMBuildAdd(x->b, sum, index, "");
	}
	return sum;
}

static bool is_moving_gep(struct fixer *x, LLVMValueRef v)
{
	bool gep = LLVMIsAGetElementPtrInst(v) ||
		   (LLVMIsAConstantExpr(v) &&
		    LLVMGetConstOpcode(v) == LLVMGetElementPtr);

	return gep && moves(x, LLVMGetGEPSourceElementType(v));
}

static void fix_gep(struct fixer *x, LLVMValueRef gep)
{
	LLVMValueRef base = LLVMGetOperand(gep, 0), new, offset;

	LLVMPositionBuilderBefore(x->b, gep);
	offset = gep_bytes(x, gep);
	new = LLVMIsInBounds(gep)
		      ? LLVMBuildInBoundsGEP2(x->b, x->i8, base, &offset, 1, "")
		      : LLVMBuildGEP2(x->b, x->i8, base, &offset, 1, "");
	LLVMReplaceAllUsesWith(gep, new);
	LLVMInstructionEraseFromParent(gep);
}

/* Constants that compute addresses, inside other constants, too. The builder
 * folds what is constant. */
static void fix_address(struct fixer *x, LLVMValueRef v)
{
	if (!LLVMIsAConstant(v) || LLVMIsAGlobalValue(v) ||
	    LLVMGetNumOperands(v) == 0 || ir_map_get(&x->visited, v) >= 0)
		return;
	ir_map_put(&x->visited, v, 1);
	if (is_moving_gep(x, v)) {
		LLVMValueRef offset = gep_bytes(x, v);
		LLVMValueRef base = LLVMGetOperand(v, 0);
		LLVMValueRef new = LLVMConstGEP2(x->i8, base, &offset, 1);

		LLVMReplaceAllUsesWith(v, new);
		v = new;
	}
	for (int k = 0; k < LLVMGetNumOperands(v); k++)
		fix_address(x, LLVMGetOperand(v, (unsigned)k));
}

static void fix_alloca(struct fixer *x, LLVMValueRef a)
{
	LLVMTypeRef t = LLVMGetAllocatedType(a);
	LLVMValueRef new;

	LLVMPositionBuilderBefore(x->b, a);
	new = LLVMBuildArrayAlloca(x->b, fixed_type(x, t), LLVMGetOperand(a, 0),
				   "");
	LLVMSetAlignment(new, LLVMGetAlignment(a));
	LLVMReplaceAllUsesWith(a, new);
	LLVMInstructionEraseFromParent(a);
}

/* The type that an instruction moves as a whole to or from memory. */
static LLVMTypeRef accessed_type(LLVMValueRef i)
{
	switch (LLVMGetInstructionOpcode(i)) {
	case LLVMLoad:
	case LLVMVAArg:
		return LLVMTypeOf(i);
	case LLVMStore:
		return LLVMTypeOf(LLVMGetOperand(i, 0));
	default:
		return NULL;
	}
}

static int fix_instruction(struct fixer *x, LLVMValueRef i,
			   struct hexo_error *err)
{
	LLVMTypeRef t = accessed_type(i);

	for (int k = 0; k < LLVMGetNumOperands(i); k++)
		fix_address(x, LLVMGetOperand(i, (unsigned)k));
	if (t && moves(x, t))
		return hexo_fail(err, -ENOTSUP,
				 "%s: a packed structure is used as a whole in "
				 "a way that is not portable; use its members",
				 ir_where(i));
	if (is_moving_gep(x, i))
		fix_gep(x, i);
	else if (LLVMIsAAllocaInst(i) && moves(x, LLVMGetAllocatedType(i)))
		fix_alloca(x, i);
	return 0;
}

/* byval(T) and sret(T) say how large what they point to is. */
static LLVMAttributeRef fixed_attribute(struct fixer *x, LLVMAttributeRef a,
					unsigned kind)
{
	LLVMTypeRef t = a ? LLVMGetTypeAttributeValue(a) : NULL;

	if (!t || !moves(x, t))
		return NULL;
	return LLVMCreateTypeAttribute(x->c, kind, fixed_type(x, t));
}

static void fix_attributes(struct fixer *x, LLVMValueRef v, bool call)
{
	static const char *const names[] = { "byval", "sret" };
	unsigned n = call ? LLVMGetNumArgOperands(v) : LLVMCountParams(v);

	for (unsigned k = 0; k < 2 * n; k++) {
		const char *name = names[k % 2];
		unsigned at = k / 2 + 1;
		unsigned kind =
			LLVMGetEnumAttributeKindForName(name, strlen(name));
		LLVMAttributeRef a =
			call ? LLVMGetCallSiteEnumAttribute(v, at, kind)
			     : LLVMGetEnumAttributeAtIndex(v, at, kind);

		a = fixed_attribute(x, a, kind);
		if (a && call)
			LLVMAddCallSiteAttribute(v, at, a);
		else if (a)
			LLVMAddAttributeAtIndex(v, at, a);
	}
}

static int fix_function(struct fixer *x, LLVMValueRef f, struct hexo_error *err)
{
	fix_attributes(x, f, false);
	ir_each_block (b, f) {
		ir_each_inst_safe (i, next, b) {
			int r;

			if (ir_is_call(i))
				fix_attributes(x, i, true);
			r = fix_instruction(x, i, err);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static void copy_metadata(LLVMValueRef from, LLVMValueRef to)
{
	size_t n;
	LLVMValueMetadataEntry *all = LLVMGlobalCopyAllMetadata(from, &n);

	for (unsigned k = 0; k < n; k++)
		LLVMGlobalSetMetadata(to,
				      LLVMValueMetadataEntriesGetKind(all, k),
				      LLVMValueMetadataEntriesGetMetadata(all,
									  k));
	LLVMDisposeValueMetadataEntries(all);
}

static void fix_global(struct fixer *x, LLVMValueRef g)
{
	LLVMTypeRef t = LLVMGlobalGetValueType(g);
	LLVMValueRef init = LLVMGetInitializer(g), new;
	cleanup_free char *name = base_strdup(ir_name(g));
	unsigned align = LLVMGetAlignment(g);

	LLVMSetValueName2(g, "", 0);
	new = LLVMAddGlobal(x->m, fixed_type(x, t), name);
	if (init)
		LLVMSetInitializer(new, fixed_constant(x, init));
	LLVMSetLinkage(new, LLVMGetLinkage(g));
	LLVMSetVisibility(new, LLVMGetVisibility(g));
	LLVMSetThreadLocalMode(new, LLVMGetThreadLocalMode(g));
	LLVMSetGlobalConstant(new, LLVMIsGlobalConstant(g));
	LLVMSetUnnamedAddress(new, LLVMGetUnnamedAddress(g));
	LLVMSetSection(new, LLVMGetSection(g));
	LLVMSetAlignment(new,
			 align ? align : LLVMABIAlignmentOfType(x->from, t));
	copy_metadata(g, new);
	LLVMReplaceAllUsesWith(g, new);
	LLVMDeleteGlobal(g);
}

static int fix_module(struct fixer *x, struct hexo_error *err)
{
	LLVMValueRef next;

	ir_each_global (g, x->m) {
		if (LLVMGetInitializer(g))
			fix_address(x, LLVMGetInitializer(g));
	}
	ir_each_function (f, x->m) {
		int r = fix_function(x, f, err);

		if (r < 0)
			return r;
	}
	/* Only now: what has been visited stays alive. */
	for (LLVMValueRef g = LLVMGetFirstGlobal(x->m); g; g = next) {
		next = LLVMGetNextGlobal(g);
		if (moves(x, LLVMGlobalGetValueType(g)))
			fix_global(x, g);
	}
	return 0;
}

int tc_structs_set_layout(LLVMModuleRef m, const char *layout,
			  struct hexo_error *err)
{
	LLVMContextRef c = LLVMGetModuleContext(m);
	struct fixer x = {
		.m = m,
		.c = c,
		.i8 = LLVMInt8TypeInContext(c),
		.i64 = LLVMInt64TypeInContext(c),
		.from = LLVMCreateTargetData(LLVMGetDataLayoutStr(m)),
		.to = LLVMCreateTargetData(layout),
		.b = LLVMCreateBuilderInContext(c),
	};
	int r = fix_module(&x, err);

	LLVMDisposeTargetData(x.from);
	LLVMDisposeTargetData(x.to);
	LLVMDisposeBuilder(x.b);
	ir_map_free(&x.moves);
	ir_map_free(&x.visited);
	LLVMSetDataLayout(m, layout);
	return r;
}
