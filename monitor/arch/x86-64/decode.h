/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_X86_DECODE_H
#define HEXO_MONITOR_X86_DECODE_H

#include "monitor/vm.h"

enum { DECODE_VECTOR_GENERAL = 13 };

/* DWARF's numbers; 8 to 15 are r8 to r15. */
enum {
	DECODE_RAX,
	DECODE_RDX,
	DECODE_RCX,
	DECODE_RBX,
	DECODE_RSI,
	DECODE_RDI,
	DECODE_RBP,
	DECODE_RSP,
	DECODE_RIP = 16, /* the column of the return address */
	DECODE_REGISTERS
};

/* Cause and access from an exception's vector and error code; addr is the
 * address of a page fault. f->pc is set. */
void vm_decode_vector(const struct vm_memory *m, uint64_t vector,
		      uint64_t error, uint64_t addr, struct vm_fault *f);

/* What lies on top of the stack: after a call to nowhere, where from. */
uint64_t vm_decode_caller(const struct vm_memory *m, uint64_t sp);

#endif
