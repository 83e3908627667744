/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inline assembly without instructions: a barrier for the compiler. What comes
 * out of it must have gone in, as in asm("" : "+r"(x)).
 */
#ifndef HEXO_PASS_BARRIER_H
#define HEXO_PASS_BARRIER_H

#include "toolchain/pass/ir.h"

/* What the call, of inline assembly, results in: adds the operand that each
 * of its outputs is tied to, in their order, to outputs. False if it has
 * instructions, or an output that nothing went into. */
bool barrier_outputs(LLVMValueRef call, struct ir_list *outputs);

#endif
