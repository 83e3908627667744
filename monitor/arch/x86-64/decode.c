/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/x86-64/decode.h"

#include <string.h>

enum {
	VECTOR_DIVIDE = 0,
	VECTOR_BREAK = 3,
	VECTOR_OPCODE = 6,
	VECTOR_PAGE = 14,
	PAGE_WRITE = 1 << 1, /* bits of a page fault's error code */
	PAGE_FETCH = 1 << 4,
};

/* Compilers put ud2 where a program gives up; all else is a mistake. */
static bool is_ud2(const struct vm_memory *m, uint64_t pc)
{
	const uint8_t *code = vm_memory_at(m, vm_gva(pc), 2, false);

	return code && code[0] == 0x0f && code[1] == 0x0b;
}

void vm_decode_vector(const struct vm_memory *m, uint64_t vector,
		      uint64_t error, uint64_t addr, struct vm_fault *f)
{
	switch (vector) {
	case VECTOR_DIVIDE:
		f->cause = VM_CAUSE_DIVISION;
		break;
	case VECTOR_BREAK:
		f->cause = VM_CAUSE_TRAP;
		break;
	case VECTOR_OPCODE:
		f->cause = is_ud2(m, f->pc) ? VM_CAUSE_TRAP : VM_CAUSE_ILLEGAL;
		break;
	case DECODE_VECTOR_GENERAL:
		f->cause = VM_CAUSE_GENERAL;
		break;
	case VECTOR_PAGE:
		f->cause = VM_CAUSE_ACCESS;
		f->addr = addr;
		if (error & PAGE_FETCH)
			f->access = VM_ACCESS_RUN;
		else
			f->access = error & PAGE_WRITE ? VM_ACCESS_WRITE
						       : VM_ACCESS_READ;
		break;
	default:
		f->cause = VM_CAUSE_UNKNOWN;
		break;
	}
}

uint64_t vm_decode_caller(const struct vm_memory *m, uint64_t sp)
{
	const void *top = vm_memory_at(m, vm_gva(sp), sizeof(uint64_t), false);
	uint64_t value = 0;

	if (top)
		memcpy(&value, top, sizeof(value));
	return value;
}
