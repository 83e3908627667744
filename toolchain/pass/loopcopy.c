/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/loopcopy.h"

#include <llvm-c/DebugInfo.h>

#include "base/base.h"

struct copier {
	LLVMValueRef f;
	LLVMContextRef context;
	LLVMBuilderRef b;
	const struct loops *l;
	const struct loop *loop;
	struct loop_copy *c;
};

LLVMValueRef loop_copy_of(const struct loop_copy *c, LLVMValueRef v)
{
	int i = ir_map_get(&c->index, v);

	return i < 0 ? v : c->values.at[i];
}

LLVMBasicBlockRef loop_copy_of_block(const struct loop_copy *c,
				     LLVMBasicBlockRef b)
{
	return LLVMValueAsBasicBlock(loop_copy_of(c, LLVMBasicBlockAsValue(b)));
}

void loop_copy_map(struct loop_copy *c, LLVMValueRef v, LLVMValueRef to)
{
	ir_map_put(&c->index, v, (int)c->values.n);
	ir_list_add(&c->values, to);
}

static void copy_instructions(struct copier *u, LLVMBasicBlockRef block)
{
	LLVMPositionBuilderAtEnd(u->b, loop_copy_of_block(u->c, block));
	ir_each_inst (i, block) {
		LLVMValueRef n;

		if (ir_map_get(&u->c->index, i) >= 0)
			continue;
		if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
			n = LLVMBuildPhi(u->b, LLVMTypeOf(i), "");
		} else {
			n = LLVMInstructionClone(i);
			LLVMInsertIntoBuilder(u->b, n);
		}
		LLVMInstructionSetDebugLoc(n, LLVMInstructionGetDebugLoc(i));
		loop_copy_map(u->c, i, n);
	}
}

static void connect_phi(struct copier *u, LLVMValueRef i, LLVMValueRef n)
{
	for (unsigned k = 0; k < LLVMCountIncoming(i); k++) {
		LLVMValueRef v = loop_copy_of(u->c, LLVMGetIncomingValue(i, k));
		LLVMBasicBlockRef from =
			loop_copy_of_block(u->c, LLVMGetIncomingBlock(i, k));

		LLVMAddIncoming(n, &v, &from, 1);
	}
}

static void connect_instructions(struct copier *u, LLVMBasicBlockRef block)
{
	LLVMBasicBlockRef copy = loop_copy_of_block(u->c, block);

	ir_each_inst (i, block) {
		LLVMValueRef n = loop_copy_of(u->c, i);

		if (LLVMGetInstructionOpcode(i) == LLVMPHI) {
			/* not if it was mapped to another value */
			if (LLVMIsAPHINode(n) &&
			    LLVMGetInstructionParent(n) == copy &&
			    !LLVMCountIncoming(n))
				connect_phi(u, i, n);
			continue;
		}
		for (int k = 0; k < LLVMGetNumOperands(i); k++) {
			unsigned at = (unsigned)k;
			LLVMValueRef v = LLVMGetOperand(i, at);

			LLVMSetOperand(n, at, loop_copy_of(u->c, v));
		}
	}
}

/* The exit block's phis learn of the copy's way out. */
static void add_exit(struct loop_copy *c, LLVMBasicBlockRef from,
		     LLVMBasicBlockRef exit)
{
	LLVMBasicBlockRef copy = loop_copy_of_block(c, from);

	ir_each_inst (phi, exit) {
		unsigned n = LLVMGetInstructionOpcode(phi) == LLVMPHI
				     ? LLVMCountIncoming(phi)
				     : 0;

		if (!n)
			break;
		for (unsigned k = 0; k < n; k++) {
			LLVMValueRef v;

			if (LLVMGetIncomingBlock(phi, k) != from)
				continue;
			v = loop_copy_of(c, LLVMGetIncomingValue(phi, k));
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

void loop_copy_exits(struct loop_copy *c, LLVMBasicBlockRef block,
		     const struct loops *l, const struct loop *loop)
{
	LLVMValueRef end = LLVMGetBasicBlockTerminator(block);

	for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++)
		if ((!l || !loop_has(l, loop, LLVMGetSuccessor(end, k))) &&
		    !leads_to_before(end, k))
			add_exit(c, block, LLVMGetSuccessor(end, k));
}

static void add_exits(struct copier *u, LLVMBasicBlockRef block)
{
	loop_copy_exits(u->c, block, u->l, u->loop);
}

static void add_block(struct copier *u, LLVMBasicBlockRef block)
{
	LLVMBasicBlockRef n =
		LLVMAppendBasicBlockInContext(u->context, u->f, "");

	loop_copy_map(u->c, LLVMBasicBlockAsValue(block),
		      LLVMBasicBlockAsValue(n));
}

static void for_body(struct copier *u,
		     void (*what)(struct copier *, LLVMBasicBlockRef))
{
	for (unsigned i = 0; i < u->l->blocks.n; i++)
		if (ir_test(u->loop->body, i))
			what(u, LLVMValueAsBasicBlock(u->l->blocks.at[i]));
}

void loop_copy_body(const struct loops *l, const struct loop *loop,
		    struct loop_copy *c)
{
	LLVMValueRef f = LLVMGetBasicBlockParent(loop->header);
	LLVMContextRef context = ir_context(LLVMGetGlobalParent(f));
	struct copier u = {
		.f = f,
		.context = context,
		.b = LLVMCreateBuilderInContext(context),
		.l = l,
		.loop = loop,
		.c = c,
	};

	for_body(&u, add_block);
	for_body(&u, copy_instructions);
	for_body(&u, connect_instructions);
	for_body(&u, add_exits);
	LLVMDisposeBuilder(u.b);
}

void loop_copy_free(struct loop_copy *c)
{
	ir_map_free(&c->index);
	ir_list_free(&c->values);
}

unsigned loop_count_instructions(const struct loops *l, const struct loop *loop)
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
