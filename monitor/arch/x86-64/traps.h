/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The tables an x86 CPU wants in memory, all in pages of the monitor's own:
 * port permissions, and what happens at an exception. There is no privileged
 * guest code: an exception's handler runs at level 3 like the program that
 * raised it, and does nothing but hypercall HEXO_HC_FAULT with the vector.
 */
#ifndef HEXO_MONITOR_X86_TRAPS_H
#define HEXO_MONITOR_X86_TRAPS_H

#include "monitor/tables.h"
#include "monitor/vm.h"

enum {
	TRAPS_CODE = 0x0b, /* selectors, level 3 */
	TRAPS_DATA = 0x13,
	TRAPS_TASK = 0x18,
	TRAPS_GDT_SIZE = 3 * 8,
	TRAPS_VECTORS = 32,
	TRAPS_IDT_SIZE = TRAPS_VECTORS * 16,
	TRAPS_TASK_SIZE = HEXO_PAGE_SIZE,
};

struct vm_traps {
	uint64_t gdt, idt, task; /* guest addresses */
};

int vm_traps_setup(struct vm_traps *traps, struct vm_tables *t,
		   struct hexo_error *err);

/*
 * After a handler's hypercall, with the registers as the handler left them:
 * reads what the CPU pushed, and sets r to what it was at the exception. The
 * guest can forge all of it; it goes into a report only.
 */
void vm_traps_read(const struct vm_memory *m, uint64_t cr2,
		   struct vm_registers *r, struct vm_fault *f);

#endif
