/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Natural loops of one function (LLVM's C API has neither loops nor
 * dominators). Valid until the function's blocks change.
 *
 * Source: Cooper, Harvey, Kennedy, "A Simple, Fast Dominance Algorithm",
 * Rice University TR-06-33870.
 */
#ifndef HEXO_PASS_LOOPS_H
#define HEXO_PASS_LOOPS_H

#include "toolchain/pass/ir.h"

struct loop {
	LLVMBasicBlockRef header;
	struct ir_list latches; /* blocks, as values: sources of back edges */
	ir_word *body;          /* blocks by index, header included */
	bool has_inner;         /* another loop's header lies inside */
};

/* Loops that share a header are one. */
struct loops {
	struct ir_list blocks; /* in reverse post-order; [0] is the entry */
	struct ir_map index;   /* block to its place in blocks */
	struct loop *at;
	unsigned n;
	/* Latches of cycles that have no single header; rare in C. */
	struct ir_list irreducible;
};

void loops_find(struct loops *l, LLVMValueRef function);
void loops_free(struct loops *l);

static inline bool loop_has(const struct loops *l, const struct loop *loop,
			    LLVMBasicBlockRef b)
{
	int i = ir_map_get(&l->index, b);

	return i >= 0 && ir_test(loop->body, (unsigned)i);
}

/*
 * A loop that counts: left only at its one latch, when next = iv + step
 * equals limit, which the loop does not change.
 */
struct loop_count {
	LLVMBasicBlockRef latch, exit;
	LLVMValueRef iv;      /* phi of the header */
	LLVMValueRef next;    /* iv + step */
	LLVMValueRef compare; /* icmp eq or ne (next, limit), at the latch */
	LLVMValueRef limit;
	int64_t step;
	unsigned limit_operand; /* which operand of compare limit is */
};

bool loop_counts(const struct loops *l, const struct loop *loop,
		 struct loop_count *count);

/* Notes that the loop which this latch closes has at most n iterations. */
void loop_note_trips(LLVMBasicBlockRef latch, uint64_t n);

/* An upper bound of the iterations of a counting loop: what is noted, or its
 * constant bounds say, else what its variable can count; 0: more than 2^64 - 1.
 */
uint64_t loop_most_trips(const struct loop_count *count);

#endif
