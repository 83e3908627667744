/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's memory and the only way to it.
 *
 * A guest address is a struct vm_gva, which the host cannot dereference;
 * vm_memory_at() turns a checked range of it into a host pointer. The page
 * map (a sorted list of ranges with permissions) is the one source of truth:
 * that check, the page tables of the kvm backend, the mappings of the
 * process backend and the fault reports all come from it.
 */
#ifndef HEXO_MONITOR_MEMORY_H
#define HEXO_MONITOR_MEMORY_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "hexo/error.h"
#include "hexo/layout.h"

struct vm_gva {
	uint64_t value;
};

static inline struct vm_gva vm_gva(uint64_t value)
{
	return (struct vm_gva){ value };
}

enum {
	VM_READ = 1,
	VM_WRITE = 2,
	VM_EXEC = 4,    /* never together with VM_WRITE */
	VM_CONTROL = 8, /* the control page: no place for a request's data */
};

struct vm_range {
	uint64_t low, high; /* multiples of HEXO_PAGE_SIZE */
	uint32_t perm;
};

enum { VM_RANGES_MAX = 48 };

struct vm_dirty;
struct vm_fetch;

struct vm_memory {
	struct vm_dirty *dirty; /* who is to know of writes; or NULL */
	struct vm_fetch *fetch; /* who brings pages that are missing; or NULL */
	uintptr_t base;         /* host address of guest address 0 */
	uintptr_t map;          /* of the reservation */
	size_t map_len;
	struct hexo_layout layout;
	struct vm_range range[VM_RANGES_MAX]; /* ascending, disjoint */
	unsigned ranges;
};

/*
 * Reserves address space for memory and stack bytes (valid for
 * hexo_layout_make()); nothing is accessible yet. own_address: every guest
 * address is the same host address.
 */
int vm_memory_create(struct vm_memory *m, uint64_t memory, uint64_t stack,
		     bool own_address, struct hexo_error *err);
void vm_memory_destroy(struct vm_memory *m);

/* Adds [low, high) to the page map and makes it readable and writable for
 * the monitor. -EINVAL if it overlaps another range. */
int vm_memory_allow(struct vm_memory *m, uint64_t low, uint64_t high,
		    uint32_t perm, struct hexo_error *err);

/* Adds what every guest has besides its image: the control page, the rest
 * of portable memory, the stacks. To be called after the image's ranges. */
int vm_memory_complete(struct vm_memory *m, struct hexo_error *err);

/* Backend `process`: gives the host mappings the guest's permissions. */
int vm_memory_protect(struct vm_memory *m, struct hexo_error *err);

/* The range an address lies in, or NULL. */
const struct vm_range *vm_memory_find(const struct vm_memory *m, uint64_t addr);

/* Whether the range is the program's to write: it migrates, page by page, as
 * the frame records do not. */
static inline bool vm_memory_is_program(const struct vm_memory *m,
					const struct vm_range *range)
{
	return range->low >= m->layout.portable_low &&
	       range->low < m->layout.frames_low && (range->perm & VM_WRITE);
}

/*
 * A host pointer to len bytes at addr, if the guest itself may read (write:
 * and write) all of them and none is of the control page; else NULL. With
 * len 0 every address is good and the pointer must not be used. May wait for
 * pages that are still to come (fetch.h).
 */
void *vm_memory_at(const struct vm_memory *m, struct vm_gva addr, uint64_t len,
		   bool write);

/* The same without waiting: only for what does not use the pages there. */
void *vm_memory_check(const struct vm_memory *m, struct vm_gva addr,
		      uint64_t len, bool write);

/* A host pointer to memory of the monitor's own inside the guest's
 * reservation (page tables, control page); the caller knows that it is
 * mapped. */
static inline void *vm_memory_own(const struct vm_memory *m, uint64_t addr)
{
	return (void *)(m->base + addr);
}

/* Makes a writable range read as zero and gives its pages back. 0 or
 * -EFAULT. */
int vm_memory_discard(const struct vm_memory *m, struct vm_gva addr,
		      uint64_t len);

/* Has the host find memory for a writable range now. 0, -EFAULT, or what the
 * host says; the range is usable in any case. */
int vm_memory_touch(const struct vm_memory *m, struct vm_gva addr,
		    uint64_t len);

#endif
