/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest address map: one for all ISAs.
 *
 * Guest virtual addresses equal guest physical addresses wherever both
 * exist. Code runs unprivileged and sees only what is mapped for it.
 *
 *   0x0000_0000  monitor's page tables and vectors   private, not mapped
 *   0x0100_0000  function table (jumps)              private text, common
 *                                                    addresses
 *   0x0180_0000  text, constants, unwind tables,     private
 *                private data of the ISA
 *   0x0fff_0000  control page (struct hexo_control)  private, shared with
 *                                                    the monitor
 *   0x1000_0000  portable: constants, data, bss,     portable
 *                heap, mappings; `memory` bytes
 *   + hole       portable stack, `stack` bytes       portable
 *   + hole       frame records, 4 * `stack` bytes    portable
 *   + hole       native stack, `stack` bytes         private
 *
 * Holes are HEXO_HOLE bytes, never mapped, so that running off a stack
 * faults. Private memory is never transferred; portable memory lies at the
 * same address on every ISA and is what migrates. No pointer in portable
 * memory may refer to private memory, except to the function table.
 */
#ifndef HEXO_LAYOUT_H
#define HEXO_LAYOUT_H

#define HEXO_LAYOUT_VERSION 1

#define HEXO_PAGE_SIZE 0x1000
#define HEXO_HUGE_SIZE 0x200000

#define HEXO_TABLES_BASE    0x00001000
#define HEXO_TABLES_END     0x01000000
#define HEXO_FUNCTABLE_BASE 0x01000000
#define HEXO_FUNCTABLE_END  0x01800000
#define HEXO_FUNCTABLE_STEP 8
#define HEXO_TEXT_BASE      0x01800000
#define HEXO_PRIVATE_END    0x0fe00000
#define HEXO_CONTROL_BASE   0x0fff0000
#define HEXO_PORTABLE_BASE  0x10000000

/* Linker scripts include this file for the numbers above. */
#ifndef HEXO_LINKER_SCRIPT

#include <stdint.h>

#define HEXO_HOLE           UINT64_C(0x200000)
#define HEXO_MEMORY_DEFAULT (UINT64_C(256) << 20)
#define HEXO_MEMORY_MIN     (UINT64_C(4) << 20)
#define HEXO_MEMORY_MAX     (UINT64_C(1) << 38)
#define HEXO_STACK_DEFAULT  (UINT64_C(64) << 20)
#define HEXO_STACK_MIN      (UINT64_C(2) << 20)
#define HEXO_STACK_MAX      (UINT64_C(1) << 35)

/* All addresses are guest addresses; [low, high) throughout. */
struct hexo_layout {
	uint64_t portable_low, portable_high;
	uint64_t pstack_low, pstack_high; /* grows down from high */
	uint64_t frames_low, frames_high; /* grows up from low */
	uint64_t nstack_low, nstack_high; /* grows down from high */
	uint64_t end;                     /* size of the guest's memory */
};

/* memory and stack must be multiples of HEXO_HUGE_SIZE within the limits
 * above; the caller checks. */
static inline struct hexo_layout hexo_layout_make(uint64_t memory,
						  uint64_t stack)
{
	struct hexo_layout l;

	l.portable_low = HEXO_PORTABLE_BASE;
	l.portable_high = l.portable_low + memory;
	l.pstack_low = l.portable_high + HEXO_HOLE;
	l.pstack_high = l.pstack_low + stack;
	l.frames_low = l.pstack_high + HEXO_HOLE;
	l.frames_high = l.frames_low + 4 * stack;
	l.nstack_low = l.frames_high + HEXO_HOLE;
	l.nstack_high = l.nstack_low + stack;
	l.end = l.nstack_high + HEXO_HOLE;
	return l;
}

#endif
#endif
