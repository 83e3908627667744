/* SPDX-License-Identifier: Apache-2.0 */
/* Hosts whose CPU is less than the baseline; arch/ISA/cpu.c knows that of its
 * ISA. */
#ifndef HEXO_MONITOR_CPU_H
#define HEXO_MONITOR_CPU_H

#include "base/base.h"

/* Notes a feature that the host has not. */
void vm_cpu_note(struct base_buffer *missing, const char *name);

/* -ENOTSUP if anything was noted, which is freed. */
int vm_cpu_lacks(struct base_buffer *missing, struct hexo_error *err);

#endif
