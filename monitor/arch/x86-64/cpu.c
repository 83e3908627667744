/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/x86-64/cpu.h"

#include <errno.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "monitor/cpu.h"

enum {
	LEAF_VENDOR = 0,
	LEAF_FEATURES = 1,
	LEAF_LAST = 7, /* empty: KVM has it stand for all beyond */
	LEAF_HYPERVISOR = 0x40000000,
	LEAF_EXTENDED = 0x80000000,
	LEAF_EXTENDED_FEATURES,
	LEAF_BRAND, /* three of them */
	LEAF_ADDRESSES = LEAF_EXTENDED + 8,
};

/* Nobody's: family 6, model 0, stepping 0. */
#define SIGNATURE   0x600
#define HYPERVISOR  (UINT32_C(1) << 31) /* of ECX */
#define PHYSICAL    40u
#define VIRTUAL     48u
#define BRAND_BYTES 48

/* The bits of EDX that the guest has. What the CPU's own mode needs (paging,
 * its registers) is among them, as KVM goes by them. */
static const struct {
	uint32_t leaf;
	unsigned bit;
	const char *name;
} features[] = {
	{ LEAF_FEATURES, 0, "FPU" },
	{ LEAF_FEATURES, 3, "PSE" },
	{ LEAF_FEATURES, 5, "MSR" },
	{ LEAF_FEATURES, 6, "PAE" },
	{ LEAF_FEATURES, 8, "CMPXCHG8B" },
	{ LEAF_FEATURES, 15, "CMOV" },
	{ LEAF_FEATURES, 23, "MMX" },
	{ LEAF_FEATURES, 24, "FXSR" },
	{ LEAF_FEATURES, 25, "SSE" },
	{ LEAF_FEATURES, 26, "SSE2" },
	{ LEAF_EXTENDED_FEATURES, 20, "NX" },
	{ LEAF_EXTENDED_FEATURES, 29, "64-bit mode" },
};

enum { FEATURES = sizeof(features) / sizeof(features[0]) };

static uint32_t host_edx(const struct kvm_cpuid2 *host, uint32_t leaf)
{
	for (uint32_t i = 0; i < host->nent; i++)
		if (host->entries[i].function == leaf &&
		    host->entries[i].index == 0)
			return host->entries[i].edx;
	return 0;
}

static int check(const struct kvm_cpuid2 *host, struct hexo_error *err)
{
	struct base_buffer missing = { 0 };

	for (size_t i = 0; i < FEATURES; i++) {
		if (host_edx(host, features[i].leaf) >> features[i].bit & 1)
			continue;
		vm_cpu_note(&missing, features[i].name);
	}
	return vm_cpu_lacks(&missing, err);
}

static uint32_t guest_edx(uint32_t leaf)
{
	uint32_t bits = 0;

	for (size_t i = 0; i < FEATURES; i++)
		if (features[i].leaf == leaf)
			bits |= UINT32_C(1) << features[i].bit;
	return bits;
}

static struct kvm_cpuid_entry2 *add(struct kvm_cpuid2 *c, uint32_t leaf)
{
	struct kvm_cpuid_entry2 *e = &c->entries[c->nent++];

	*e = (struct kvm_cpuid_entry2){ .function = leaf };
	return e;
}

/* Twelve characters in the order that leaf 0 has them. */
static void set_vendor(struct kvm_cpuid_entry2 *e, const char *text)
{
	memcpy(&e->ebx, text, 4);
	memcpy(&e->edx, text + 4, 4);
	memcpy(&e->ecx, text + 8, 4);
}

static void add_brand(struct kvm_cpuid2 *guest)
{
	static const char brand[BRAND_BYTES] = "Hexo x86-64 baseline";

	for (uint32_t i = 0; i < 3; i++) {
		struct kvm_cpuid_entry2 *e = add(guest, LEAF_BRAND + i);

		memcpy(&e->eax, brand + 16 * i, 4);
		memcpy(&e->ebx, brand + 16 * i + 4, 4);
		memcpy(&e->ecx, brand + 16 * i + 8, 4);
		memcpy(&e->edx, brand + 16 * i + 12, 4);
	}
}

int vm_cpu_cpuid(const struct kvm_cpuid2 *host, struct kvm_cpuid2 *guest,
		 struct hexo_error *err)
{
	struct kvm_cpuid_entry2 *e;
	int r = check(host, err);

	if (r < 0)
		return r;
	guest->nent = 0;
	e = add(guest, LEAF_VENDOR);
	e->eax = LEAF_LAST;
	set_vendor(e, "HexoBaseline");
	e = add(guest, LEAF_FEATURES);
	e->eax = SIGNATURE;
	e->ecx = HYPERVISOR;
	e->edx = guest_edx(LEAF_FEATURES);
	add(guest, LEAF_LAST);
	e = add(guest, LEAF_HYPERVISOR);
	e->eax = LEAF_HYPERVISOR;
	memcpy(&e->ebx, "Hexo", 4);
	e->ecx = e->edx = e->ebx;
	e = add(guest, LEAF_EXTENDED);
	e->eax = LEAF_ADDRESSES;
	set_vendor(e, "HexoBaseline");
	add(guest, LEAF_EXTENDED_FEATURES)->edx =
		guest_edx(LEAF_EXTENDED_FEATURES);
	add_brand(guest);
	add(guest, LEAF_ADDRESSES)->eax = PHYSICAL | VIRTUAL << 8;
	return 0;
}
