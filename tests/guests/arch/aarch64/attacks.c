/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/attack.h"

#define ATTACK(name, instruction)                               \
	static void name(uint64_t arg)                          \
	{                                                       \
		__asm__ volatile(instruction                    \
				 :                              \
				 : "r"((uint64_t)0x10000000)    \
				 : "x0", "x1", "x2", "memory"); \
	}

/* Those of EL1. */
ATTACK(sctlr_read, "mrs x0, sctlr_el1")
ATTACK(sctlr_write, "msr sctlr_el1, xzr")
ATTACK(ttbr_read, "mrs x0, ttbr0_el1")
ATTACK(vbar_write, "msr vbar_el1, xzr")
ATTACK(interrupts_off, "msr daifset, #15")
ATTACK(interrupts_read, "mrs x0, daif")
ATTACK(tlb, "tlbi vmalle1")
ATTACK(cache_invalidate, "dc ivac, %0")
/* Ways to a kernel. */
ATTACK(system_call, "svc #0")
ATTACK(hypervisor_call, "hvc #0")
ATTACK(monitor_call, "smc #0")
ATTACK(wait, "wfi")
/* The window of hypercalls: neither read, nor by pieces. */
ATTACK(window_read, "mov x1, #0x7f00000000; ldr x0, [x1]")
ATTACK(window_narrow, "mov x1, #0x7f00000000; str w0, [x1, #16]")
ATTACK(window_pair, "mov x1, #0x7f00000000; stp x0, x0, [x1]")

/* What tells of the host, or is beyond the baseline. */
ATTACK(midr, "mrs x0, midr_el1")
ATTACK(mpidr, "mrs x0, mpidr_el1")
ATTACK(pfr0, "mrs x0, id_aa64pfr0_el1")
ATTACK(isar0, "mrs x0, id_aa64isar0_el1")
ATTACK(isar1, "mrs x0, id_aa64isar1_el1")
ATTACK(mmfr0, "mrs x0, id_aa64mmfr0_el1")
ATTACK(cache_type, "mrs x0, ctr_el0")
ATTACK(cache_zero, "dc zva, %0")
ATTACK(cache_clean, "dc cvau, %0")
ATTACK(cache_code, "ic ivau, %0")
ATTACK(time, "mrs x0, cntvct_el0")
ATTACK(time_physical, "mrs x0, cntpct_el0")
ATTACK(time_rate, "mrs x0, cntfrq_el0")
ATTACK(timer, "msr cntv_ctl_el0, xzr")
ATTACK(counters, "mrs x0, pmcr_el0")
ATTACK(sve, ".inst 0x04bf5020") /* rdvl x0, #1 */

const struct attack arch_attacks[] = {
	{ "sctlr-read", ATTACK_PRIVILEGED, sctlr_read },
	{ "sctlr-write", ATTACK_PRIVILEGED, sctlr_write },
	{ "ttbr-read", ATTACK_PRIVILEGED, ttbr_read },
	{ "vbar-write", ATTACK_PRIVILEGED, vbar_write },
	{ "daif-write", ATTACK_PRIVILEGED, interrupts_off },
	{ "daif-read", ATTACK_PRIVILEGED, interrupts_read },
	{ "tlbi", ATTACK_PRIVILEGED, tlb },
	{ "dc-ivac", ATTACK_PRIVILEGED, cache_invalidate },
	{ "svc", ATTACK_PRIVILEGED, system_call },
	{ "hvc", ATTACK_PRIVILEGED, hypervisor_call },
	{ "smc", ATTACK_PRIVILEGED, monitor_call },
	{ "wfi", ATTACK_PRIVILEGED, wait },
	{ "window-read", ATTACK_PRIVILEGED, window_read },
	{ "window-narrow", ATTACK_PRIVILEGED, window_narrow },
	{ "window-pair", ATTACK_PRIVILEGED, window_pair },
	{ "midr", ATTACK_CPU, midr },
	{ "mpidr", ATTACK_CPU, mpidr },
	{ "pfr0", ATTACK_CPU, pfr0 },
	{ "isar0", ATTACK_CPU, isar0 },
	{ "isar1", ATTACK_CPU, isar1 },
	{ "mmfr0", ATTACK_CPU, mmfr0 },
	{ "ctr", ATTACK_CPU, cache_type },
	{ "dc-zva", ATTACK_CPU, cache_zero },
	{ "dc-cvau", ATTACK_CPU, cache_clean },
	{ "ic-ivau", ATTACK_CPU, cache_code },
	{ "cntvct", ATTACK_CPU, time },
	{ "cntpct", ATTACK_CPU, time_physical },
	{ "cntfrq", ATTACK_CPU, time_rate },
	{ "cntv", ATTACK_CPU, timer },
	{ "pmcr", ATTACK_CPU, counters },
	{ "sve", ATTACK_CPU, sve },
	{ 0 },
};
