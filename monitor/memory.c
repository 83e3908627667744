/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/memory.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>
#include <sys/mman.h>

#include "hexo/hypercall.h"
#include "monitor/dirty.h"
#include "monitor/fetch.h"

static uint64_t page_up(uint64_t addr)
{
	return (addr + HEXO_PAGE_SIZE - 1) & -(uint64_t)HEXO_PAGE_SIZE;
}

/* Huge pages need host and guest addresses that agree modulo their size, so
 * the reservation is made larger and its edges are given back. */
static void *reserve_aligned(size_t len)
{
	size_t room = len + HEXO_HUGE_SIZE;
	char *p = mmap(NULL, room, PROT_NONE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	size_t skip;

	if (p == MAP_FAILED)
		return p;
	skip = -(uintptr_t)p % HEXO_HUGE_SIZE;
	if (skip)
		munmap(p, skip);
	munmap(p + skip + len, room - skip - len);
	return p + skip;
}

int vm_memory_create(struct vm_memory *m, uint64_t memory, uint64_t stack,
		     bool own_address, struct hexo_error *err)
{
	uint64_t low = own_address ? HEXO_FUNCTABLE_BASE : 0;
	void *p;

	*m = (struct vm_memory){ .layout = hexo_layout_make(memory, stack) };
	m->map_len = m->layout.end - low;
	if (own_address)
		p = mmap((void *)low, m->map_len, PROT_NONE,
			 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
				 MAP_FIXED_NOREPLACE,
			 -1, 0);
	else
		p = reserve_aligned(m->map_len);
	if (p == MAP_FAILED)
		return hexo_fail_errno(err,
				       "cannot reserve %" PRIu64
				       " MiB of address space for the guest%s",
				       (uint64_t)m->map_len >> 20,
				       own_address ? " at its own address"
						   : "");
	m->map = (uintptr_t)p;
	m->base = m->map - low;
	if (own_address && m->map != low) {
		/* A kernel that does not know MAP_FIXED_NOREPLACE takes the
		 * address for a hint. */
		vm_memory_destroy(m);
		return hexo_fail(err, -EEXIST,
				 "the guest's addresses are taken on this "
				 "host");
	}
	return 0;
}

void vm_memory_destroy(struct vm_memory *m)
{
	if (m->map_len)
		munmap((void *)m->map, m->map_len);
	m->map_len = 0;
}

int vm_memory_allow(struct vm_memory *m, uint64_t low, uint64_t high,
		    uint32_t perm, struct hexo_error *err)
{
	unsigned at = m->ranges;

	if (m->ranges == VM_RANGES_MAX)
		return hexo_fail(err, -E2BIG, "more than %d memory ranges",
				 VM_RANGES_MAX);
	while (at > 0 && m->range[at - 1].low >= high)
		at--;
	if (low >= high || high > m->layout.end ||
	    (at > 0 && m->range[at - 1].high > low))
		return hexo_fail(err, -EINVAL,
				 "memory range 0x%" PRIx64 "..0x%" PRIx64
				 " overlaps another",
				 low, high);
	if (mprotect((void *)(m->base + low), high - low,
		     PROT_READ | PROT_WRITE) < 0)
		return hexo_fail_errno(err,
				       "cannot map guest memory "
				       "0x%" PRIx64 "..0x%" PRIx64,
				       low, high);
	memmove(&m->range[at + 1], &m->range[at],
		(m->ranges - at) * sizeof(m->range[0]));
	m->range[at] = (struct vm_range){ low, high, perm };
	m->ranges++;
	return 0;
}

int vm_memory_complete(struct vm_memory *m, struct hexo_error *err)
{
	const struct hexo_layout *l = &m->layout;
	const uint32_t rw = VM_READ | VM_WRITE;
	const uint64_t control_end =
		HEXO_CONTROL_BASE + page_up(sizeof(struct hexo_control));
	uint64_t rest = l->portable_low;
	const struct {
		uint64_t low, high;
		uint32_t perm;
	} add[] = {
		{ HEXO_CONTROL_BASE, control_end, rw | VM_CONTROL },
		{ l->pstack_low, l->pstack_high, rw },
		{ l->frames_low, l->frames_high, rw },
		{ l->nstack_low, l->nstack_high, rw },
	};
	unsigned i;
	int r;

	/* Gaps between the image's segments are the linker's padding: only
	 * what follows the last one is heap. */
	for (i = 0; i < m->ranges; i++)
		if (m->range[i].high > rest &&
		    m->range[i].low < l->portable_high)
			rest = m->range[i].high;
	if (rest < l->portable_high) {
		r = vm_memory_allow(m, rest, l->portable_high, rw, err);
		if (r < 0)
			return r;
	}
	for (i = 0; i < sizeof(add) / sizeof(add[0]); i++) {
		r = vm_memory_allow(m, add[i].low, add[i].high, add[i].perm,
				    err);
		if (r < 0)
			return r;
	}
	/* Only large data gains from huge pages; a host without them is as
	 * good a host. */
	(void)madvise((void *)(m->base + l->portable_low),
		      l->portable_high - l->portable_low, MADV_HUGEPAGE);
	return 0;
}

int vm_memory_protect(struct vm_memory *m, struct hexo_error *err)
{
	unsigned i;

	for (i = 0; i < m->ranges; i++) {
		const struct vm_range *g = &m->range[i];
		int prot = PROT_READ;

		if (g->perm & VM_WRITE)
			prot |= PROT_WRITE;
		if (g->perm & VM_EXEC)
			prot |= PROT_EXEC;
		if (mprotect((void *)(m->base + g->low), g->high - g->low,
			     prot) < 0)
			return hexo_fail_errno(
				err,
				"cannot protect guest memory at 0x%" PRIx64,
				g->low);
	}
	return 0;
}

const struct vm_range *vm_memory_find(const struct vm_memory *m, uint64_t addr)
{
	unsigned i;

	for (i = 0; i < m->ranges && m->range[i].low <= addr; i++)
		if (addr < m->range[i].high)
			return &m->range[i];
	return NULL;
}

void *vm_memory_check(const struct vm_memory *m, struct vm_gva addr,
		      uint64_t len, bool write)
{
	const uint32_t need = write ? VM_READ | VM_WRITE : VM_READ;
	uint64_t at = addr.value, left = len;

	/* A range may span several entries of the page map if they adjoin. */
	while (left) {
		const struct vm_range *g = vm_memory_find(m, at);

		if (!g || (g->perm & need) != need || (g->perm & VM_CONTROL))
			return NULL;
		if (left <= g->high - at)
			break;
		left -= g->high - at;
		at = g->high;
	}
	if (write && m->dirty)
		vm_dirty_pend(m->dirty, addr.value, len);
	return (void *)(len ? m->base + addr.value : m->map);
}

void *vm_memory_at(const struct vm_memory *m, struct vm_gva addr, uint64_t len,
		   bool write)
{
	void *p = vm_memory_check(m, addr, len, write);

	if (p && vm_fetch_is_on(m->fetch))
		vm_fetch_touch(m->fetch, addr.value, len);
	return p;
}

static int memory_empty(const struct vm_memory *m, uint64_t low, uint64_t high)
{
	if (vm_fetch_is_on(m->fetch))
		return vm_fetch_discard(m->fetch, low, high);
	return madvise((void *)(m->base + low), high - low, MADV_DONTNEED);
}

int vm_memory_discard(const struct vm_memory *m, struct vm_gva addr,
		      uint64_t len)
{
	char *p = vm_memory_check(m, addr, len, true);
	uint64_t low, high;

	if (!p)
		return -EFAULT;
	if (!len)
		return 0;
	low = page_up(addr.value) - addr.value;
	high = ((addr.value + len) & -(uint64_t)HEXO_PAGE_SIZE) - addr.value;
	/* Inside one page, or no whole page in between. */
	if (low >= len || low >= high ||
	    memory_empty(m, addr.value + low, addr.value + high) < 0) {
		memset(p, 0, len);
		return 0;
	}
	memset(p, 0, low);
	memset(p + high, 0, len - high);
	return 0;
}

int vm_memory_touch(const struct vm_memory *m, struct vm_gva addr, uint64_t len)
{
	char *p = vm_memory_check(m, addr, len, true);
	uint64_t skip = addr.value % HEXO_PAGE_SIZE;

	if (!p)
		return -EFAULT;
	/* While memory is still coming, none is to be found. */
	if (vm_fetch_is_on(m->fetch))
		return 0;
	if (len && madvise(p - skip, len + skip, MADV_POPULATE_WRITE) < 0)
		return -errno;
	return 0;
}
