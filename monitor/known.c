/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/known.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "monitor/dirty.h"

static void known_set_kept(struct vm_known *known, bool kept)
{
	__atomic_store_n(&known->kept, kept, __ATOMIC_SEQ_CST);
}

int vm_known_begin(struct vm_known *known, size_t pages, bool more)
{
	known_set_kept(known, false);
	known->on = false;
	if (!more) {
		/* Fresh memory is zero, and there only where it is used. */
		free(known->page);
		known->page = calloc(pages, sizeof(*known->page));
	}
	known->on = known->page != NULL;
	return known->on ? 0 : -ENOMEM;
}

void vm_known_stop(struct vm_known *known)
{
	known->on = false;
}

void vm_known_keep(struct vm_known *known, const struct migrate_writer *writer)
{
	known->on = false;
	known->writer = *writer;
	known_set_kept(known, true);
}

bool vm_known_is_kept(const struct vm_known *known)
{
	return __atomic_load_n(&known->kept, __ATOMIC_SEQ_CST);
}

bool vm_known_has(const struct vm_known *known, uint64_t addr, const void *data)
{
	const struct migrate_hash128 *page = &known->page[vm_dirty_bit(addr)];
	struct migrate_hash128 hash = { 0 };

	/* What is not there needs no look at what is. */
	if (data && !(page->low | page->high))
		return false;
	if (data)
		hash = migrate_hash128(data, HEXO_PAGE_SIZE);
	return hash.low == page->low && hash.high == page->high;
}

void vm_known_note(struct vm_known *known, uint64_t addr, unsigned count,
		   const void *data)
{
	struct migrate_hash128 *page = &known->page[vm_dirty_bit(addr)];

	for (unsigned i = 0; i < count; i++)
		page[i] = data ? migrate_hash128((const char *)data +
							 (size_t)i *
								 HEXO_PAGE_SIZE,
						 HEXO_PAGE_SIZE)
			       : (struct migrate_hash128){ 0 };
}
