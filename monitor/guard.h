/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log of writes by write protection, for a backend without one: the
 * program's memory is made read-only, and a write to it is a signal whose
 * handler makes the page writable and notes it.
 *
 * One thread starts, takes and stops, another one writes. System calls cannot
 * write to protected memory: they fail with EFAULT.
 */
#ifndef HEXO_MONITOR_GUARD_H
#define HEXO_MONITOR_GUARD_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"

struct vm_memory;

struct vm_guard {
	const struct vm_memory *memory; /* its page map changes no more */
	uint64_t *open;  /* atomic: a bit a page, as in dirty.h */
	unsigned faults; /* atomic: since the last time */
};

/* Makes room for the bitmap, before the program's memory is used; m
 * outlives g. */
void vm_guard_create(struct vm_guard *g, const struct vm_memory *m);

/* Every write counts from now on. What the host says if it cannot protect the
 * memory; then nothing is protected. */
int vm_guard_start(struct vm_guard *g, struct hexo_error *err);

/* Sets in bits what may have been written since the start or the last time:
 * a page of the program that is not set there was not. The other bits are
 * cleared. */
void vm_guard_take(struct vm_guard *g, uint64_t *bits);

void vm_guard_stop(struct vm_guard *g);

/*
 * For a signal handler, on any thread: a write to this guest address was
 * refused. Returns whether it can be tried again; false: it is no memory of
 * the program's, or the host has none. Async-signal-safe; changes errno.
 */
bool vm_guard_open(struct vm_guard *g, uint64_t addr);

#endif
