/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch.h"

#include <signal.h>
#include <ucontext.h>

#include "monitor/arch/x86-64/decode.h"

enum { OP_OUT = 0xef /* out %eax, (%dx) */ };

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

static void read_registers(const greg_t *from, struct vm_registers *to)
{
	static const int order[DECODE_REGISTERS] = {
		REG_RAX, REG_RDX, REG_RCX, REG_RBX, REG_RSI, REG_RDI,
		REG_RBP, REG_RSP, REG_R8,  REG_R9,  REG_R10, REG_R11,
		REG_R12, REG_R13, REG_R14, REG_R15, REG_RIP,
	};

	to->n = DECODE_REGISTERS;
	to->pc = (uint64_t)from[REG_RIP];
	for (unsigned k = 0; k < DECODE_REGISTERS; k++)
		to->at[k] = (uint64_t)from[order[k]];
}

void vm_process_exit(const struct vm_memory *m, int sig, const siginfo_t *info,
		     const void *ucontext, struct vm_exit *exit)
{
	const greg_t *regs = ((const ucontext_t *)ucontext)->uc_mcontext.gregs;
	uint64_t vector = (uint64_t)regs[REG_TRAPNO];
	uint32_t port = (uint32_t)regs[REG_RDX] & 0xffff;

	exit->fault.pc = (uint64_t)regs[REG_RIP];
	/* Not the vector is asked: emulators need not tell it. Of all signals
	 * this instruction raises but one. */
	if (sig == SIGSEGV && port >= HEXO_HC_PORT &&
	    is_out(m, exit->fault.pc)) {
		exit->hypercall = true;
		exit->number = port - HEXO_HC_PORT;
		exit->request = (uint32_t)regs[REG_RAX];
		if (vm_exit_is_last(exit->number))
			read_registers(regs, exit->registers);
		return;
	}
	read_registers(regs, exit->registers);
	exit->fault.caller = vm_decode_caller(m, (uint64_t)regs[REG_RSP]);
	vm_decode_vector(m, vector, (uint64_t)regs[REG_ERR],
			 (uint64_t)regs[REG_CR2], &exit->fault);
}

uint64_t vm_process_pc(const void *ucontext)
{
	const ucontext_t *u = ucontext;

	return (uint64_t)u->uc_mcontext.gregs[REG_RIP];
}

void vm_process_skip(void *ucontext)
{
	((ucontext_t *)ucontext)->uc_mcontext.gregs[REG_RIP]++;
}
