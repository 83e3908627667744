/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_AARCH64_DECODE_H
#define HEXO_MONITOR_AARCH64_DECODE_H

#include "monitor/vm.h"

/* Whether an instruction is a store of one 64-bit register, and which. */
bool vm_decode_store(uint32_t instruction, unsigned *reg);

/* Cause and access from an exception syndrome (ESR_EL1) and its address. */
void vm_decode_syndrome(uint64_t esr, uint64_t addr, struct vm_fault *f);

#endif
