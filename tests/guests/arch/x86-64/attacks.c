/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/guests/attack.h"

#define ATTACK(name, instruction)                                        \
	static void name(uint64_t arg)                                   \
	{                                                                \
		__asm__ volatile(instruction                             \
				 :                                       \
				 :                                       \
				 : "rax", "rbx", "rcx", "rdx", "memory", \
				   "r11");                               \
	}

/* Those of level 0. */
ATTACK(halt, "hlt")
ATTACK(interrupts_off, "cli")
ATTACK(msr_read, "mov $0xc0000080, %%ecx; rdmsr")
ATTACK(msr_write, "mov $0xc0000080, %%ecx; xor %%eax, %%eax; "
		  "xor %%edx, %%edx; wrmsr")
ATTACK(cr3_read, "mov %%cr3, %%rax")
ATTACK(cr4_write, "xor %%eax, %%eax; mov %%rax, %%cr4")
ATTACK(debug_read, "mov %%dr7, %%rax")
ATTACK(gdt_load, "lgdt 0x10000000")
ATTACK(caches, "wbinvd")
ATTACK(counter, "xor %%ecx, %%ecx; rdpmc")
/* Ports that are no hypercall's. */
ATTACK(port_read, "mov $0x71, %%edx; in %%dx, %%al")
ATTACK(port_write, "mov $0x64, %%edx; out %%al, %%dx")
ATTACK(port_before, "mov $0x47ff, %%edx; out %%eax, %%dx")
ATTACK(port_narrow, "mov $0x4802, %%edx; out %%al, %%dx")
ATTACK(port_in, "mov $0x4802, %%edx; in %%dx, %%eax")
/* Ways to a kernel. */
ATTACK(system_call, "syscall")
ATTACK(interrupt, "int $0x80")
ATTACK(vm_call, "vmcall")
ATTACK(segment, "push $0x08; push $0; lretq")

/* What tells of the host, or is beyond the baseline. */
ATTACK(time, "rdtsc")
ATTACK(time_and_cpu, "rdtscp")
ATTACK(cpu_number, "rdpid %%rax")
ATTACK(xcr0, "xor %%ecx, %%ecx; xgetbv")
ATTACK(avx, "vpaddd %%ymm0, %%ymm1, %%ymm2")
ATTACK(fs_base, "rdfsbase %%rax")

/* Tells what a leaf of CPUID holds. */
static void cpuid(uint64_t leaf)
{
	uint32_t r[4];

	__asm__ volatile("cpuid"
			 : "=a"(r[0]), "=b"(r[1]), "=c"(r[2]), "=d"(r[3])
			 : "a"((uint32_t)leaf), "c"(0));
	tell("cpuid", r, 4);
}

const struct attack arch_attacks[] = {
	{ "hlt", ATTACK_PRIVILEGED, halt },
	{ "cli", ATTACK_PRIVILEGED, interrupts_off },
	{ "rdmsr", ATTACK_PRIVILEGED, msr_read },
	{ "wrmsr", ATTACK_PRIVILEGED, msr_write },
	{ "cr3-read", ATTACK_PRIVILEGED, cr3_read },
	{ "cr4-write", ATTACK_PRIVILEGED, cr4_write },
	{ "dr7-read", ATTACK_PRIVILEGED, debug_read },
	{ "lgdt", ATTACK_PRIVILEGED, gdt_load },
	{ "wbinvd", ATTACK_PRIVILEGED, caches },
	{ "rdpmc", ATTACK_PRIVILEGED, counter },
	{ "port-read", ATTACK_PRIVILEGED, port_read },
	{ "port-write", ATTACK_PRIVILEGED, port_write },
	{ "port-before", ATTACK_PRIVILEGED, port_before },
	{ "port-narrow", ATTACK_PRIVILEGED, port_narrow },
	{ "port-in", ATTACK_PRIVILEGED, port_in },
	{ "syscall", ATTACK_PRIVILEGED, system_call },
	{ "int80", ATTACK_PRIVILEGED, interrupt },
	{ "vmcall", ATTACK_PRIVILEGED, vm_call },
	{ "segment", ATTACK_PRIVILEGED, segment },
	{ "rdtsc", ATTACK_CPU, time },
	{ "rdtscp", ATTACK_CPU, time_and_cpu },
	{ "rdpid", ATTACK_CPU, cpu_number },
	{ "xgetbv", ATTACK_CPU, xcr0 },
	{ "avx", ATTACK_CPU, avx },
	{ "rdfsbase", ATTACK_CPU, fs_base },
	{ "cpuid", ATTACK_TELLS, cpuid },
	{ 0 },
};
