/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/unroll.h"

#include <llvm-c/DebugInfo.h>

#include "base/base.h"

/* One repetition: values and blocks of the original to those of the copy. */
struct copy {
	struct ir_map index;
	struct ir_list values;
};

struct unroller {
	LLVMValueRef f;
	LLVMContextRef c;
	LLVMBuilderRef b;
	const struct loops *l;
	const struct loop *loop;
	LLVMBasicBlockRef latch;
	struct copy copies[UNROLL_TIMES]; /* [0] maps nothing: the original */
};

static LLVMValueRef mapped(const struct copy *c, LLVMValueRef v)
{
	int i = ir_map_get(&c->index, v);

	return i < 0 ? v : c->values.at[i];
}

static LLVMBasicBlockRef mapped_block(const struct copy *c, LLVMBasicBlockRef b)
{
	return LLVMValueAsBasicBlock(mapped(c, LLVMBasicBlockAsValue(b)));
}

static void map(struct copy *c, LLVMValueRef v, LLVMValueRef to)
{
	ir_map_put(&c->index, v, (int)c->values.n);
	ir_list_add(&c->values, to);
}

static LLVMValueRef value_from_latch(const struct unroller *u, LLVMValueRef phi)
{
	for (unsigned k = 0; k < LLVMCountIncoming(phi); k++)
		if (LLVMGetIncomingBlock(phi, k) == u->latch)
			return LLVMGetIncomingValue(phi, k);
	return NULL;
}

static void copy_instructions(struct unroller *u, struct copy *c,
			      LLVMBasicBlockRef block)
{
	LLVMPositionBuilderAtEnd(u->b, mapped_block(c, block));
	ir_each_inst (i, block) {
		LLVMValueRef n;

		if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
			/* the header's have become plain values */
			if (block == u->loop->header)
				continue;
			n = LLVMBuildPhi(u->b, LLVMTypeOf(i), "");
		} else {
			n = LLVMInstructionClone(i);
			LLVMInsertIntoBuilder(u->b, n);
		}
		LLVMInstructionSetDebugLoc(n, LLVMInstructionGetDebugLoc(i));
		map(c, i, n);
	}
}

static void connect_instructions(struct unroller *u, struct copy *c,
				 LLVMBasicBlockRef block)
{
	ir_each_inst (i, block) {
		LLVMValueRef n = mapped(c, i);

		if (LLVMGetInstructionOpcode(i) != LLVMPHI) {
			for (int k = 0; k < LLVMGetNumOperands(i); k++) {
				unsigned at = (unsigned)k;
				LLVMValueRef v = LLVMGetOperand(i, at);

				LLVMSetOperand(n, at, mapped(c, v));
			}
			continue;
		}
		if (block == u->loop->header)
			continue;
		for (unsigned k = 0; k < LLVMCountIncoming(i); k++) {
			LLVMValueRef v = mapped(c, LLVMGetIncomingValue(i, k));
			LLVMBasicBlockRef from =
				mapped_block(c, LLVMGetIncomingBlock(i, k));

			LLVMAddIncoming(n, &v, &from, 1);
		}
	}
}

/* The exit block's phis learn of the copy's way out. */
static void add_exit(struct copy *c, LLVMBasicBlockRef from,
		     LLVMBasicBlockRef exit)
{
	ir_each_inst (phi, exit) {
		unsigned n = LLVMGetInstructionOpcode(phi) == LLVMPHI
				     ? LLVMCountIncoming(phi)
				     : 0;
		LLVMBasicBlockRef copy = mapped_block(c, from);

		if (!n)
			break;
		for (unsigned k = 0; k < n; k++) {
			LLVMValueRef v;

			if (LLVMGetIncomingBlock(phi, k) != from)
				continue;
			v = mapped(c, LLVMGetIncomingValue(phi, k));
			LLVMAddIncoming(phi, &v, &copy, 1);
		}
	}
}

static bool leads_to_before(LLVMValueRef end, unsigned k)
{
	for (unsigned j = 0; j < k; j++)
		if (LLVMGetSuccessor(end, j) == LLVMGetSuccessor(end, k))
			return true;
	return false;
}

static void add_exits(struct unroller *u, struct copy *c,
		      LLVMBasicBlockRef block)
{
	LLVMValueRef end = LLVMGetBasicBlockTerminator(block);

	for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++)
		if (!loop_has(u->l, u->loop, LLVMGetSuccessor(end, k)) &&
		    !leads_to_before(end, k))
			add_exit(c, block, LLVMGetSuccessor(end, k));
}

static void for_body(struct unroller *u, struct copy *c,
		     void (*what)(struct unroller *, struct copy *,
				  LLVMBasicBlockRef))
{
	for (unsigned i = 0; i < u->l->blocks.n; i++)
		if (ir_test(u->loop->body, i))
			what(u, c, LLVMValueAsBasicBlock(u->l->blocks.at[i]));
}

static void add_block(struct unroller *u, struct copy *c,
		      LLVMBasicBlockRef block)
{
	LLVMBasicBlockRef n = LLVMAppendBasicBlockInContext(u->c, u->f, "");

	map(c, LLVMBasicBlockAsValue(block), LLVMBasicBlockAsValue(n));
}

/* Repetition k: its header's phis are what repetition k - 1 ended with. */
static void repeat(struct unroller *u, unsigned k)
{
	struct copy *c = &u->copies[k], *before = &u->copies[k - 1];

	for_body(u, c, add_block);
	ir_each_inst (phi, u->loop->header) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		map(c, phi, mapped(before, value_from_latch(u, phi)));
	}
	for_body(u, c, copy_instructions);
	for_body(u, c, connect_instructions);
	for_body(u, c, add_exits);
}

/* Latch k leads to header k + 1, the last to the first. */
static void link_copies(struct unroller *u)
{
	LLVMBasicBlockRef header = u->loop->header;
	struct copy *last = &u->copies[UNROLL_TIMES - 1];
	struct ir_list ends = { 0 };

	for (unsigned k = 0; k < UNROLL_TIMES; k++) {
		LLVMBasicBlockRef latch = mapped_block(&u->copies[k], u->latch);

		ir_list_add(&ends, LLVMGetBasicBlockTerminator(latch));
	}
	for (unsigned k = 0; k < UNROLL_TIMES; k++) {
		unsigned next = (k + 1) % UNROLL_TIMES;
		LLVMBasicBlockRef own = mapped_block(&u->copies[k], header);
		LLVMBasicBlockRef to = mapped_block(&u->copies[next], header);
		LLVMValueRef end = ends.at[k];

		for (unsigned s = 0; s < LLVMGetNumSuccessors(end); s++)
			if (LLVMGetSuccessor(end, s) == own)
				LLVMSetSuccessor(end, s, to);
	}
	ir_list_free(&ends);
	ir_each_inst (phi, header) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		for (unsigned k = 0; k < LLVMCountIncoming(phi); k++) {
			LLVMValueRef v = LLVMGetIncomingValue(phi, k);

			if (LLVMGetIncomingBlock(phi, k) == u->latch)
				LLVMSetOperand(phi, k, mapped(last, v));
		}
	}
	ir_phi_redirect(header, u->latch, mapped_block(last, u->latch));
}

static unsigned count_instructions(const struct loops *l,
				   const struct loop *loop)
{
	unsigned n = 0;

	for (unsigned i = 0; i < l->blocks.n; i++) {
		if (!ir_test(loop->body, i))
			continue;
		ir_each_inst (inst, LLVMValueAsBasicBlock(l->blocks.at[i]))
			n++;
	}
	return n;
}

LLVMBasicBlockRef unroll(const struct loops *l, const struct loop *loop)
{
	LLVMValueRef f = LLVMGetBasicBlockParent(loop->header);
	LLVMContextRef c = ir_context(LLVMGetGlobalParent(f));
	struct unroller u = {
		.f = f,
		.c = c,
		.l = l,
		.loop = loop,
		.latch = LLVMValueAsBasicBlock(loop->latches.at[0]),
	};
	LLVMBasicBlockRef latch;

	if (loop->has_inner || loop->latches.n != 1 ||
	    count_instructions(l, loop) > UNROLL_MAX)
		return u.latch;
	u.b = LLVMCreateBuilderInContext(c);
	for (unsigned k = 1; k < UNROLL_TIMES; k++)
		repeat(&u, k);
	latch = mapped_block(&u.copies[UNROLL_TIMES - 1], u.latch);
	link_copies(&u);
	for (unsigned k = 0; k < UNROLL_TIMES; k++) {
		ir_map_free(&u.copies[k].index);
		ir_list_free(&u.copies[k].values);
	}
	LLVMDisposeBuilder(u.b);
	return latch;
}
