/* SPDX-License-Identifier: Apache-2.0 */
/* Post-copy, at the target: what the guest's own thread does about memory that
 * is still to come. */
#include <sys/mman.h>

#include "monitor/bits.h"
#include "monitor/vm.h"

void vm_fetch_touch(const struct vm_fetch *f, uint64_t addr, uint64_t len)
{
	const uint64_t page = HEXO_PAGE_SIZE;
	uint64_t end = addr + len;

	for (uint64_t at = addr & -page; len && at < end; at += page)
		(void)*(const volatile char *)vm_memory_own(&f->vm->memory, at);
}

int vm_fetch_discard(struct vm_fetch *f, uint64_t low, uint64_t high)
{
	uint64_t bit = vm_dirty_bit(low), pages = vm_dirty_bit(high) - bit;
	int r;

	pthread_mutex_lock(&f->lock);
	f->left -= vm_bits_count(f->missing, bit, pages);
	vm_bits_fill(f->missing, bit, pages, false);
	r = madvise(vm_memory_own(&f->vm->memory, low), high - low,
		    MADV_DONTNEED);
	pthread_mutex_unlock(&f->lock);
	return r;
}
