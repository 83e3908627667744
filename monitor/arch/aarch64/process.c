/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch.h"

#include <string.h>
#include <ucontext.h>

#include "monitor/arch/aarch64/decode.h"

void vm_process_enter(uint64_t entry, uint64_t stack)
{
	/* Nothing of the monitor's is left in a register. */
	register uint64_t x0 __asm__("x0") = entry;
	register uint64_t x1 __asm__("x1") = stack;

	__asm__ volatile("mov sp, x1\n\t"
			 "mov x16, x0\n\t"
			 ".irp n, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, "
			 "13, 14, 15, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, "
			 "27, 28, 29, 30\n\t"
			 "mov x\\n, xzr\n\t"
			 ".endr\n\t"
			 "br x16"
			 :
			 : "r"(x0), "r"(x1)
			 : "memory");
	__builtin_unreachable();
}

/* The instruction at pc; 0, which is none, where the guest has no code. */
static uint32_t instruction_at(const struct vm_memory *m, uint64_t pc)
{
	const void *code = vm_memory_at(m, vm_gva(pc), 4, false);
	uint32_t instruction = 0;

	if (code)
		memcpy(&instruction, code, sizeof(instruction));
	return instruction;
}

/* The value that a 64-bit store stores; false for other instructions. */
static bool stored_value(const struct vm_memory *m, const mcontext_t *c,
			 uint64_t *value)
{
	unsigned reg;

	if (!vm_decode_store(instruction_at(m, c->pc), &reg))
		return false;
	*value = reg == 31 ? 0 : c->regs[reg];
	return true;
}

/* The kernel's record of the exception syndrome, where it gives one. */
static bool syndrome(const mcontext_t *c, uint64_t *esr)
{
	size_t at = 0;

	while (at + sizeof(struct esr_context) <= sizeof(c->__reserved)) {
		struct esr_context e;

		memcpy(&e, c->__reserved + at, sizeof(e));
		if (e.head.magic == ESR_MAGIC) {
			*esr = e.esr;
			return true;
		}
		if (!e.head.magic || e.head.size < sizeof(e.head))
			return false;
		at += e.head.size;
	}
	return false;
}

/* DWARF numbers x0 to x30 so, and 31 is the stack pointer. */
static void read_registers(const mcontext_t *c, struct vm_registers *r)
{
	r->n = 32;
	r->pc = c->pc;
	for (unsigned k = 0; k < 31; k++)
		r->at[k] = c->regs[k];
	r->at[31] = c->sp;
}

void vm_process_exit(const struct vm_memory *m, int sig, const siginfo_t *info,
		     const void *ucontext, struct vm_exit *exit)
{
	const mcontext_t *c = &((const ucontext_t *)ucontext)->uc_mcontext;
	uint64_t addr = (uint64_t)info->si_addr, esr;

	exit->fault.pc = c->pc;
	exit->fault.caller = c->regs[30];
	exit->fault.addr = addr;
	switch (sig) {
	case SIGSEGV:
	case SIGBUS:
		if (addr >= HEXO_HC_MMIO && addr % 8 == 0 &&
		    addr - HEXO_HC_MMIO < HEXO_PAGE_SIZE &&
		    stored_value(m, c, &exit->request)) {
			exit->hypercall = true;
			exit->number = (uint32_t)(addr - HEXO_HC_MMIO) / 8;
			if (vm_exit_is_last(exit->number))
				read_registers(c, exit->registers);
			return;
		}
		exit->fault.cause = VM_CAUSE_ACCESS;
		exit->fault.access = vm_decode_access(instruction_at(m, c->pc));
		if (syndrome(c, &esr))
			vm_decode_syndrome(esr, addr, &exit->fault);
		break;
	case SIGTRAP:
		exit->fault.cause = vm_decode_trap(instruction_at(m, c->pc));
		break;
	case SIGILL:
		exit->fault.cause = VM_CAUSE_ILLEGAL;
		break;
	default:
		exit->fault.cause = VM_CAUSE_UNKNOWN;
		break;
	}
	read_registers(c, exit->registers);
}

uint64_t vm_process_pc(const void *ucontext)
{
	return ((const ucontext_t *)ucontext)->uc_mcontext.pc;
}

void vm_process_skip(void *ucontext)
{
	((ucontext_t *)ucontext)->uc_mcontext.pc += 4;
}
