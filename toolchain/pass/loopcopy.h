/* SPDX-License-Identifier: Apache-2.0 */
/* Copies of a loop's body, for passes that repeat loops or make versions. */
#ifndef HEXO_PASS_LOOPCOPY_H
#define HEXO_PASS_LOOPCOPY_H

#include "toolchain/pass/loops.h"

/* Values and blocks of the loop to those of the copy; zero-initialise. */
struct loop_copy {
	struct ir_map index;
	struct ir_list values;
};

/* What has no copy stands for itself. */
LLVMValueRef loop_copy_of(const struct loop_copy *c, LLVMValueRef v);
LLVMBasicBlockRef loop_copy_of_block(const struct loop_copy *c,
				     LLVMBasicBlockRef b);
void loop_copy_map(struct loop_copy *c, LLVMValueRef v, LLVMValueRef to);

/*
 * Copies the blocks of a loop; the exits' phis learn of the copy's ways out.
 * Its back edge leads to the copy of the header. Phis of the header that are
 * mapped already are not copied: they have become plain values.
 */
void loop_copy_body(const struct loops *l, const struct loop *loop,
		    struct loop_copy *c);
/* The phis of the blocks that `block`, which has been copied, leads to learn
 * of the copy; without those inside the loop, if one is given. */
void loop_copy_exits(struct loop_copy *c, LLVMBasicBlockRef block,
		     const struct loops *l, const struct loop *loop);
void loop_copy_free(struct loop_copy *c);

/* Of all its blocks. */
unsigned loop_count_instructions(const struct loops *l,
				 const struct loop *loop);

#endif
