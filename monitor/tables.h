/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Page tables for the kvm backend: the walk is the same on every ISA with
 * 4 KiB pages and 512 entries a table, the entries are not.
 */
#ifndef HEXO_MONITOR_TABLES_H
#define HEXO_MONITOR_TABLES_H

#include <stdbool.h>
#include <stdint.h>

#include "monitor/memory.h"

/* More permissions, for the monitor's own pages. */
enum {
	VM_DEVICE = 16,     /* never backed by memory */
	VM_SUPERVISOR = 32, /* not for the guest */
};

struct vm_tables_format {
	unsigned levels; /* 4: 48-bit addresses, 3: 39-bit */
	/* An entry that maps addr to itself, 2 MiB if huge, else 4 KiB. */
	uint64_t (*leaf)(uint64_t addr, uint32_t perm, bool huge);
	/* An entry that refers to the next table. */
	uint64_t (*table)(uint64_t addr);
};

struct vm_tables {
	struct vm_memory *memory;
	const struct vm_tables_format *format;
	uint64_t root; /* guest physical */
	uint64_t next; /* first page not yet in use */
};

/* Maps the whole page map. */
int vm_tables_build(struct vm_tables *t, struct vm_memory *m,
		    const struct vm_tables_format *format,
		    struct hexo_error *err);

/* Maps one more range, which must not be mapped yet. */
int vm_tables_map(struct vm_tables *t, uint64_t low, uint64_t high,
		  uint32_t perm, struct hexo_error *err);

/* A zeroed page of the monitor's own, not mapped for anyone; 0 when there is
 * none left. */
uint64_t vm_tables_page(struct vm_tables *t);

#endif
