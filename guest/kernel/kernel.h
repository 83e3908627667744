/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The kernel of the guest: what its files share.
 *
 * It is portable C, compiled as programs are; a system call is a function
 * call. All its state lies in ordinary globals, so a move carries
 * it along. Nothing about a node (the control page, the native stack) may be
 * kept in a global across a poll.
 *
 * Most functions never wait and hold no poll: they are HEXO_NO_POLL, by
 * KERNEL_NEVER_WAITS for the rest of a file, and call only such functions.
 * Those that may wait call hexo_poll_wait() and are ordinary. There are no
 * function pointers to functions that wait: calls through them would make
 * every indirect call of the program a place where it may be moved.
 */
#ifndef KERNEL_KERNEL_H
#define KERNEL_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "guest/kernel/abi.h"
#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "hexo/io.h"
#include "hexo/layout.h"

#if __has_attribute(annotate)
#define KERNEL_NEVER_WAITS \
	_Pragma("clang attribute push(HEXO_NO_POLL, apply_to = function)")
#define KERNEL_NEVER_WAITS_END _Pragma("clang attribute pop")
#else /* compiled for the host, by unit tests */
#define KERNEL_NEVER_WAITS
#define KERNEL_NEVER_WAITS_END
#endif

/* Whom the program runs as. */
#define KERNEL_PID 1
#define KERNEL_UID 1000
#define KERNEL_GID 1000

/* Provided by musl, without polls. */
void *memcpy(void *restrict to, const void *restrict from, size_t n);
void *memmove(void *to, const void *from, size_t n);
void *memset(void *to, int byte, size_t n);
int memcmp(const void *a, const void *b, size_t n);
size_t strlen(const char *s);

/* Provided by guest/arch and guest/native. */
int64_t hexo_hypercall(uint32_t number, void *request);
_Noreturn void hexo_unwind_begin(void);
_Noreturn void hexo_unwind_jump(void);

static inline volatile struct hexo_control *kernel_control(void)
{
	return (volatile struct hexo_control *)HEXO_CONTROL_BASE;
}

static inline struct hexo_layout kernel_layout(void)
{
	return hexo_layout_make(kernel_control()->memory,
				kernel_control()->stack);
}

static inline uint64_t kernel_address(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

/* host.c: hypercalls. Results are -errno or as <hexo/hypercall.h> says. */
_Noreturn void kernel_exit(uint64_t status);
int64_t kernel_hypercall_park(uint64_t frames, uint64_t frame_bytes);
void kernel_event(enum hexo_hc which);
uint64_t kernel_clock(unsigned clock); /* ns */
/* Sleeps up to ns; returns what is left when a park is requested. */
uint64_t kernel_sleep(uint64_t ns);
int64_t kernel_buffer(enum hexo_hc which, void *data, uint64_t len);
long kernel_random(char *to, uint64_t len); /* bytes, or -errno */
/* Does the file operation of *io; *out_used (may be NULL) is set. */
int64_t kernel_io(const struct hexo_hc_io *io, uint64_t *out_used);
/* The same without waiting: HEXO_HC_IO_POST. For post.c only. */
int64_t kernel_io_post(const struct hexo_hc_io *io);

/* post.c: waits for the results of all writes that were posted. */
void kernel_post_settle(void);
/* The program ends: settles, and says what it was never told. */
void kernel_post_end(void);

/* ahead.c: forgets all that was read ahead and gives its memory back; whether
 * there was any. */
bool kernel_ahead_forget_all(void);

/* log.c: lines for the person who runs the job. */
struct kernel_line {
	size_t len;
	char text[240];
};

void kernel_line_text(struct kernel_line *l, const char *text);
void kernel_line_number(struct kernel_line *l, uint64_t n);
void kernel_line_log(struct kernel_line *l);
void kernel_log(const char *text);
_Noreturn void kernel_panic(const char *text);

/* boot.c */
extern char **kernel_argv;
void kernel_start(void); /* called by native code; does not return */

/* poll.c, called by native code when all frames are captured; when it
 * returns, the frames are to be rebuilt here. */
void kernel_park(void);

/* frame.c */
int64_t kernel_frames_park(void);

/* jump.c */
bool kernel_jump_seeks(void); /* unwinding to a frame */
/* The record that a frame found goes on from, NULL without a jump. */
struct hexo_frame *kernel_jump_area(void);
int kernel_jump_end(void);    /* gives the jump's value */
void kernel_jump_check(void); /* all is unwound: no jump may be left */

/* mem.c: all between image and portable stack. */
void kernel_mem_init(uint64_t low, uint64_t high);
/* Whole pages, zeroed; 0 if there are none. */
uint64_t kernel_mem_take(uint64_t size);
/* The same for what the program can do without: no complaint. */
uint64_t kernel_mem_try(uint64_t size);
void kernel_mem_give(uint64_t addr, uint64_t size);
uint64_t kernel_mem_total(void);
uint64_t kernel_mem_free(void);
/* Gets the host's memory for a range that the program will use, piece by
 * piece with polls between, unless the program has much already. */
void kernel_mem_touch(uint64_t low, uint64_t high);

/* signal.c: sends a signal to the program; its handler may run at once. */
void kernel_signal_send(int signal);

/* time.c: sleeps at least ns, movable. */
void kernel_wait_ns(uint64_t ns);
/* -EINVAL unless t is a valid time; *ns is cut to what fits. */
int kernel_timespec_ns(const struct abi_timespec *t, uint64_t *ns);

#endif
