/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The CPU that a guest is shown. Code at EL0 cannot read the registers that
 * say what a CPU has, so that there is nothing to mask: what a host has beyond
 * ARMv8.0-A is switched off where the architecture has a switch (kvm.c), and
 * what every image needs is checked.
 */
#ifndef HEXO_MONITOR_AARCH64_CPU_H
#define HEXO_MONITOR_AARCH64_CPU_H

#include <stdint.h>

#include "hexo/error.h"

/* Whether a CPU whose ID_AA64PFR0_EL1 and ID_AA64MMFR0_EL1 are these can run
 * every image. -ENOTSUP, naming what is missing. */
int vm_cpu_check(uint64_t pfr0, uint64_t mmfr0, struct hexo_error *err);

#endif
