/* SPDX-License-Identifier: Apache-2.0 */
/* Files of /proc that are read again and again. They are opened before the
 * sandbox closes and never after. */
#ifndef HEXO_MONITOR_USAGE_H
#define HEXO_MONITOR_USAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/memory.h"

/* Opens them; a host without them costs figures and speed, nothing else. */
void vm_usage_open(void);

/* Resident bytes of this process outside the guest's memory, the guest's page
 * tables included; 0: unknown. */
uint64_t vm_usage_own(const struct vm_memory *m);

/*
 * For count pages from addr on: whether each was ever touched, one byte a
 * page. What the host cannot tell is called touched.
 */
void vm_usage_touched(const struct vm_memory *m, uint64_t addr, unsigned count,
		      uint8_t *touched);

enum { VM_TOUCHED_MAX = 4096 };

#endif
