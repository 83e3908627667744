/* SPDX-License-Identifier: Apache-2.0 */
/* The parts of pass_lower; each does one job on the whole module. */
#ifndef HEXO_PASS_LOWER_H
#define HEXO_PASS_LOWER_H

#include <llvm-c/Core.h>

#include "hexo/error.h"
#include "toolchain/pass/pass.h"

/* Struct arguments passed byval: the caller copies, the callee gets a plain
 * pointer. */
void lower_byval(LLVMModuleRef m);

/* Variadic functions take a pointer to an argument buffer. In it each
 * argument stands at its alignment (at least 8) and takes a multiple of 8
 * bytes. A va_list is that pointer. */
void lower_varargs(LLVMModuleRef m);

/* Calls whose type is not their callee's (unprototyped declarations) get the
 * callee's type; declarations count unless the module is a whole program. */
void lower_prototypes(LLVMModuleRef m, enum pass_scope scope);

/* Computed goto: label addresses become small numbers, the jump a switch. */
void lower_goto(LLVMModuleRef m);

/* Aliases are resolved (but the runtime's weak ones: another object may
 * define them), thread-local variables become plain ones, empty inline
 * assembly a compiler barrier. */
void lower_symbols(LLVMModuleRef m, enum pass_scope scope);

/* Atomic operations on more than 8 bytes become plain ones: not every ISA
 * has them, and there is one thread. */
void lower_atomics(LLVMModuleRef m);

/* fmin() and fmax() of zeros of different sign: their intrinsics leave open
 * which one it is, and the ISAs differ. */
void lower_minmax(LLVMModuleRef m);

/* hexo_constructors() and hexo_destructors() call what the program's
 * attributes asked for, in their order. The runtime has none. */
void lower_constructors(LLVMModuleRef m, enum pass_scope scope);

/* Functions that return twice, such as sigsetjmp(), become part of their
 * callers: it is their frames that setjmp() must mark. */
void lower_twice(LLVMModuleRef m);

/* Marks: functions without polls ("hexo-nopoll"), libm functions that the
 * optimiser must not evaluate with the host's libm, and that do nothing but
 * return a result. */
void lower_marks(LLVMModuleRef m);

/* -finstrument-functions: calls of the hooks at entries and exits. The call
 * site they are told is NULL. */
int lower_instrument(LLVMModuleRef m, struct hexo_error *err);

#endif
