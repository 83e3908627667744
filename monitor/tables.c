/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/tables.h"

#include <errno.h>
#include <sys/mman.h>

enum { PAGE_SHIFT = 12, HUGE_SHIFT = 21, INDEX_BITS = 9 };

uint64_t vm_tables_page(struct vm_tables *t)
{
	uint64_t page = t->next;

	if (page >= HEXO_TABLES_END)
		return 0;
	t->next += HEXO_PAGE_SIZE;
	return page;
}

static int no_room(struct hexo_error *err)
{
	return hexo_fail(err, -ENOMEM, "the guest's page tables do not fit");
}

static int tables_leaf(struct vm_tables *t, uint64_t addr, unsigned leaf_shift,
		       uint32_t perm, struct hexo_error *err)
{
	unsigned shift = PAGE_SHIFT + INDEX_BITS * (t->format->levels - 1);
	uint64_t table = t->root;

	for (;; shift -= INDEX_BITS) {
		uint64_t index = addr >> shift & ((1u << INDEX_BITS) - 1);
		uint64_t *entries = vm_memory_own(t->memory, table);
		uint64_t page;

		if (shift == leaf_shift) {
			entries[index] = t->format->leaf(addr, perm,
							 shift == HUGE_SHIFT);
			return 0;
		}
		if (entries[index]) {
			table = entries[index] & 0x0000fffffffff000;
			continue;
		}
		page = vm_tables_page(t);
		if (!page)
			return no_room(err);
		entries[index] = t->format->table(page);
		table = page;
	}
}

int vm_tables_map(struct vm_tables *t, uint64_t low, uint64_t high,
		  uint32_t perm, struct hexo_error *err)
{
	while (low < high) {
		bool huge = low % HEXO_HUGE_SIZE == 0 &&
			    high - low >= HEXO_HUGE_SIZE;
		int r = tables_leaf(t, low, huge ? HUGE_SHIFT : PAGE_SHIFT,
				    perm, err);

		if (r < 0)
			return r;
		low += huge ? HEXO_HUGE_SIZE : HEXO_PAGE_SIZE;
	}
	return 0;
}

int vm_tables_build(struct vm_tables *t, struct vm_memory *m,
		    const struct vm_tables_format *format,
		    struct hexo_error *err)
{
	unsigned i;
	int r = 0;

	*t = (struct vm_tables){
		.memory = m,
		.format = format,
		.next = HEXO_TABLES_BASE,
	};
	if (mprotect(vm_memory_own(m, HEXO_TABLES_BASE),
		     HEXO_TABLES_END - HEXO_TABLES_BASE,
		     PROT_READ | PROT_WRITE) < 0)
		return hexo_fail_errno(err, "cannot map page tables");
	t->root = vm_tables_page(t);
	for (i = 0; r == 0 && i < m->ranges; i++)
		r = vm_tables_map(t, m->range[i].low, m->range[i].high,
				  m->range[i].perm, err);
	return r;
}
