/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The parts of building a resume clone:
 *   resume   the copy, its values' slots, the ways in
 *   reentry  how these get into loops without making them worse
 *   reguard  ... and where the loops ask for it
 */
#ifndef HEXO_PASS_RESUME_H
#define HEXO_PASS_RESUME_H

#include "toolchain/pass/frames.h"
#include "toolchain/pass/loops.h"

/* A loop of the original. */
struct reentry_loop {
	int outer; /* the next one around it; -1: none */
	unsigned depth;
	bool entered;           /* in the middle; then: */
	struct ir_list again;   /* blocks gone through again, from the header */
	LLVMBasicBlockRef asks; /* the one behind them, which asks */
	LLVMBasicBlockRef rest; /* in the clone: of that, without its phis */
	LLVMBasicBlockRef edge; /* to the header, from outside */
	LLVMBasicBlockRef way;  /* from what asks to where it goes on */
};

struct reentry_site {
	int loop; /* the innermost that is entered in the middle; -1: none */
	/* Blocks of the original, the rest of an iteration: the site has a
	 * copy of its own and begins the next one. Empty: no such copy. */
	struct ir_list tail;
};

struct reentry {
	bool on;
	struct loops loops;
	struct reentry_loop *of; /* by the loops' numbers */
	struct reentry_site *sites;
	LLVMValueRef going; /* a variable: the site + 1; 0: has arrived. NULL
			     * if no loop is entered in the middle */
};

struct resume {
	struct frames *fr;
	struct frame_function *fn;
	LLVMValueRef g, record;
	LLVMMetadataRef subprogram; /* of g; NULL: no lines */
	LLVMBasicBlockRef entry;
	LLVMBasicBlockRef dispatch; /* entry, or where jumps go on, too */
	LLVMBasicBlockRef landing;  /* of jumps; NULL if there are none */
	LLVMBasicBlockRef nowhere;
	struct ir_map index; /* original value or block -> its copy */
	struct ir_list copies;
	struct ir_map slot_index; /* original value -> its slot */
	struct ir_list demoted, slots;
	LLVMValueRef image;    /* large: what the slots are parts of */
	struct ir_map pads;    /* blocks of the original that are not copied */
	LLVMValueRef entry_sp; /* these two as fn's, in the clone */
	struct frame_local *locals;
	struct reentry reentry;
};

static inline LLVMValueRef resume_copy(const struct resume *r, LLVMValueRef v)
{
	int i = ir_map_get(&r->index, v);

	return i < 0 ? v : r->copies.at[i];
}

static inline LLVMBasicBlockRef resume_copy_block(const struct resume *r,
						  LLVMBasicBlockRef b)
{
	return LLVMValueAsBasicBlock(resume_copy(r, LLVMBasicBlockAsValue(b)));
}

/* Gives v a slot; the builder stands in the entry. */
void resume_demote(struct resume *r, LLVMValueRef v);
/* The slot's address, at the builder's position; NULL if v has none. */
LLVMValueRef resume_slot(const struct resume *r, LLVMValueRef v);

/* Where an entered loop asks whether it is: fills `again` and `asks`. Known
 * are the sites that are gone to. */
void reguard_place(struct resume *r, int loop);
/* Is v, at all sites in the loop, what is computed again? */
bool reguard_computes(const struct resume *r, int loop, LLVMValueRef v);

/* Before anything is copied: how each site is entered. Not for large
 * functions; what is below does the simple thing for these. */
void reentry_plan(struct resume *r);
/* The builder stands where the first instruction of a block's copy that is no
 * phi will be: goes on elsewhere if the block asks. */
void reentry_part_block(struct resume *r, LLVMBasicBlockRef block);
/* When all values that are live at sites have slots, but nothing uses them
 * yet, and the builder stands in the entry. */
void reentry_prepare(struct resume *r);
/* At a site's beginning. */
void reentry_arrive(struct resume *r);
/* Where a site goes on when its call has returned. */
LLVMBasicBlockRef reentry_rest(struct resume *r, unsigned site);
/* The ways from the dispatch, where the builder stands, to the sites'
 * beginnings: reloads the values. */
void reentry_build_ways(struct resume *r, const LLVMBasicBlockRef *starts);
void reentry_free(struct resume *r);

#endif
