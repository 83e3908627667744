/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Which pages were written since one last asked, while the guest runs: the
 * backend's log of the guest's writes (KVM's dirty log, KVM API 4.29, or
 * guard.h) and the monitor's own, which KVM's has not. One bit a page, the
 * first one's that of HEXO_TABLES_BASE.
 */
#ifndef HEXO_MONITOR_DIRTY_H
#define HEXO_MONITOR_DIRTY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"
#include "hexo/layout.h"

enum { VM_PENDING_MAX = 8 };

struct vm;

struct vm_dirty {
	bool on;       /* atomic */
	size_t words;  /* of each bitmap */
	uint64_t *own; /* atomic: what the monitor wrote */
	uint64_t *log; /* room for the backend's */
	/* Ranges that the hypercall at hand was given to write to. */
	struct {
		uint64_t addr, len;
	} pending[VM_PENDING_MAX];
	unsigned pendings;
};

static inline uint64_t vm_dirty_bit(uint64_t addr)
{
	return (addr - HEXO_TABLES_BASE) / HEXO_PAGE_SIZE;
}

/* Makes room for the bitmaps of a guest that ends at `end`. */
void vm_dirty_create(struct vm_dirty *d, uint64_t end);

/* Every write counts from now on. What the host says if it keeps no log. */
int vm_dirty_start(struct vm *vm, struct hexo_error *err);
void vm_dirty_stop(struct vm *vm);

/* Adds to bits what was written since the start, or the last time. */
int vm_dirty_take(struct vm *vm, uint64_t *bits, struct hexo_error *err);

/* For the thread of the hypercalls: a range that one may write to; and that it
 * will write no more. What is written in between counts after it. */
static inline void vm_dirty_pend(struct vm_dirty *d, uint64_t addr,
				 uint64_t len)
{
	if (!len || d->pendings == VM_PENDING_MAX)
		return;
	d->pending[d->pendings].addr = addr;
	d->pending[d->pendings++].len = len;
}
void vm_dirty_settle(struct vm_dirty *d);

#endif
