/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Rematerialisation: a value that follows from another one by a single cheap
 * instruction need not be saved where that other one is saved anyway. Records
 * become smaller, polls' cold paths shorter; and the resume clone computes the
 * value where it is used, as the original does, instead of keeping it.
 *
 * Why the other value is still the right one there: the definition of v lies
 * on every way to a use of v, also on those that begin at the definition of
 * its operand o. So no other instance of o comes between.
 */
#include "toolchain/pass/frames.h"

#include <stdlib.h>

#include "base/base.h"

static bool is_cheap(LLVMValueRef v)
{
	switch (LLVMGetInstructionOpcode(v)) {
	case LLVMGetElementPtr:
	case LLVMAdd:
	case LLVMSub:
	case LLVMAnd:
	case LLVMOr:
	case LLVMXor:
	case LLVMShl:
	case LLVMLShr:
	case LLVMAShr:
	case LLVMICmp:
	case LLVMZExt:
	case LLVMSExt:
	case LLVMTrunc:
	case LLVMPtrToInt:
	case LLVMIntToPtr:
		return LLVMGetTypeKind(LLVMTypeOf(v)) != LLVMVectorTypeKind;
	default:
		return false;
	}
}

/* The one value that v is computed from; NULL if there are several, or v is
 * not cheap. */
static LLVMValueRef operand_of(LLVMValueRef v)
{
	LLVMValueRef found = NULL;

	if (!LLVMIsAInstruction(v) || !is_cheap(v))
		return NULL;
	for (int k = 0; k < LLVMGetNumOperands(v); k++) {
		LLVMValueRef o = LLVMGetOperand(v, (unsigned)k);

		if (LLVMIsConstant(o) || o == found)
			continue;
		if (found)
			return NULL;
		found = o;
	}
	return found;
}

/* Which values are live where. */
struct matrix {
	struct ir_map index; /* value to its row */
	struct ir_list values;
	unsigned words;
	ir_word *rows; /* a bit for each site */
};

static void fill(struct matrix *x, const struct frame_function *fn)
{
	for (unsigned k = 0; k < fn->n; k++)
		for (unsigned i = 0; i < fn->sites[k].live.n; i++) {
			LLVMValueRef v = fn->sites[k].live.at[i];

			if (ir_map_get(&x->index, v) >= 0)
				continue;
			ir_map_put(&x->index, v, (int)x->values.n);
			ir_list_add(&x->values, v);
		}
	x->words = ir_words(fn->n);
	x->rows = base_alloc((size_t)x->values.n * x->words * sizeof(ir_word));
	for (unsigned k = 0; k < fn->n; k++)
		for (unsigned i = 0; i < fn->sites[k].live.n; i++) {
			int row =
				ir_map_get(&x->index, fn->sites[k].live.at[i]);

			ir_set(&x->rows[(unsigned)row * x->words], k);
		}
}

/* Is value o live wherever value v is? */
static bool covers(const struct matrix *x, unsigned o, unsigned v)
{
	for (unsigned w = 0; w < x->words; w++)
		if (x->rows[v * x->words + w] & ~x->rows[o * x->words + w])
			return false;
	return true;
}

static bool is_fixed_local(const struct frame_function *fn, LLVMValueRef o)
{
	for (unsigned k = 0; k < fn->fixed.n; k++)
		if (fn->fixed.at[k] == o)
			return true;
	return false;
}

static bool follows(const struct matrix *x, const struct frame_function *fn,
		    unsigned v)
{
	LLVMValueRef o = operand_of(x->values.at[v]);
	int row = o ? ir_map_get(&x->index, o) : -1;

	if (row >= 0)
		return covers(x, (unsigned)row, v);
	return o && is_fixed_local(fn, o);
}

void remat_plan(struct frame_function *fn)
{
	struct matrix x = { 0 };

	fill(&x, fn);
	for (unsigned v = 0; v < x.values.n; v++) {
		if (!follows(&x, fn, v))
			continue;
		ir_map_put(&fn->remat_index, x.values.at[v], (int)fn->remat.n);
		ir_list_add(&fn->remat, x.values.at[v]);
	}
	for (unsigned k = 0; k < fn->n; k++) {
		struct ir_list *live = &fn->sites[k].live;
		unsigned n = 0;

		for (unsigned i = 0; i < live->n; i++)
			if (ir_map_get(&fn->remat_index, live->at[i]) < 0)
				live->at[n++] = live->at[i];
		live->n = n;
	}
	ir_map_free(&x.index);
	ir_list_free(&x.values);
	free(x.rows);
}

static LLVMValueRef again(LLVMBuilderRef b, void *c)
{
	LLVMValueRef n = LLVMInstructionClone(c);

	LLVMInsertIntoBuilder(b, n);
	return n;
}

void remat_compute(LLVMBuilderRef b, LLVMValueRef c)
{
	ir_remake_uses(b, c, again, c);
	LLVMInstructionEraseFromParent(c);
}
