/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/aarch64/decode.h"

/* Exception classes (ESR bits 31..26) of exceptions from EL0. */
enum {
	EC_UNKNOWN = 0x00,
	EC_ILLEGAL_STATE = 0x0e,
	EC_SVC = 0x15,
	EC_SYSTEM_REGISTER = 0x18,
	EC_FETCH = 0x20,
	EC_PC_ALIGNMENT = 0x22,
	EC_DATA = 0x24,
	EC_SP_ALIGNMENT = 0x26,
	EC_BRK = 0x3c,
};

bool vm_decode_store(uint32_t instruction, unsigned *reg)
{
	*reg = instruction & 31;
	return (instruction & 0xffc00000) == 0xf9000000 || /* [x, #imm] */
	       (instruction & 0xffe00c00) == 0xf8000000 || /* stur */
	       (instruction & 0xffe00c00) == 0xf8200800;   /* [x, x] */
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
		f->cause = VM_CAUSE_TRAP;
		break;
	case EC_UNKNOWN:
	case EC_ILLEGAL_STATE:
		f->cause = VM_CAUSE_ILLEGAL;
		break;
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
