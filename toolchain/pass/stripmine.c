/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/stripmine.h"

#include <string.h>

#include "toolchain/pass/loopcopy.h"

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
	LLVMValueRef strip_iv, strip_limit;
	uint64_t length; /* of a strip, in iterations */
};

/* An iteration of a vectorised or unrolled loop is many of the program's. */
static uint64_t strip_length(const struct loops *l, const struct loop *loop)
{
	uint64_t n = STRIP_WORK / loop_count_instructions(l, loop);

	return n < STRIP_MIN ? STRIP_MIN : n > STRIP_MAX ? STRIP_MAX : n;
}

static uint64_t strip_span(const struct miner *s)
{
	int64_t step = s->count->step;

	return s->length * (step > 0 ? (uint64_t)step : -(uint64_t)step);
}

/* How much likelier the version without strips is taken to be. */
#define WEIGHT_PLAIN 16

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

/* The only block that leads into the loop from outside; NULL: there are
 * several, or it leads elsewhere, too. */
static LLVMBasicBlockRef find_preheader(const struct miner *s)
{
	LLVMBasicBlockRef found = NULL;

	for (unsigned i = 0; i < s->l->blocks.n; i++) {
		LLVMBasicBlockRef b = LLVMValueAsBasicBlock(s->l->blocks.at[i]);
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (ir_test(s->loop->body, i))
			continue;
		for (unsigned k = 0; k < LLVMGetNumSuccessors(end); k++) {
			if (LLVMGetSuccessor(end, k) != s->loop->header)
				continue;
			if (found || LLVMGetNumSuccessors(end) != 1)
				return NULL;
			found = b;
		}
	}
	return found;
}

static LLVMValueRef start_of(const struct miner *s, LLVMBasicBlockRef from)
{
	for (unsigned k = 0; k < LLVMCountIncoming(s->count->iv); k++)
		if (LLVMGetIncomingBlock(s->count->iv, k) == from)
			return LLVMGetIncomingValue(s->count->iv, k);
	return NULL;
}

/* Iterations times |step| from iv to the limit, less one: where they are
 * equal the loop takes all values of its type. */
static LLVMValueRef build_distance(struct miner *s, LLVMValueRef iv)
{
	LLVMValueRef limit = s->count->limit;
	LLVMValueRef one = LLVMConstInt(LLVMTypeOf(limit), 1, 0);
	LLVMValueRef all = s->count->step > 0
				   ? LLVMBuildSub(s->b, limit, iv, "")
				   : LLVMBuildSub(s->b, iv, limit, "");

	return LLVMBuildSub(s->b, all, one, "");
}

/*
 * Most loops run shorter than a strip, and many are short and run often: they
 * get a version without strips, chosen before the loop is entered.
 */
static void build_plain(struct miner *s)
{
	LLVMBasicBlockRef from = find_preheader(s);
	LLVMTypeRef type = LLVMTypeOf(s->count->limit);
	struct loop_copy copy = { 0 };
	LLVMValueRef end, distance, few, branch;

	if (!from || loop_count_instructions(s->l, s->loop) > PLAIN_MAX)
		return;
	end = LLVMGetBasicBlockTerminator(from);
	LLVMPositionBuilderBefore(s->b, end);
	distance = build_distance(s, start_of(s, from));
	few = LLVMBuildICmp(s->b, LLVMIntULT, distance,
			    LLVMConstInt(type, strip_span(s), 0), "");
	loop_copy_body(s->l, s->loop, &copy);
	branch = LLVMBuildCondBr(s->b, few,
				 loop_copy_of_block(&copy, s->loop->header),
				 s->loop->header);
	ir_branch_weights(branch, WEIGHT_PLAIN, 1);
	LLVMInstructionEraseFromParent(end);
	loop_note_trips(loop_copy_of_block(&copy, s->count->latch), s->length);
	loop_copy_free(&copy);
}

static LLVMValueRef build_binary(struct miner *s, const char *intrinsic,
				 LLVMValueRef a, LLVMValueRef b)
{
	LLVMTypeRef type = LLVMTypeOf(a);
	unsigned id = LLVMLookupIntrinsicID(intrinsic, strlen(intrinsic));

	return LLVMBuildCall2(s->b,
			      LLVMIntrinsicGetType(ir_context(s->m), id, &type,
						   1),
			      LLVMGetIntrinsicDeclaration(s->m, id, &type, 1),
			      (LLVMValueRef[]){ a, b }, 2, "");
}

/*
 * iv + umin(limit - iv, STRIP * step), the other way round going down. What
 * llvm.expect says is beside the point: the code generator does not look
 * through it, and so compares with this value instead of counting from zero,
 * which costs another addition in each address.
 */
static LLVMValueRef build_limit(struct miner *s)
{
	LLVMValueRef limit = s->count->limit, iv = s->strip_iv;
	LLVMTypeRef type = LLVMTypeOf(limit);
	bool up = s->count->step > 0;
	LLVMValueRef span =
		build_binary(s, "llvm.umin", build_distance(s, iv),
			     LLVMConstInt(type, strip_span(s) - 1, 0));

	span = LLVMBuildAdd(s->b, span, LLVMConstInt(type, 1, 0), "");
	return build_binary(s, "llvm.expect",
			    up ? LLVMBuildAdd(s->b, iv, span, "")
			       : LLVMBuildSub(s->b, iv, span, ""),
			    limit);
}

/*
 * The latch leaves at the strip's limit, which is what the variable then is:
 * so that code generation may count with another one, in a strip.
 */
static void build_latch(struct miner *s)
{
	LLVMValueRef end = LLVMGetBasicBlockTerminator(s->count->latch);
	LLVMIntPredicate p = LLVMGetICmpPredicate(s->count->compare);
	unsigned out = LLVMGetSuccessor(end, 0) == s->count->exit ? 0 : 1;

	LLVMPositionBuilderBefore(s->b, end);
	LLVMSetCondition(end, LLVMBuildICmp(s->b, p, s->count->next,
					    s->strip_limit, ""));
	LLVMSetSuccessor(end, out, s->done);
	for (unsigned k = 0; k < LLVMCountIncoming(s->strip_iv); k++)
		if (LLVMGetIncomingBlock(s->strip_iv, k) == s->again)
			LLVMSetOperand(s->strip_iv, k, s->strip_limit);
	loop_note_trips(s->count->latch, s->length);
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
		.length = strip_length(l, loop),
	};
	LLVMValueRef ended, back;

	build_plain(&s);
	s.strip = LLVMInsertBasicBlockInContext(c, loop->header, "strip");
	s.done = LLVMAppendBasicBlockInContext(c, f, "strip.done");
	s.again = LLVMAppendBasicBlockInContext(c, f, "strip.again");
	LLVMMoveBasicBlockAfter(s.done, count->latch);
	LLVMMoveBasicBlockAfter(s.again, s.done);
	redirect_entries(&s);
	ir_each_inst_safe (phi, next, loop->header) {
		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		split_phi(&s, phi);
	}
	LLVMPositionBuilderAtEnd(s.b, s.strip);
	s.strip_limit = build_limit(&s);
	LLVMBuildBr(s.b, loop->header);
	ir_phi_redirect(count->exit, count->latch, s.done);
	build_latch(&s);
	LLVMPositionBuilderAtEnd(s.b, s.done);
	ended = LLVMBuildICmp(s.b, LLVMIntEQ, s.strip_limit, count->limit, "");
	LLVMBuildCondBr(s.b, ended, count->exit, s.again);
	LLVMPositionBuilderAtEnd(s.b, s.again);
	back = LLVMBuildBr(s.b, s.strip);
	LLVMDisposeBuilder(s.b);
	return back;
}
