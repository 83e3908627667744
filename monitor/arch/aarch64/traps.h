/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_AARCH64_TRAPS_H
#define HEXO_MONITOR_AARCH64_TRAPS_H

#include "monitor/tables.h"

/* Sets up a page of exception vectors, the only code at EL1: each stores to
 * the hypercall window as HEXO_HC_FAULT and waits. */
int vm_traps_setup(uint64_t *page, struct vm_tables *t, struct hexo_error *err);

#endif
