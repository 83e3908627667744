/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of the guest that is compiled for each ISA: entry, unwinding,
 * and what libgcc's unwinder needs of a C library. It runs on the native
 * stack and keeps its little state in private memory.
 *
 * libgcc_eh.a is used with all its undefined C names prefixed by native_ (see
 * guest/module.mk): a program's malloc() or strlen() is portable code and
 * must not be reached from here.
 */
#ifndef NATIVE_NATIVE_H
#define NATIVE_NATIVE_H

#include <stddef.h>
#include <stdint.h>

#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "hexo/layout.h"

/* guest/arch/<isa>/ */
int64_t hexo_hypercall(uint32_t number, void *request);
/* Goes to function on an empty stack that ends at sp; nothing returns. */
_Noreturn void native_restart(uint64_t sp, void (*function)(void));

/* guest/kernel: portable code, called from here */
void kernel_start(void);
void kernel_park(void);

/* start.c */
_Noreturn void native_start(void);
_Noreturn void native_panic(const char *text);

/* unwind.c */
/* Captures all frames and parks; called by the slow path of a poll. */
_Noreturn void hexo_unwind_begin(void);
/* Unwinds to where hexo_jump_here() says; called by hexo_jump(). */
_Noreturn void hexo_unwind_jump(void);
/* Calls function as the outermost frame that is captured. */
void native_enter(void (*function)(void));

#endif
