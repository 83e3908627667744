/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/arch/x86-64/cpu.c monitor/arch/aarch64/cpu.c
// LINK: monitor/cpu.c base/base.c base/error.c
/* What guests are shown of a host's CPU, and hosts that are not enough. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/kvm.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "monitor/arch/aarch64/cpu.h"
#include "monitor/arch/x86-64/cpu.h"

enum { HOST_LEAVES = 256 };

static struct kvm_cpuid2 *leaves(uint32_t n)
{
	struct kvm_cpuid2 *c =
		calloc(1, sizeof(*c) + n * sizeof(c->entries[0]));

	assert_non_null(c);
	return c;
}

/* A host that has everything, or nothing but what it is told to. */
static struct kvm_cpuid2 *host_of(uint32_t features, uint32_t extended)
{
	struct kvm_cpuid2 *c = leaves(HOST_LEAVES);
	uint32_t leaf;

	for (leaf = 0; leaf < 32; leaf++)
		c->entries[c->nent++].function = leaf;
	for (leaf = 0x80000000; leaf < 0x80000020; leaf++)
		c->entries[c->nent++].function = leaf;
	for (uint32_t i = 0; i < c->nent; i++) {
		struct kvm_cpuid_entry2 *e = &c->entries[i];

		e->eax = e->ebx = e->ecx = e->edx = UINT32_MAX;
		if (e->function == 1)
			e->edx = features;
		if (e->function == 0x80000001)
			e->edx = extended;
	}
	return c;
}

static const struct kvm_cpuid_entry2 *find(const struct kvm_cpuid2 *c,
					   uint32_t leaf)
{
	for (uint32_t i = 0; i < c->nent; i++)
		if (c->entries[i].function == leaf)
			return &c->entries[i];
	fail_msg("there is no leaf 0x%x", leaf);
	return NULL;
}

/* The bits of EDX in leaves 1 and 0x80000001 that a guest sees. */
#define FEATURES_MIN UINT32_C(0x07808169)
#define EXTENDED_MIN UINT32_C(0x20100000)

static void all_hosts_show_the_same(void **state)
{
	struct kvm_cpuid2 *poor = host_of(FEATURES_MIN, EXTENDED_MIN);
	struct kvm_cpuid2 *rich = host_of(UINT32_MAX, UINT32_MAX);
	struct kvm_cpuid2 *a = leaves(VM_CPU_LEAVES);
	struct kvm_cpuid2 *b = leaves(VM_CPU_LEAVES);

	assert_int_equal(vm_cpu_cpuid(poor, a, NULL), 0);
	assert_int_equal(vm_cpu_cpuid(rich, b, NULL), 0);
	assert_in_range(a->nent, 1, VM_CPU_LEAVES);
	assert_int_equal(a->nent, b->nent);
	assert_memory_equal(a->entries, b->entries,
			    a->nent * sizeof(a->entries[0]));
	free(poor);
	free(rich);
	free(a);
	free(b);
}

static void nothing_but_the_baseline_is_shown(void **state)
{
	struct kvm_cpuid2 *rich = host_of(UINT32_MAX, UINT32_MAX);
	struct kvm_cpuid2 *c = leaves(VM_CPU_LEAVES);
	const struct kvm_cpuid_entry2 *e;

	assert_int_equal(vm_cpu_cpuid(rich, c, NULL), 0);
	e = find(c, 1);
	assert_int_equal(e->edx, FEATURES_MIN);
	assert_int_equal(e->ecx, UINT32_C(1) << 31); /* in a VM */
	assert_int_equal(e->ebx, 0);                 /* of no topology */
	e = find(c, 0);
	assert_int_equal(e->eax, 7);
	assert_memory_equal(&e->ebx, "Hexo", 4);
	e = find(c, 7);
	assert_int_equal(e->eax | e->ebx | e->ecx | e->edx, 0);
	e = find(c, 0x80000001);
	assert_int_equal(e->edx, EXTENDED_MIN);
	assert_int_equal(e->ecx, 0);
	assert_memory_equal(&find(c, 0x80000002)->eax, "Hexo", 4);
	free(rich);
	free(c);
}

static void missing_features_are_named(void **state)
{
	static const struct {
		uint32_t features, extended;
		const char *text;
	} cases[] = {
		{ FEATURES_MIN & ~(1u << 26), EXTENDED_MIN, " lacks SSE2, " },
		{ FEATURES_MIN & ~(1u << 15 | 1u << 24), EXTENDED_MIN,
		  " lacks CMOV, FXSR, " },
		{ FEATURES_MIN, 0, " lacks NX, 64-bit mode, " },
		{ 0, 0,
		  " lacks FPU, PSE, MSR, PAE, CMPXCHG8B, CMOV, MMX, FXSR, "
		  "SSE, SSE2, NX, 64-bit mode, which every image" },
	};
	struct kvm_cpuid2 *c = leaves(VM_CPU_LEAVES);
	struct hexo_error err;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct kvm_cpuid2 *host =
			host_of(cases[i].features, cases[i].extended);

		assert_int_equal(vm_cpu_cpuid(host, c, &err), -ENOTSUP);
		if (!strstr(err.text, cases[i].text))
			fail_msg("'%s' does not say '%s'", err.text,
				 cases[i].text);
		free(host);
	}
	free(c);
}

static void kvm_takes_it(void **state)
{
	struct kvm_cpuid2 *host = leaves(HOST_LEAVES);
	struct kvm_cpuid2 *c = leaves(VM_CPU_LEAVES);
	struct kvm_cpuid2 *has = leaves(HOST_LEAVES);
	int kvm = open("/dev/kvm", O_RDWR | O_CLOEXEC), vm, vcpu;

	if (kvm < 0)
		skip();
	vm = ioctl(kvm, KVM_CREATE_VM, 0);
	vcpu = ioctl(vm, KVM_CREATE_VCPU, 0);
	assert_true(vcpu >= 0);
	host->nent = has->nent = HOST_LEAVES;
	assert_int_equal(ioctl(kvm, KVM_GET_SUPPORTED_CPUID, host), 0);
	assert_int_equal(vm_cpu_cpuid(host, c, NULL), 0);
	assert_int_equal(ioctl(vcpu, KVM_SET_CPUID2, c), 0);
	assert_int_equal(ioctl(vcpu, KVM_GET_CPUID2, has), 0);
	for (uint32_t i = 0; i < c->nent; i++) {
		const struct kvm_cpuid_entry2 *e = &c->entries[i];

		/* KVM itself adds an APIC there, and PVM what it cannot take
		 * from a guest. */
		if (e->function != 1)
			assert_memory_equal(find(has, e->function), e,
					    sizeof(*e));
	}
	close(vcpu);
	close(vm);
	close(kvm);
	free(host);
	free(c);
	free(has);
}

static void boards_that_are_not_enough_are_named(void **state)
{
	/* Of a Cortex-A53. */
	const uint64_t pfr0 = 0x2222, mmfr0 = 0x1122;
	struct hexo_error err;

	assert_int_equal(vm_cpu_check(pfr0, mmfr0, &err), 0);
	assert_int_equal(vm_cpu_check(pfr0 | 0xff0000, mmfr0, &err), -ENOTSUP);
	assert_non_null(
		strstr(err.text, " lacks floating point, Advanced SIMD, "));
	assert_int_equal(vm_cpu_check(pfr0, mmfr0 | 0xf0000000, &err),
			 -ENOTSUP);
	assert_non_null(strstr(err.text, " lacks pages of 4 KiB, "));
	assert_int_equal(vm_cpu_check(0, 0, &err), -ENOTSUP);
	assert_non_null(strstr(err.text, " lacks AArch64 at EL0, "));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(all_hosts_show_the_same),
		cmocka_unit_test(nothing_but_the_baseline_is_shown),
		cmocka_unit_test(missing_features_are_named),
		cmocka_unit_test(kvm_takes_it),
		cmocka_unit_test(boards_that_are_not_enough_are_named),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
