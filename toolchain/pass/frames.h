/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of pass_frames: one function at a time,
 *   pstack    escaping locals move to the portable stack
 *   capture   calls that may reach a poll become invokes whose landing pads
 *             save what is live (liveness)
 *   resume    the clone that goes on from a record
 *
 * Marker functions stand for what pass_isa lowers last, so that the
 * optimiser knows what it may assume:
 *   ptr  hexo.alloca(i64 size, i64 align)   a local, in the entry block
 *   ptr  hexo.alloca.dynamic(i64, i64)      a variable-size one
 *   ptr  hexo.alloca.resumed(ptr)           its argument, again a local
 *   void hexo.escape(ptr)                   from here on others may use it
 */
#ifndef HEXO_PASS_FRAMES_H
#define HEXO_PASS_FRAMES_H

#include <llvm-c/Target.h>

#include "toolchain/pass/callgraph.h"
#include "toolchain/pass/ir.h"

#define MARK_ALLOCA         "hexo.alloca"
#define MARK_ALLOCA_DYNAMIC "hexo.alloca.dynamic"
#define MARK_ALLOCA_RESUMED "hexo.alloca.resumed"
#define MARK_ESCAPE         "hexo.escape"

/* A call that may reach a poll. */
struct site {
	LLVMValueRef invoke;
	LLVMBasicBlockRef pad;
	struct ir_list live; /* values to save, locals excluded */
	uint64_t *offset;    /* of each in the record */
	uint64_t size;       /* of the record */
};

/* What all of pass_frames needs, and one function's share. */
struct frames {
	LLVMModuleRef m;
	LLVMTargetDataRef layout;
	LLVMBuilderRef b;
	LLVMTypeRef ptr, i32, i64, none, pad_type;
	LLVMValueRef save, pop, next, unwind, personality, pstack;
	LLVMTypeRef save_type, pop_type, unwind_type;
	const struct callgraph *calls;
};

struct frame_function {
	LLVMValueRef f;
	uint32_t number; /* index in the resume table */
	/* Locals on the portable stack, at fixed places of every record:
	 * first what the stack pointer was at entry, then each address. */
	struct ir_list locals;
	struct site *sites;
	unsigned n;
};

/* Locals: replaces allocas; fills fn->locals (empty: none). */
void pstack_convert(struct frames *fr, struct frame_function *fn);

/* Fills fn->sites: splits blocks, makes invokes, computes live values, fills
 * the landing pads. */
void capture_function(struct frames *fr, struct frame_function *fn);

/* Live values after each site, locals excluded; sites' invokes exist. */
void liveness_fill(struct frame_function *fn);

/* A landing pad at the builder's position: saves the site's live values, of
 * which values[i] are the values themselves or, with slots, the stack slots
 * that hold them, and the locals, and goes on unwinding. */
void capture_build_save(struct frames *fr, const struct frame_function *fn,
			unsigned site, const LLVMValueRef *values,
			const LLVMValueRef *locals, bool slots);

/* Builds and returns the resume clone: RESULT f.resume(void). */
LLVMValueRef resume_build(struct frames *fr, struct frame_function *fn);

#endif
