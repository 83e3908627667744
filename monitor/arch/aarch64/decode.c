/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/aarch64/decode.h"

/* Exception classes (ESR bits 31..26) of exceptions from EL0. */
enum {
	EC_UNKNOWN = 0x00,
	EC_WAIT = 0x01, /* WFI, WFE */
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC = 0x15,
	EC_SYSTEM_REGISTER = 0x18,
	EC_FETCH = 0x20,
	EC_PC_ALIGNMENT = 0x22,
	EC_DATA = 0x24,
	EC_SP_ALIGNMENT = 0x26,
	EC_BRK = 0x3c,
};

/* What the compiler gives `brk` where a divisor is zero: the CPU itself does
 * not mind. */
enum { BRK_DIVISION = 0x5503 };

bool vm_decode_store(uint32_t instruction, unsigned *reg)
{
	*reg = instruction & 31;
	return (instruction & 0xffc00000) == 0xf9000000 || /* [x, #imm] */
	       (instruction & 0xffe00c00) == 0xf8000000 || /* stur */
	       (instruction & 0xffe00c00) == 0xf8200800;   /* [x, x] */
}

/* Loads and stores by their class (bits 29..27): which bit says load. */
enum vm_access vm_decode_access(uint32_t instruction)
{
	bool vector = instruction >> 26 & 1, load = instruction >> 22 & 1;

	if ((instruction >> 25 & 5) != 4)
		return VM_ACCESS_ANY;
	switch (instruction >> 27 & 7) {
	case 1: /* exclusive and ordered, structures of vectors */
	case 5: /* pairs */
		break;
	case 3: /* literals */
		load = true;
		break;
	case 7: /* one register; of vectors only bit 22 counts */
		load = vector ? load : (instruction >> 22 & 3) != 0;
		break;
	default:
		return VM_ACCESS_ANY;
	}
	return load ? VM_ACCESS_READ : VM_ACCESS_WRITE;
}

static enum vm_cause brk_cause(uint32_t immediate)
{
	return immediate == BRK_DIVISION ? VM_CAUSE_DIVISION : VM_CAUSE_TRAP;
}

enum vm_cause vm_decode_trap(uint32_t instruction)
{
	if ((instruction & 0xffe0001f) != 0xd4200000)
		return VM_CAUSE_TRAP;
	return brk_cause(instruction >> 5 & 0xffff);
}

void vm_decode_syndrome(uint64_t esr, uint64_t addr, struct vm_fault *f)
{
	switch (esr >> 26 & 0x3f) {
	case EC_DATA:
		f->cause = VM_CAUSE_ACCESS;
		f->access = esr >> 6 & 1 ? VM_ACCESS_WRITE : VM_ACCESS_READ;
		f->addr = addr;
		break;
	case EC_FETCH:
	case EC_PC_ALIGNMENT:
		f->cause = VM_CAUSE_ACCESS;
		f->access = VM_ACCESS_RUN;
		f->addr = addr;
		break;
	case EC_BRK:
		f->cause = brk_cause(esr & 0xffff);
		break;
	case EC_UNKNOWN:
	case EC_ILLEGAL_STATE:
		f->cause = VM_CAUSE_ILLEGAL;
		break;
	case EC_WAIT:
	case EC_SVC:
	case EC_SYSTEM_REGISTER:
	case EC_SP_ALIGNMENT:
		f->cause = VM_CAUSE_GENERAL;
		break;
	default:
		f->cause = VM_CAUSE_UNKNOWN;
		break;
	}
}
