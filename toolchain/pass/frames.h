/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of pass_frames: one function at a time,
 *   compare   fewer values are live over calls
 *   pstack    escaping locals move to the portable stack
 *   capture   calls that may reach a poll become invokes whose landing pads
 *             save what is live (liveness)
 *   resume    the clone that goes on from a record
 *   jump      setjmp, which writes a record when it is called
 *
 * Marker functions stand for what pass_isa lowers last, so that the
 * optimiser knows what it may assume:
 *   ptr  hexo.local(ptr base, i64 offset)  a local of fixed size; only what
 *                                          comes from here accesses it
 *   ptr  hexo.local.dynamic(i64 size, i64 align)  one of variable size
 *   void hexo.escape(ptr)                  from here on others may use it
 */
#ifndef HEXO_PASS_FRAMES_H
#define HEXO_PASS_FRAMES_H

#include <llvm-c/Target.h>

#include "toolchain/pass/callgraph.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/lines.h"

#define MARK_LOCAL   "hexo.local"
#define MARK_DYNAMIC "hexo.local.dynamic"
#define MARK_ESCAPE  "hexo.escape"

enum site_kind {
	SITE_CALL,   /* may reach a poll or a jump */
	SITE_PARK,   /* hexo_poll_park */
	SITE_SETJMP, /* writes its record when called, into an area */
};

/* A call after which the function may have to go on from a record. */
struct site {
	enum site_kind kind;
	LLVMValueRef invoke;
	LLVMBasicBlockRef pad;
	unsigned area;       /* setjmp: index among the locals */
	struct ir_list live; /* values to save, locals excluded */
	uint64_t *offset;    /* of each in the record */
	uint64_t size;       /* of the record */
};

/* A local of fixed size on the portable stack. */
struct frame_local {
	LLVMValueRef value;
	uint64_t offset, align; /* from the function's base */
};

/* What all of pass_frames needs, and one function's share. */
struct frames {
	LLVMModuleRef m;
	LLVMTargetDataRef layout;
	LLVMBuilderRef b;
	LLVMTypeRef ptr, i32, i64, none, pad_type;
	LLVMValueRef save, pop, next, unwind, pstack;
	/* Of functions that a jump passes over, and of those with areas. */
	LLVMValueRef personality, jump_personality;
	LLVMValueRef jump_set, jump_here;
	LLVMTypeRef save_type, pop_type, unwind_type;
	LLVMValueRef local, dynamic, escape; /* markers */
	const struct callgraph *calls;
	struct lines lines;
};

struct frame_function {
	LLVMValueRef f;
	LLVMValueRef number;  /* i32: the resume table's entry, its address */
	bool has_stack;       /* locals, fixed or not */
	struct ir_list fixed; /* allocas that pstack_place() replaces */
	/* The portable stack pointer at entry, NULL without locals; it is
	 * the first thing in every record. The locals' addresses follow from
	 * it and need not be saved. */
	LLVMValueRef entry_sp;
	struct frame_local *locals;
	unsigned n_locals;
	uint64_t locals_size, locals_align;
	struct site *sites;
	unsigned n;
	/* Values that are live at sites, but follow from others: not saved. */
	struct ir_list remat;
	struct ir_map remat_index;
	/* Of its setjmp sites; the last of the locals, one after another. */
	unsigned n_areas;
	uint64_t areas_size;
	LLVMValueRef clone;
	struct ir_map places; /* value to its offset in all records */
	/* Too many values times sites: all records have one layout, and the
	 * clone keeps its values in an image of the record. */
	bool large;
};

/* Where a landing pad finds what it saves. */
struct frame_state {
	LLVMValueRef entry_sp; /* fn's or what stands for them in a clone */
	const struct frame_local *locals;
	const LLVMValueRef *values; /* the site's live values... */
	bool slots;                 /* ...or stack slots that hold them */
	LLVMValueRef image;         /* or all of them at their offsets */
	/* Where a jump to this frame goes on; if the function has areas. */
	LLVMBasicBlockRef landing;
};

/* Comparisons that need fewer values after a call; once for the records, and
 * again for an ISA's code, since instcombine undoes it. */
void compare_differences(LLVMValueRef f);

/* Locals, before the sites are known: replaces those of variable size,
 * gathers those of fixed size. */
void pstack_convert(struct frames *fr, struct frame_function *fn);
/* Another one of fixed size, aligned to 16. */
void pstack_add(struct frames *fr, struct frame_function *fn, uint64_t size);
/* Replaces those of fixed size; fills entry_sp and locals. */
void pstack_place(struct frames *fr, struct frame_function *fn);

/* The lowest address of fn's fixed locals, from the stack pointer at entry;
 * and one of them. Built where the builder stands. */
LLVMValueRef pstack_build_base(struct frames *fr,
			       const struct frame_function *fn,
			       LLVMValueRef entry);
LLVMValueRef pstack_build_local(struct frames *fr, LLVMValueRef base,
				const struct frame_local *local);

/* Fills fn->sites: splits blocks, makes invokes, computes live values and
 * records, adds areas to the locals. */
void capture_plan(struct frames *fr, struct frame_function *fn);
/* Fills the landing pads. fn->clone is declared. */
void capture_build(struct frames *fr, struct frame_function *fn);

/* Live values after each site, locals excluded; sites' invokes exist, locals
 * of fixed size are allocas. */
void liveness_fill(struct frame_function *fn);

/* Fills fn->remat; takes these values off the sites' lists. */
void remat_plan(struct frame_function *fn);
/* Replaces c, the clone's copy of such a value, by computing it where it is
 * used. Those that are computed from it come first. */
void remat_compute(LLVMBuilderRef b, LLVMValueRef c);

/* Fills fn->places, and the sites' offsets and sizes; decides whether fn is
 * large. */
void record_lay_out(struct frames *fr, struct frame_function *fn);

/* A landing pad at the builder's position: saves the site's frame and goes
 * on unwinding. That of a setjmp only fills the site's area: jump_cut() moves
 * it to where setjmp was called. */
void capture_build_pad(struct frames *fr, const struct frame_function *fn,
		       unsigned site, const struct frame_state *state);

/* A load or store of a value in a record: no more than the record's own
 * alignment may be assumed. */
void frame_limit_alignment(LLVMValueRef access);

/* Locals may be accessed by others from the builder's position on. */
void capture_build_escape(struct frames *fr, const struct frame_function *fn,
			  const struct frame_local *locals);

/* The resume clone: RESULT f.resume(void). */
LLVMValueRef resume_declare(struct frames *fr, LLVMValueRef f);
void resume_build(struct frames *fr, struct frame_function *fn);

/* setjmp and longjmp: see <hexo/frame.h>. */
/* In a landing pad of fn: a jump to this frame goes to state->landing; the
 * builder stands where there is none. */
void jump_build_check(struct frames *fr, const struct frame_function *fn,
		      const struct frame_state *state);
/* Where the original lands: goes on in the clone. */
LLVMBasicBlockRef jump_build_landing(struct frames *fr,
				     const struct frame_function *fn);
/* The area is written: fills a buffer that is not known yet. */
void jump_build_set(struct frames *fr, LLVMValueRef area);
/* Done last: what the pad of a setjmp holds happens when it is called, with
 * its buffer; that returns 0. */
void jump_cut(struct frames *fr, LLVMValueRef invoke);

#endif
