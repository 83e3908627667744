/* SPDX-License-Identifier: Apache-2.0 */
/* What arch/<isa>/ provides, in the same files for each ISA. */
#ifndef HEXO_MONITOR_ARCH_H
#define HEXO_MONITOR_ARCH_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>

#include "hexo/isa.h"
#include "monitor/vm.h"

/* isa.c: the one table row of this monitor's ISA. */
struct vm_isa {
	enum hexo_isa isa;
	const char *name;
	unsigned machine; /* of its ELF files */
	unsigned sp;      /* DWARF's number of the stack pointer */
	unsigned pushed;  /* bytes of stack that a return frees */
};

extern const struct vm_isa vm_isa;

/* Why the guest was left. */
struct vm_exit {
	bool hypercall; /* number and request are set; else fault is */
	uint32_t number;
	uint64_t request;
	struct vm_fault fault;
	/* Filled in for a fault and for hypercalls that may end the VM by
	 * one: vm_exit_is_last(). */
	struct vm_registers *registers;
};

static inline bool vm_exit_is_last(uint32_t number)
{
	return number == HEXO_HC_EXIT || number == HEXO_HC_PANIC;
}

/* kvm.c: a vCPU with its memory in place. */
struct vm_kvm {
	int kvm, vm, vcpu;
	struct kvm_run *run; /* shared with the kernel */
	uint32_t run_len;
	struct vm_memory *memory;
	uint64_t entry, stack;
};

/* backend_kvm.c: the exits that no ISA expects, as -EIO with a message. */
int vm_kvm_unexpected(const struct kvm_run *run, struct hexo_error *err);

/* Page tables from the page map, and registers: the vCPU stands at the
 * entry, unprivileged. */
int vm_kvm_setup(struct vm_kvm *k, struct hexo_error *err);

/* Reads why KVM_RUN returned. -EIO with a message when KVM itself failed. */
int vm_kvm_exit(struct vm_kvm *k, struct vm_exit *exit, struct hexo_error *err);

/* process.c: the guest runs in this very thread. */
_Noreturn void vm_process_enter(uint64_t entry, uint64_t stack);

/* Reads why a signal came, from the handler's arguments. */
void vm_process_exit(const struct vm_memory *m, int sig, const siginfo_t *info,
		     const void *ucontext, struct vm_exit *exit);

/* Where the signal came. */
uint64_t vm_process_pc(const void *ucontext);

/* Moves the guest past its hypercall instruction. */
void vm_process_skip(void *ucontext);

#endif
