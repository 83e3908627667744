/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_AARCH64_DECODE_H
#define HEXO_MONITOR_AARCH64_DECODE_H

#include "monitor/vm.h"

/* Whether an instruction is a store of one 64-bit register, and which. */
bool vm_decode_store(uint32_t instruction, unsigned *reg);

/* What a load or store instruction does to memory; ANY for others. */
enum vm_access vm_decode_access(uint32_t instruction);

/* The cause of a trap that this instruction raised. */
enum vm_cause vm_decode_trap(uint32_t instruction);

/* Cause and access from an exception syndrome (ESR_EL1) and its address. */
void vm_decode_syndrome(uint64_t esr, uint64_t addr, struct vm_fault *f);

#endif
