/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/stripmine.h"

/*
 *      outside                    outside
 *         |                          |
 *      header <--+     ==>         strip <--------+   limit' = iv +
 *         |      |                   |            |     umin(limit - iv,
 *       latch ---+                 header <--+    |          STRIP * step)
 *         | next == limit            |       |    |
 *        exit                      latch ----+    |
 *                                    | next == limit'
 *                                  done --> again +
 *                                    | limit' == limit
 *                                   exit
 */
struct miner {
	LLVMModuleRef m;
	LLVMBuilderRef b;
	const struct loops *l;
	const struct loop *loop;
	const struct loop_count *count;
	LLVMBasicBlockRef strip, done, again;
	LLVMValueRef strip_iv;
};

/* The part of a header's phi that comes from outside moves to strip. */
static void split_phi(struct miner *s, LLVMValueRef phi)
{
	LLVMBasicBlockRef latch = s->count->latch;
	LLVMTypeRef type = LLVMTypeOf(phi);
	LLVMValueRef outer, inner, carried = NULL;

	LLVMPositionBuilderAtEnd(s->b, s->strip);
	outer = LLVMBuildPhi(s->b, type, "");
	LLVMPositionBuilderBefore(s->b, phi);
	inner = LLVMBuildPhi(s->b, type, "");
	for (unsigned k = 0; k < LLVMCountIncoming(phi); k++) {
		LLVMValueRef v = LLVMGetIncomingValue(phi, k);
		LLVMBasicBlockRef from = LLVMGetIncomingBlock(phi, k);

		if (from == latch)
			carried = v == phi ? inner : v;
		else
			LLVMAddIncoming(outer, &v, &from, 1);
	}
	LLVMAddIncoming(inner, &outer, &s->strip, 1);
	LLVMAddIncoming(inner, &carried, &latch, 1);
	LLVMAddIncoming(outer, &carried, &s->again, 1);
	LLVMReplaceAllUsesWith(phi, inner);
	if (phi == s->count->iv)
		s->strip_iv = outer;
	LLVMInstructionEraseFromParent(phi);
}

static void redirect_entries(struct miner *s)
{
	for (unsigned i = 0; i < s->l->blocks.n; i++) {
		LLVMBasicBlockRef b = LLVMValueAsBasicBlock(s->l->blocks.at[i]);
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (ir_test(s->loop->body, i))
			continue;
		for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++)
			if (LLVMGetSuccessor(end, k) == s->loop->header)
				LLVMSetSuccessor(end, k, s->strip);
	}
}

/* iv + umin(limit - iv, STRIP * step), the other way round going down. */
static LLVMValueRef build_limit(struct miner *s)
{
	LLVMValueRef limit = s->count->limit, iv = s->strip_iv;
	LLVMTypeRef type = LLVMTypeOf(limit);
	bool up = s->count->step > 0;
	uint64_t step =
		up ? (uint64_t)s->count->step : -(uint64_t)s->count->step;
	unsigned id = LLVMLookupIntrinsicID("llvm.umin", 9);
	LLVMValueRef args[2];
	LLVMValueRef span;

	args[0] = up ? LLVMBuildSub(s->b, limit, iv, "")
		     : LLVMBuildSub(s->b, iv, limit, "");
	args[1] = LLVMConstInt(type, STRIP * step, 0);
	span = LLVMBuildCall2(
		s->b, LLVMIntrinsicGetType(ir_context(s->m), id, &type, 1),
		LLVMGetIntrinsicDeclaration(s->m, id, &type, 1), args, 2, "");
	return up ? LLVMBuildAdd(s->b, iv, span, "limit")
		  : LLVMBuildSub(s->b, iv, span, "limit");
}

/* The latch leaves at the strip's limit. */
static void build_latch(struct miner *s, LLVMValueRef strip_limit)
{
	LLVMValueRef end = LLVMGetBasicBlockTerminator(s->count->latch);
	LLVMIntPredicate p = LLVMGetICmpPredicate(s->count->compare);
	unsigned out = LLVMGetSuccessor(end, 0) == s->count->exit ? 0 : 1;

	LLVMPositionBuilderBefore(s->b, end);
	LLVMSetCondition(end, LLVMBuildICmp(s->b, p, s->count->next,
					    strip_limit, ""));
	LLVMSetSuccessor(end, out, s->done);
}

LLVMValueRef stripmine(const struct loops *l, const struct loop *loop,
		       const struct loop_count *count)
{
	LLVMValueRef f = LLVMGetBasicBlockParent(loop->header);
	LLVMModuleRef m = LLVMGetGlobalParent(f);
	LLVMContextRef c = ir_context(m);
	struct miner s = {
		.m = m,
		.b = LLVMCreateBuilderInContext(c),
		.l = l,
		.loop = loop,
		.count = count,
		.strip =
			LLVMInsertBasicBlockInContext(c, loop->header, "strip"),
		.done = LLVMAppendBasicBlockInContext(c, f, "strip.done"),
		.again = LLVMAppendBasicBlockInContext(c, f, "strip.again"),
	};
	LLVMValueRef limit, ended, back;

	LLVMMoveBasicBlockAfter(s.done, count->latch);
	LLVMMoveBasicBlockAfter(s.again, s.done);
	redirect_entries(&s);
	ir_each_inst_safe (phi, next, loop->header) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		split_phi(&s, phi);
	}
	LLVMPositionBuilderAtEnd(s.b, s.strip);
	limit = build_limit(&s);
	LLVMBuildBr(s.b, loop->header);
	ir_phi_redirect(count->exit, count->latch, s.done);
	build_latch(&s, limit);
	LLVMPositionBuilderAtEnd(s.b, s.done);
	ended = LLVMBuildICmp(s.b, LLVMIntEQ, limit, count->limit, "");
	LLVMBuildCondBr(s.b, ended, count->exit, s.again);
	LLVMPositionBuilderAtEnd(s.b, s.again);
	back = LLVMBuildBr(s.b, s.strip);
	LLVMDisposeBuilder(s.b);
	return back;
}
