/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A vCPU at EL0 from its first instruction on. A store to a page without
 * memory is the hypercall. Exceptions land in one page of vectors at EL1
 * whose only act is the same store; the monitor then reads the system
 * registers.
 */
#include "monitor/arch.h"

#include <asm/kvm.h>
#include <errno.h>
#include <linux/kvm.h>
#include <string.h>
#include <sys/ioctl.h>

#include "monitor/arch/aarch64/cpu.h"
#include "monitor/arch/aarch64/decode.h"
#include "monitor/arch/aarch64/traps.h"
#include "monitor/tables.h"

#define CORE(field)                                            \
	(KVM_REG_ARM64 | KVM_REG_SIZE_U64 | KVM_REG_ARM_CORE | \
	 KVM_REG_ARM_CORE_REG(field))

#define SYS_PFR0    ARM64_SYS_REG(3, 0, 0, 4, 0)
#define SYS_MMFR0   ARM64_SYS_REG(3, 0, 0, 7, 0)
#define SYS_SCTLR   ARM64_SYS_REG(3, 0, 1, 0, 0)
#define SYS_CPACR   ARM64_SYS_REG(3, 0, 1, 0, 2)
#define SYS_TTBR0   ARM64_SYS_REG(3, 0, 2, 0, 0)
#define SYS_TCR     ARM64_SYS_REG(3, 0, 2, 0, 2)
#define SYS_ESR     ARM64_SYS_REG(3, 0, 5, 2, 0)
#define SYS_FAR     ARM64_SYS_REG(3, 0, 6, 0, 0)
#define SYS_MAIR    ARM64_SYS_REG(3, 0, 10, 2, 0)
#define SYS_VBAR    ARM64_SYS_REG(3, 0, 12, 0, 0)
#define SYS_CNTKCTL ARM64_SYS_REG(3, 0, 14, 1, 0)
#define SYS_ELR     CORE(elr_el1)

#define DESC_PAGE        UINT64_C(3)
#define DESC_BLOCK       UINT64_C(1)
#define DESC_TABLE       UINT64_C(3)
#define DESC_DEVICE      (UINT64_C(1) << 2) /* second attribute of MAIR */
#define DESC_EL0         (UINT64_C(1) << 6)
#define DESC_READ_ONLY   (UINT64_C(1) << 7)
#define DESC_SHARED      (UINT64_C(3) << 8)
#define DESC_ACCESSED    (UINT64_C(1) << 10)
#define DESC_NO_EXEC_EL1 (UINT64_C(1) << 53)
#define DESC_NO_EXEC_EL0 (UINT64_C(1) << 54)

/* Normal write-back memory, and device memory (nGnRE). */
#define MAIR_SETUP UINT64_C(0x04ff)
/* T0SZ 25 (39 bits), cacheable shareable walks, no TTBR1, 40-bit IPA. */
#define TCR_SETUP                                              \
	(UINT64_C(25) | UINT64_C(1) << 8 | UINT64_C(1) << 10 | \
	 UINT64_C(3) << 12 | UINT64_C(1) << 23 | UINT64_C(2) << 32)
/* M C I and what is reserved as 1. Off for EL0: DC ZVA, CTR_EL0, maintenance
 * of caches, WFI, WFE, interrupt masks; pointer authentication, MOPS, ST64B. */
#define SCTLR_SETUP UINT64_C(0x30d01805)
/* Floating point at all levels; no SVE, no SME. */
#define CPACR_SETUP   (UINT64_C(3) << 20)
#define CNTKCTL_SETUP UINT64_C(0)     /* no timers for EL0 */
#define PSTATE_EL0    UINT64_C(0x3c0) /* EL0t, all interrupts masked */

static uint64_t entry_leaf(uint64_t addr, uint32_t perm, bool huge)
{
	uint64_t e = addr | (huge ? DESC_BLOCK : DESC_PAGE) | DESC_ACCESSED |
		     DESC_SHARED;

	if (perm & VM_DEVICE)
		e |= DESC_DEVICE;
	if (!(perm & VM_WRITE))
		e |= DESC_READ_ONLY;
	if (!(perm & VM_SUPERVISOR))
		e |= DESC_EL0 | DESC_NO_EXEC_EL1;
	if (!(perm & VM_EXEC) || (perm & VM_SUPERVISOR))
		e |= DESC_NO_EXEC_EL0;
	return e;
}

static uint64_t entry_table(uint64_t addr)
{
	return addr | DESC_TABLE;
}

static const struct vm_tables_format format = {
	.levels = 3,
	.leaf = entry_leaf,
	.table = entry_table,
};

static int register_set(const struct vm_kvm *k, uint64_t id, uint64_t value,
			struct hexo_error *err)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)&value };

	if (ioctl(k->vcpu, KVM_SET_ONE_REG, &reg) < 0)
		return hexo_fail_errno(err,
				       "cannot set the vCPU's register 0x%llx",
				       (unsigned long long)id);
	return 0;
}

static int register_get(const struct vm_kvm *k, uint64_t id, uint64_t *value,
			struct hexo_error *err)
{
	struct kvm_one_reg reg = { .id = id, .addr = (uint64_t)value };

	if (ioctl(k->vcpu, KVM_GET_ONE_REG, &reg) < 0)
		return hexo_fail_errno(err,
				       "cannot read the vCPU's register 0x%llx",
				       (unsigned long long)id);
	return 0;
}

static int setup_vcpu(struct vm_kvm *k, struct hexo_error *err)
{
	/* A plain store to the window always says what it stored; make KVM
	 * report the others instead of failing. */
	struct kvm_enable_cap cap = { .cap = KVM_CAP_ARM_NISV_TO_USER };
	struct kvm_vcpu_init init;

	(void)ioctl(k->vm, KVM_ENABLE_CAP, &cap);
	if (ioctl(k->vm, KVM_ARM_PREFERRED_TARGET, &init) < 0)
		return hexo_fail_errno(err, "cannot ask KVM for its CPU");
	/* No SVE, no pointer authentication, no PMU, ... */
	memset(init.features, 0, sizeof(init.features));
	if (ioctl(k->vcpu, KVM_ARM_VCPU_INIT, &init) < 0)
		return hexo_fail_errno(err, "cannot set the vCPU up");
	return 0;
}

static int check_cpu(const struct vm_kvm *k, struct hexo_error *err)
{
	uint64_t pfr0 = 0, mmfr0 = 0;
	int r = register_get(k, SYS_PFR0, &pfr0, err);

	if (r == 0)
		r = register_get(k, SYS_MMFR0, &mmfr0, err);
	return r < 0 ? r : vm_cpu_check(pfr0, mmfr0, err);
}

int vm_kvm_setup(struct vm_kvm *k, struct hexo_error *err)
{
	struct vm_tables tables;
	uint64_t vectors = 0;
	unsigned i;
	int r;

	r = setup_vcpu(k, err);
	if (r == 0)
		r = check_cpu(k, err);
	if (r == 0)
		r = vm_tables_build(&tables, k->memory, &format, err);
	if (r == 0)
		r = vm_traps_setup(&vectors, &tables, err);
	if (r == 0)
		r = vm_tables_map(&tables, HEXO_HC_MMIO,
				  HEXO_HC_MMIO + HEXO_PAGE_SIZE,
				  VM_READ | VM_WRITE | VM_DEVICE, err);
	if (r < 0)
		return r;

	const struct {
		uint64_t id, value;
	} registers[] = {
		{ SYS_MAIR, MAIR_SETUP },
		{ SYS_TCR, TCR_SETUP },
		{ SYS_TTBR0, tables.root },
		{ SYS_CPACR, CPACR_SETUP },
		{ SYS_CNTKCTL, CNTKCTL_SETUP },
		{ SYS_VBAR, vectors },
		{ SYS_SCTLR, SCTLR_SETUP },
		{ CORE(regs.pc), k->entry },
		{ CORE(regs.sp), k->stack },
		{ CORE(regs.pstate), PSTATE_EL0 },
	};

	for (i = 0; r == 0 && i < sizeof(registers) / sizeof(registers[0]); i++)
		r = register_set(k, registers[i].id, registers[i].value, err);
	return r;
}

/* DWARF numbers x0 to x30 so, and 31 is the stack pointer. */
static int read_registers(struct vm_kvm *k, struct vm_registers *to,
			  struct hexo_error *err)
{
	int r = register_get(k, CORE(regs.pc), &to->pc, err);

	for (unsigned i = 0; r == 0 && i < 31; i++)
		r = register_get(k, CORE(regs.regs[i]), &to->at[i], err);
	if (r == 0)
		r = register_get(k, CORE(regs.sp), &to->at[31], err);
	to->n = r == 0 ? 32 : 0;
	return r;
}

static int exit_exception(struct vm_kvm *k, struct vm_registers *to,
			  struct vm_fault *f, struct hexo_error *err)
{
	uint64_t esr, far;
	int r;

	r = read_registers(k, to, err);
	if (r == 0)
		r = register_get(k, SYS_ESR, &esr, err);
	if (r == 0)
		r = register_get(k, SYS_FAR, &far, err);
	if (r == 0)
		r = register_get(k, SYS_ELR, &f->pc, err);
	if (r == 0)
		vm_decode_syndrome(esr, far, f);
	/* the program counter is that of the vectors by now */
	to->pc = f->pc;
	f->caller = to->at[30];
	return r;
}

/* Anything else than an aligned 64-bit store to the window. */
static int exit_general(struct vm_kvm *k, struct vm_registers *to,
			struct vm_fault *f, struct hexo_error *err)
{
	int r = read_registers(k, to, err);

	f->cause = VM_CAUSE_GENERAL;
	f->pc = to->pc;
	return r;
}

int vm_kvm_exit(struct vm_kvm *k, struct vm_exit *exit, struct hexo_error *err)
{
	const struct kvm_run *run = k->run;
	uint64_t at = run->mmio.phys_addr - HEXO_HC_MMIO;
	struct vm_registers *r = exit->registers;

	switch (run->exit_reason) {
	case KVM_EXIT_MMIO:
		if (!run->mmio.is_write || run->mmio.len != 8 || at % 8 ||
		    at >= HEXO_PAGE_SIZE)
			return exit_general(k, r, &exit->fault, err);
		if (at / 8 == HEXO_HC_FAULT)
			return exit_exception(k, r, &exit->fault, err);
		exit->hypercall = true;
		exit->number = (uint32_t)(at / 8);
		memcpy(&exit->request, run->mmio.data, sizeof(exit->request));
		return vm_exit_is_last(exit->number) ? read_registers(k, r, err)
						     : 0;
	case KVM_EXIT_ARM_NISV:
		return exit_general(k, r, &exit->fault, err);
	default:
		return vm_kvm_unexpected(run, err);
	}
}
