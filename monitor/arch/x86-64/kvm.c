/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU in 64-bit mode at privilege level 3 from its first instruction on.
 * It may use the hypercall's ports and no others.
 */
#include "monitor/arch.h"

#include <asm/kvm.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "base/base.h"
#include "monitor/arch/x86-64/cpu.h"
#include "monitor/arch/x86-64/decode.h"
#include "monitor/arch/x86-64/traps.h"
#include "monitor/tables.h"

#define PTE_PRESENT  UINT64_C(0x001)
#define PTE_WRITE    UINT64_C(0x002)
#define PTE_USER     UINT64_C(0x004)
#define PTE_ACCESSED UINT64_C(0x020)
#define PTE_DIRTY    UINT64_C(0x040)
#define PTE_HUGE     UINT64_C(0x080)
#define PTE_NO_EXEC  (UINT64_C(1) << 63)

#define CR0_SETUP UINT64_C(0x80050033) /* PG AM WP NE ET MP PE */
/* OSXMMEXCPT OSFXSR PAE, and TSD: the guest asks the monitor for the time.
 * Without OSXSAVE there is no state but that of x87 and SSE. */
#define CR4_SETUP  UINT64_C(0x624)
#define EFER_SETUP UINT64_C(0xd00) /* NXE LMA LME; not SCE */

#define RFLAGS_SETUP UINT64_C(0x2)

/* No page fault has this address: it is not canonical. */
#define CR2_UNTOUCHED UINT64_C(0x4845584f4845584f)

enum { CPUID_MAX = 256 };

static uint64_t entry_leaf(uint64_t addr, uint32_t perm, bool huge)
{
	/* Accessed and dirty are set so that the CPU never has to write. */
	return addr | PTE_PRESENT | PTE_ACCESSED | PTE_DIRTY |
	       (perm & VM_SUPERVISOR ? 0 : PTE_USER) |
	       (perm & VM_WRITE ? PTE_WRITE : 0) |
	       (perm & VM_EXEC ? 0 : PTE_NO_EXEC) | (huge ? PTE_HUGE : 0);
}

static uint64_t entry_table(uint64_t addr)
{
	return addr | PTE_PRESENT | PTE_WRITE | PTE_USER | PTE_ACCESSED;
}

static const struct vm_tables_format format = {
	.levels = 4,
	.leaf = entry_leaf,
	.table = entry_table,
};

static int setup_cpuid(struct vm_kvm *k, struct hexo_error *err)
{
	cleanup_free struct kvm_cpuid2 *host = NULL, *guest = NULL;
	int r;

	host = base_alloc(sizeof(*host) + CPUID_MAX * sizeof(host->entries[0]));
	guest = base_alloc(sizeof(*guest) +
			   VM_CPU_LEAVES * sizeof(guest->entries[0]));
	host->nent = CPUID_MAX;
	if (ioctl(k->kvm, KVM_GET_SUPPORTED_CPUID, host) < 0)
		return hexo_fail_errno(err, "cannot read KVM's CPUID");
	r = vm_cpu_cpuid(host, guest, err);
	if (r == 0 && ioctl(k->vcpu, KVM_SET_CPUID2, guest) < 0)
		r = hexo_fail_errno(err, "cannot set the vCPU's CPUID");
	return r;
}

static int setup_system(struct vm_kvm *k, uint64_t root,
			const struct vm_traps *traps, struct hexo_error *err)
{
	const struct kvm_segment code = {
		.limit = 0xffffffff,
		.selector = TRAPS_CODE,
		.type = 11, /* execute, read, accessed */
		.present = 1,
		.dpl = 3,
		.s = 1,
		.l = 1,
		.g = 1,
	};
	const struct kvm_segment data = {
		.limit = 0xffffffff,
		.selector = TRAPS_DATA,
		.type = 3, /* read, write, accessed */
		.present = 1,
		.dpl = 3,
		.db = 1,
		.s = 1,
		.g = 1,
	};
	const struct kvm_segment tr = {
		.base = traps->task,
		.limit = TRAPS_TASK_SIZE - 1,
		.selector = TRAPS_TASK,
		.type = 11, /* 64-bit task, busy */
		.present = 1,
	};
	struct kvm_sregs s;

	if (ioctl(k->vcpu, KVM_GET_SREGS, &s) < 0)
		return hexo_fail_errno(err, "cannot read the vCPU");
	s.cr0 = CR0_SETUP;
	s.cr2 = CR2_UNTOUCHED;
	s.cr3 = root;
	s.cr4 = CR4_SETUP;
	s.efer = EFER_SETUP;
	s.cs = code;
	s.ds = s.es = s.fs = s.gs = s.ss = data;
	s.tr = tr;
	s.gdt.base = traps->gdt;
	s.gdt.limit = TRAPS_GDT_SIZE - 1;
	s.idt.base = traps->idt;
	s.idt.limit = TRAPS_IDT_SIZE - 1;
	if (ioctl(k->vcpu, KVM_SET_SREGS, &s) < 0)
		return hexo_fail_errno(err, "cannot set the vCPU up");
	return 0;
}

int vm_kvm_setup(struct vm_kvm *k, struct hexo_error *err)
{
	struct kvm_regs regs = {
		.rip = k->entry,
		.rsp = k->stack,
		.rflags = RFLAGS_SETUP,
	};
	struct vm_tables tables;
	struct vm_traps traps;
	int r;

	r = vm_tables_build(&tables, k->memory, &format, err);
	if (r == 0)
		r = vm_traps_setup(&traps, &tables, err);
	if (r == 0)
		r = setup_cpuid(k, err);
	if (r == 0)
		r = setup_system(k, tables.root, &traps, err);
	if (r == 0 && ioctl(k->vcpu, KVM_SET_REGS, &regs) < 0)
		r = hexo_fail_errno(err, "cannot set the vCPU's registers");
	return r;
}

static int read_registers(struct vm_kvm *k, struct vm_registers *to,
			  struct hexo_error *err)
{
	struct kvm_regs r;

	if (ioctl(k->vcpu, KVM_GET_REGS, &r) < 0)
		return hexo_fail_errno(err, "cannot read the vCPU");
	*to = (struct vm_registers){
		.n = DECODE_REGISTERS,
		.pc = r.rip,
		.at = { r.rax, r.rdx, r.rcx, r.rbx, r.rsi, r.rdi, r.rbp, r.rsp,
			r.r8, r.r9, r.r10, r.r11, r.r12, r.r13, r.r14, r.r15,
			r.rip },
	};
	return 0;
}

/* An exception's handler, or what raised an exception where not even the
 * handler could run: on a stack that has overflowed. */
static int exit_exception(struct vm_kvm *k, bool handled,
			  struct vm_registers *r, struct vm_fault *f,
			  struct hexo_error *err)
{
	struct kvm_sregs s;

	if (ioctl(k->vcpu, KVM_GET_SREGS, &s) < 0)
		return hexo_fail_errno(err, "cannot read the vCPU");
	if (read_registers(k, r, err) < 0)
		return -EIO;
	f->cause = VM_CAUSE_UNKNOWN;
	if (handled) {
		vm_traps_read(k->memory, s.cr2, r, f);
	} else if (s.cr3 && s.cr2 != CR2_UNTOUCHED) {
		f->cause = VM_CAUSE_ACCESS;
		f->pc = r->pc;
		f->addr = s.cr2;
	} else {
		/* Some hosts reset the vCPU before they tell. */
		r->n = 0;
	}
	return 0;
}

/* A port that is no hypercall's, or not written as a hypercall is. */
static int exit_port(struct vm_kvm *k, struct vm_registers *r,
		     struct vm_fault *f, struct hexo_error *err)
{
	if (read_registers(k, r, err) < 0)
		return -EIO;
	f->cause = VM_CAUSE_GENERAL;
	f->pc = r->pc;
	return 0;
}

int vm_kvm_exit(struct vm_kvm *k, struct vm_exit *exit, struct hexo_error *err)
{
	const struct kvm_run *run = k->run;
	struct vm_registers *r = exit->registers;

	switch (run->exit_reason) {
	case KVM_EXIT_IO:
		if (run->io.direction != KVM_EXIT_IO_OUT || run->io.size != 4 ||
		    run->io.count != 1 || run->io.port < HEXO_HC_PORT ||
		    run->io.data_offset > k->run_len - sizeof(uint32_t))
			return exit_port(k, r, &exit->fault, err);
		exit->number = run->io.port - HEXO_HC_PORT;
		if (exit->number == HEXO_HC_FAULT)
			return exit_exception(k, true, r, &exit->fault, err);
		exit->hypercall = true;
		exit->request = *(const uint32_t *)((const char *)run +
						    run->io.data_offset);
		return vm_exit_is_last(exit->number) ? read_registers(k, r, err)
						     : 0;
	case KVM_EXIT_SHUTDOWN:
		return exit_exception(k, false, r, &exit->fault, err);
	default:
		return vm_kvm_unexpected(run, err);
	}
}
