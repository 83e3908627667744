/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU that a guest is shown: what hexo-cc generates code for (x86-64, the
 * first level of its ABI) and nothing else, the same on every host.
 */
#ifndef HEXO_MONITOR_X86_CPU_H
#define HEXO_MONITOR_X86_CPU_H

#include <asm/kvm.h>

#include "hexo/error.h"

enum { VM_CPU_LEAVES = 16 };

/*
 * Makes the CPUID of a guest, from what KVM can give one on this host. guest
 * has room for VM_CPU_LEAVES entries. -ENOTSUP, naming what is missing, where
 * the host does not have all of it.
 */
int vm_cpu_cpuid(const struct kvm_cpuid2 *host, struct kvm_cpuid2 *guest,
		 struct hexo_error *err);

#endif
