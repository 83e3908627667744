/* SPDX-License-Identifier: Apache-2.0 */
/*
 * No write is lost, since a page that is writable has its bit, or gets it
 * before whoever opened it goes on:
 *
 * - vm_guard_open() makes it writable, then sets the bit.
 * - vm_guard_take() clears the bits, then protects, and returns only then. A
 *   write before it was protected has its page among those that are returned,
 *   or is by a thread that opened it meanwhile: then the bit is set anew. The
 *   caller reads pages after that, so what it reads has the write, or the next
 *   bits do.
 *
 * If the two meet, a page may be protected and have its bit. It is sent once
 * too often, and the next write opens it again. The other order of either
 * could leave a page open without a bit.
 *
 * A write may be refused just before the guard stops, and its handler run after
 * that, or after the next start. It does then what it always does, which is
 * right at any time. So there is no flag that says whether the guard is on.
 */
#include "monitor/guard.h"

#include <inttypes.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/base.h"
#include "monitor/bits.h"
#include "monitor/dirty.h"
#include "monitor/memory.h"

/*
 * Each fault makes two more mappings at most, and a process may have 65530
 * (vm.max_map_count). So many faults open a page each, as many more a block of
 * 16 pages each, and so on: 4 times 4096 faults, and then blocks of 256 MiB,
 * of which there are 1024 in the largest guest.
 */
enum { FAULTS = 4096, GROWTH = 4, LEVELS = 4 };

static size_t guard_words(const struct vm_memory *m)
{
	return (vm_dirty_bit(m->layout.end) + 63) / 64;
}

/* Linux merges mappings that were split only if their pages belong together
 * (anon_vma): those of a mapping that was written to before do. */
void vm_guard_create(struct vm_guard *g, const struct vm_memory *m)
{
	*g = (struct vm_guard){ .memory = m };
	g->open = base_alloc(guard_words(m) * sizeof(*g->open));
	for (unsigned i = 0; i < m->ranges; i++)
		if (vm_memory_is_program(m, &m->range[i]))
			__atomic_fetch_or(
				(uint64_t *)vm_memory_own(m, m->range[i].low),
				0, __ATOMIC_SEQ_CST);
}

static bool guard_protect(const struct vm_memory *m, uint64_t low,
			  uint64_t high, int prot)
{
	return mprotect(vm_memory_own(m, low), high - low, prot) == 0;
}

static void guard_set(struct vm_guard *g, uint64_t low, uint64_t high)
{
	uint64_t bit = vm_dirty_bit(low), end = vm_dirty_bit(high);

	while (bit < end) {
		uint64_t word = 0, at = bit / 64;
		uint64_t n =
			64 - bit % 64 < end - bit ? 64 - bit % 64 : end - bit;

		vm_bits_fill(&word, bit % 64, n, true);
		__atomic_fetch_or(&g->open[at], word, __ATOMIC_SEQ_CST);
		bit += n;
	}
}

void vm_guard_take(struct vm_guard *g, uint64_t *bits)
{
	const struct vm_memory *m = g->memory;

	__atomic_store_n(&g->faults, 0, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < guard_words(m); i++)
		bits[i] = __atomic_exchange_n(&g->open[i], 0, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; i < m->ranges; i++) {
		const struct vm_range *r = &m->range[i];

		if (!vm_memory_is_program(m, r) ||
		    guard_protect(m, r->low, r->high, PROT_READ))
			continue;
		/* Some of it may still be writable: all of it counts. */
		guard_set(g, r->low, r->high);
		vm_bits_fill(bits, vm_dirty_bit(r->low),
			     (r->high - r->low) / HEXO_PAGE_SIZE, true);
	}
}

int vm_guard_start(struct vm_guard *g, struct hexo_error *err)
{
	const struct vm_memory *m = g->memory;
	int r = 0;

	__atomic_store_n(&g->faults, 0, __ATOMIC_SEQ_CST);
	for (size_t i = 0; i < guard_words(m); i++)
		__atomic_store_n(&g->open[i], 0, __ATOMIC_SEQ_CST);
	for (unsigned i = 0; r == 0 && i < m->ranges; i++) {
		const struct vm_range *range = &m->range[i];

		if (vm_memory_is_program(m, range) &&
		    !guard_protect(m, range->low, range->high, PROT_READ))
			r = hexo_fail_errno(err,
					    "cannot protect guest memory at "
					    "0x%" PRIx64,
					    range->low);
	}
	if (r < 0)
		vm_guard_stop(g);
	return r;
}

/* What stays protected, should the host refuse, is opened by its faults. */
void vm_guard_stop(struct vm_guard *g)
{
	const struct vm_memory *m = g->memory;

	for (unsigned i = 0; i < m->ranges; i++)
		if (vm_memory_is_program(m, &m->range[i]))
			(void)guard_protect(m, m->range[i].low,
					    m->range[i].high,
					    PROT_READ | PROT_WRITE);
}

bool vm_guard_open(struct vm_guard *g, uint64_t addr)
{
	const struct vm_memory *m = g->memory;
	const struct vm_range *r = vm_memory_find(m, addr);
	unsigned level =
		__atomic_fetch_add(&g->faults, 1, __ATOMIC_SEQ_CST) / FAULTS;
	uint64_t size = HEXO_PAGE_SIZE, low, high;

	if (!r || !vm_memory_is_program(m, r))
		return false;
	size <<= GROWTH * (level < LEVELS ? level : LEVELS);
	low = addr & -size;
	high = low + size;
	if (low < r->low)
		low = r->low;
	if (high > r->high)
		high = r->high;
	/* If there can be no more mappings, the range becomes one. */
	if (!guard_protect(m, low, high, PROT_READ | PROT_WRITE)) {
		low = r->low;
		high = r->high;
		if (!guard_protect(m, low, high, PROT_READ | PROT_WRITE))
			return false;
	}
	guard_set(g, low, high);
	return true;
}
