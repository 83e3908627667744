/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_X86_DECODE_H
#define HEXO_MONITOR_X86_DECODE_H

#include "monitor/vm.h"

/* What the instruction at pc raises if it raises an exception other than a
 * page fault: division, trap, or neither of them (VM_CAUSE_GENERAL). */
enum vm_cause vm_decode_cause(const struct vm_memory *m, uint64_t pc);

#endif
