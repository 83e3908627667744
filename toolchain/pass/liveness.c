/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which SSA values are live after each site: backward data flow over the
 * blocks, one bit a value. A phi's operand is live out of the block it comes
 * from, not into the phi's block.
 */
#include "toolchain/pass/frames.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

struct flow {
	struct ir_list values, blocks;
	struct ir_map value_index, block_index;
	unsigned words;
	ir_word *in, *out; /* rows by block */
};

static bool is_local_value(LLVMValueRef v)
{
	return LLVMIsAInstruction(v) || LLVMIsAArgument(v);
}

static void number_value(struct flow *fl, LLVMValueRef v)
{
	LLVMTypeKind kind = LLVMGetTypeKind(LLVMTypeOf(v));

	if (kind == LLVMVoidTypeKind || kind == LLVMTokenTypeKind)
		return;
	ir_map_put(&fl->value_index, v, (int)fl->values.n);
	ir_list_add(&fl->values, v);
}

static void number_all(struct flow *fl, LLVMValueRef f)
{
	for (unsigned k = 0; k < LLVMCountParams(f); k++)
		number_value(fl, LLVMGetParam(f, k));
	ir_each_block (b, f) {
		ir_map_put(&fl->block_index, b, (int)fl->blocks.n);
		ir_list_add(&fl->blocks, LLVMBasicBlockAsValue(b));
		ir_each_inst (i, b)
			number_value(fl, i);
	}
	fl->words = ir_words(fl->values.n);
	fl->in = base_alloc((size_t)fl->words * fl->blocks.n * sizeof(ir_word));
	fl->out =
		base_alloc((size_t)fl->words * fl->blocks.n * sizeof(ir_word));
}

static void use(const struct flow *fl, ir_word *row, LLVMValueRef v)
{
	int i = is_local_value(v) ? ir_map_get(&fl->value_index, v) : -1;

	if (i >= 0)
		ir_set(row, (unsigned)i);
}

/* What flows over the edge from -> to: to's live-ins and its phis' share. */
static void add_edge(const struct flow *fl, ir_word *row,
		     LLVMBasicBlockRef from, LLVMBasicBlockRef to)
{
	const ir_word *in =
		fl->in + (size_t)ir_map_get(&fl->block_index, to) * fl->words;

	for (unsigned w = 0; w < fl->words; w++)
		row[w] |= in[w];
	ir_each_inst (phi, to) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		for (unsigned k = 0; k < LLVMCountIncoming(phi); k++)
			if (LLVMGetIncomingBlock(phi, k) == from)
				use(fl, row, LLVMGetIncomingValue(phi, k));
	}
}

/* live-in = (live-out minus defined here) plus used here, from the end. */
static void transfer(const struct flow *fl, ir_word *row, LLVMBasicBlockRef b)
{
	for (LLVMValueRef i = LLVMGetLastInstruction(b); i;
	     i = LLVMGetPreviousInstruction(i)) {
		int d = ir_map_get(&fl->value_index, i);

		if (d >= 0)
			ir_clear(row, (unsigned)d);
		if (LLVMGetInstructionOpcode(i) == LLVMPHI)
			continue;
		for (int k = 0; k < LLVMGetNumOperands(i); k++)
			use(fl, row, LLVMGetOperand(i, (unsigned)k));
	}
}

static void solve(struct flow *fl)
{
	size_t bytes = fl->words * sizeof(ir_word);
	ir_word *row = base_alloc(bytes);
	bool changed = true;

	while (changed) {
		changed = false;
		for (unsigned i = fl->blocks.n; i-- > 0;) {
			LLVMBasicBlockRef b =
				LLVMValueAsBasicBlock(fl->blocks.at[i]);
			LLVMValueRef end = LLVMGetBasicBlockTerminator(b);
			ir_word *out = fl->out + (size_t)i * fl->words;
			ir_word *in = fl->in + (size_t)i * fl->words;

			for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++)
				add_edge(fl, out, b, LLVMGetSuccessor(end, k));
			memcpy(row, out, bytes);
			transfer(fl, row, b);
			if (memcmp(in, row, bytes) != 0) {
				memcpy(in, row, bytes);
				changed = true;
			}
		}
	}
	free(row);
}

void liveness_fill(struct frame_function *fn)
{
	struct flow fl = { 0 };
	ir_word *row;

	number_all(&fl, fn->f);
	solve(&fl);
	row = base_alloc(fl.words * sizeof(ir_word));
	for (unsigned k = 0; k < fn->n; k++) {
		struct site *s = &fn->sites[k];

		memset(row, 0, fl.words * sizeof(ir_word));
		add_edge(&fl, row, LLVMGetInstructionParent(s->invoke),
			 LLVMGetNormalDest(s->invoke));
		for (unsigned v = 0; v < fl.values.n; v++)
			if (ir_test(row, v) && fl.values.at[v] != s->invoke &&
			    !LLVMIsAAllocaInst(fl.values.at[v]))
				ir_list_add(&s->live, fl.values.at[v]);
	}
	free(row);
	free(fl.in);
	free(fl.out);
	ir_list_free(&fl.values);
	ir_list_free(&fl.blocks);
	ir_map_free(&fl.value_index);
	ir_map_free(&fl.block_index);
}
