/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch.h"

#include <ucontext.h>

#include "monitor/arch/x86-64/decode.h"

enum {
	TRAP_DIVIDE = 0,
	TRAP_BREAK = 3,
	TRAP_OPCODE = 6,
	TRAP_GENERAL = 13,
	TRAP_PAGE = 14,
	PAGE_WRITE = 1 << 1, /* bits of a page fault's error code */
	PAGE_FETCH = 1 << 4,
	OP_OUT = 0xef, /* out %eax, (%dx) */
};

void vm_process_enter(uint64_t entry, uint64_t stack)
{
	/* Nothing of the monitor's is left in a register. */
	__asm__ volatile("mov %1, %%rsp\n\t"
			 "xor %%eax, %%eax\n\t"
			 "xor %%ebx, %%ebx\n\t"
			 "xor %%ecx, %%ecx\n\t"
			 "xor %%edx, %%edx\n\t"
			 "xor %%esi, %%esi\n\t"
			 "xor %%ebp, %%ebp\n\t"
			 "xor %%r8d, %%r8d\n\t"
			 "xor %%r9d, %%r9d\n\t"
			 "xor %%r10d, %%r10d\n\t"
			 "xor %%r11d, %%r11d\n\t"
			 "xor %%r12d, %%r12d\n\t"
			 "xor %%r13d, %%r13d\n\t"
			 "xor %%r14d, %%r14d\n\t"
			 "xor %%r15d, %%r15d\n\t"
			 "cld\n\t"
			 "jmp *%0"
			 :
			 : "D"(entry), "S"(stack)
			 : "memory");
	__builtin_unreachable();
}

static bool is_out(const struct vm_memory *m, uint64_t pc)
{
	const uint8_t *code = vm_memory_at(m, vm_gva(pc), 1, false);

	return code && *code == OP_OUT;
}

static void page_fault(const greg_t *regs, struct vm_fault *f)
{
	f->cause = VM_CAUSE_ACCESS;
	f->addr = (uint64_t)regs[REG_CR2];
	if (regs[REG_ERR] & PAGE_FETCH)
		f->access = VM_ACCESS_RUN;
	else
		f->access = regs[REG_ERR] & PAGE_WRITE ? VM_ACCESS_WRITE
						       : VM_ACCESS_READ;
}

void vm_process_exit(const struct vm_memory *m, int sig, const siginfo_t *info,
		     const void *ucontext, struct vm_exit *exit)
{
	const greg_t *regs = ((const ucontext_t *)ucontext)->uc_mcontext.gregs;
	uint32_t port = (uint32_t)regs[REG_RDX] & 0xffff;

	exit->fault.pc = (uint64_t)regs[REG_RIP];
	switch (regs[REG_TRAPNO]) {
	case TRAP_GENERAL:
		if (is_out(m, exit->fault.pc) && port >= HEXO_HC_PORT) {
			exit->hypercall = true;
			exit->number = port - HEXO_HC_PORT;
			exit->request = (uint32_t)regs[REG_RAX];
		} else {
			exit->fault.cause = VM_CAUSE_GENERAL;
		}
		break;
	case TRAP_PAGE:
		page_fault(regs, &exit->fault);
		break;
	case TRAP_DIVIDE:
		exit->fault.cause = VM_CAUSE_DIVISION;
		break;
	case TRAP_BREAK:
		exit->fault.cause = VM_CAUSE_TRAP;
		break;
	case TRAP_OPCODE:
		exit->fault.cause = vm_decode_cause(m, exit->fault.pc);
		if (exit->fault.cause != VM_CAUSE_TRAP)
			exit->fault.cause = VM_CAUSE_ILLEGAL;
		break;
	default:
		exit->fault.cause = VM_CAUSE_UNKNOWN;
		break;
	}
}

void vm_process_skip(void *ucontext)
{
	((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP]++;
}
