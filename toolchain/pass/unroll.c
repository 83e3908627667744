/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/unroll.h"

#include "base/base.h"
#include "toolchain/pass/loopcopy.h"

struct unroller {
	const struct loops *l;
	const struct loop *loop;
	LLVMBasicBlockRef latch;
	/* [0] maps nothing: the original */
	struct loop_copy copies[UNROLL_TIMES];
};

static LLVMValueRef value_from_latch(const struct unroller *u, LLVMValueRef phi)
{
	for (unsigned k = 0; k < LLVMCountIncoming(phi); k++)
		if (LLVMGetIncomingBlock(phi, k) == u->latch)
			return LLVMGetIncomingValue(phi, k);
	return NULL;
}

/* Repetition k: its header's phis are what repetition k - 1 ended with. */
static void repeat(struct unroller *u, unsigned k)
{
	struct loop_copy *c = &u->copies[k], *before = &u->copies[k - 1];

	ir_each_inst (phi, u->loop->header) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		loop_copy_map(c, phi,
			      loop_copy_of(before, value_from_latch(u, phi)));
	}
	loop_copy_body(u->l, u->loop, c);
}

/* Latch k leads to header k + 1, the last to the first. */
static void link_copies(struct unroller *u)
{
	LLVMBasicBlockRef header = u->loop->header;
	struct loop_copy *last = &u->copies[UNROLL_TIMES - 1];
	struct ir_list ends = { 0 };

	for (unsigned k = 0; k < UNROLL_TIMES; k++) {
		LLVMBasicBlockRef latch =
			loop_copy_of_block(&u->copies[k], u->latch);

		ir_list_add(&ends, LLVMGetBasicBlockTerminator(latch));
	}
	for (unsigned k = 0; k < UNROLL_TIMES; k++) {
		unsigned next = (k + 1) % UNROLL_TIMES;
		LLVMBasicBlockRef own =
			loop_copy_of_block(&u->copies[k], header);
		LLVMBasicBlockRef to =
			loop_copy_of_block(&u->copies[next], header);
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
				LLVMSetOperand(phi, k, loop_copy_of(last, v));
		}
	}
	ir_phi_redirect(header, u->latch, loop_copy_of_block(last, u->latch));
}

/*
 * x86-64's code generator makes branches of selects where that shortens a
 * loop's iteration by more than a misprediction costs. Several iterations look
 * like one to it, with several times the gain.
 */
static void keep_selects(const struct loops *l, const struct loop *loop)
{
	LLVMContextRef c = LLVMGetTypeContext(
		LLVMTypeOf(LLVMBasicBlockAsValue(loop->header)));
	LLVMValueRef none =
		LLVMMetadataAsValue(c, LLVMMDNodeInContext2(c, NULL, 0));
	unsigned kind = LLVMGetMDKindIDInContext(c, "unpredictable", 13);

	for (unsigned k = 0; k < l->blocks.n; k++) {
		LLVMBasicBlockRef b = LLVMValueAsBasicBlock(l->blocks.at[k]);

		if (!ir_test(loop->body, k))
			continue;
		ir_each_inst (i, b) {
			if (LLVMGetInstructionOpcode(i) == LLVMSelect)
				LLVMSetMetadata(i, kind, none);
		}
	}
}

LLVMBasicBlockRef unroll(const struct loops *l, const struct loop *loop)
{
	struct unroller u = {
		.l = l,
		.loop = loop,
		.latch = LLVMValueAsBasicBlock(loop->latches.at[0]),
	};
	LLVMBasicBlockRef latch;

	if (loop->has_inner || loop->latches.n != 1 ||
	    loop_count_instructions(l, loop) > UNROLL_MAX)
		return u.latch;
	keep_selects(l, loop);
	for (unsigned k = 1; k < UNROLL_TIMES; k++)
		repeat(&u, k);
	latch = loop_copy_of_block(&u.copies[UNROLL_TIMES - 1], u.latch);
	link_copies(&u);
	for (unsigned k = 0; k < UNROLL_TIMES; k++)
		loop_copy_free(&u.copies[k]);
	return latch;
}
