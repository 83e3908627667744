/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the compiler emits and the guest's runtime provides: portable frames.
 *
 * Capture. A poll that must park unwinds the native stack. Each call site
 * that may reach a poll is an invoke; its landing pad calls
 * hexo_frame_save(), stores the values live after the call into the record
 * it returns, and ends in hexo_unwind_continue(). The innermost frame is
 * saved first, by the poll itself before it parks.
 *
 * Resume. hexo_frame_next() gives the resume clone of the function whose
 * record was saved last, the outermost not yet rebuilt. The clone takes its
 * record with hexo_frame_pop(), reloads the live values, and calls what
 * hexo_frame_next() gives in turn; when no record is left that is a function
 * which ends the resumption and returns into the poll.
 *
 * A record lies in [frames_low, frames_high), ascending, 16-byte aligned:
 *   struct hexo_frame, payload (live values at offsets the compiler chose,
 *   naturally aligned, the first at 16), padding to 16.
 * Identical on every ISA: the site's function is an address in the function
 * table, and its number comes from one portable module.
 */
#ifndef HEXO_FRAME_H
#define HEXO_FRAME_H

#include <stdbool.h>
#include <stdint.h>

#define HEXO_FRAME_VERSION 2

struct hexo_frame {
	uint32_t site;     /* call site within the function */
	uint32_t function; /* address of its entry in the resume table */
	uint32_t size;     /* of the record, header included, multiple of 16 */
	uint32_t previous; /* size of the record below, 0 for the first */
};

_Static_assert(sizeof(struct hexo_frame) == 16, "frame record");

/* A resume clone reads what it may need of any of its function's records: at
 * most so many bytes behind the begin of the one it has, and what is no value
 * of that one it does not use. The last record keeps so much room behind it. */
#define HEXO_FRAME_SLACK (UINT64_C(256) << 10)

/*
 * Emitted by the compiler:
 *   the resume table, at the end of the function table: a jump to each resume
 *   clone, at the same address on every ISA
 *   void hexo_constructors(void), hexo_destructors(void)
 *                                    calls them all, in their order
 * Provided by the guest runtime (guest/kernel), with C linkage:
 */

/*
 * A poll is
 *     if (control->poll_flag && hexo_poll_due())
 *         hexo_poll_park();
 * hexo_poll_due counts the poll and says whether to park now. It is called
 * with a convention that preserves all registers, so that a poll costs its
 * loop none; it must therefore call nothing. hexo_poll_park captures all
 * frames; it does not return: the program goes on in a resume clone.
 */
bool hexo_poll_due(void);
_Noreturn void hexo_poll_park(void);

/* Begins the record of a frame being captured: size bytes in all. Returns
 * its address. */
void *hexo_frame_save(uint32_t function, uint32_t site, uint32_t size);

/* Goes on unwinding to the next frame. Does not return. */
_Noreturn void hexo_unwind_continue(void);

/* Takes the last record off and returns it; it stays readable until the
 * resumed program runs on. */
struct hexo_frame *hexo_frame_pop(void);

/* The clone to call for the record that is now last, or the function that
 * ends the resumption. */
void *hexo_frame_next(void);

/*
 * setjmp() and longjmp(). A call of setjmp() is a site too. It writes its
 * record into an area, a fixed local of its function, and notes the area's
 * address in the buffer: that says which frame is meant. longjmp() unwinds
 * like a capture, but passes over the frames of functions without areas, and
 * keeps no record; landing pads of the others ask hexo_jump_here() first. In
 * the frame that is meant, the resume clone goes on: hexo_frame_pop() gives the
 * area, and what hexo_frame_next() gives stands for setjmp(). The original
 * calls its clone for that; the clone branches to where it takes its record.
 */
struct hexo_jump {
	uint64_t magic;
	uint64_t area;
	uint64_t pstack; /* hexo_pstack when it was set */
};

_Static_assert(sizeof(struct hexo_jump) == 24, "jmp_buf holds one");

/* Fills the buffer; the record at area has been written. */
void hexo_jump_set(struct hexo_jump *buffer, void *area);

/* Goes on from the record; setjmp() gives value, or 1 for 0. For landing pads
 * like hexo_poll_park: whoever may call it may be unwound. */
_Noreturn void hexo_jump(const struct hexo_jump *buffer, int value);

/* Does the jump under way, if any, seek an area in [areas, areas + size)? It
 * has arrived, then. */
bool hexo_jump_here(const void *areas, uint64_t size);

/* The portable stack pointer: functions with escaping locals move it down
 * at entry and back at exit. A global in portable memory. */
extern char *hexo_pstack;

/*
 * Polls by hand, for code that waits: a plain call that the compiler treats
 * like any other call that may reach a poll. Does nothing unless poll_flag
 * is set; does not count.
 */
void hexo_poll_wait(void);

/* Functions that must never contain polls or be captured (the runtime
 * itself, memcpy and what the back end calls) carry this; the compiler
 * refuses a call from such a function to one that may reach a poll. */
#if __has_attribute(annotate)
#define HEXO_NO_POLL __attribute__((annotate("hexo.nopoll")))
#else /* compiled for the host, by unit tests */
#define HEXO_NO_POLL
#endif

#endif
