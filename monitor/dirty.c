/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/dirty.h"

#include "base/base.h"
#include "monitor/backend.h"
#include "monitor/vm.h"

void vm_dirty_create(struct vm_dirty *d, uint64_t end)
{
	*d = (struct vm_dirty){ .words = (vm_dirty_bit(end) + 63) / 64 };
	d->own = base_alloc(d->words * sizeof(*d->own));
	d->log = base_alloc(d->words * sizeof(*d->log));
}

int vm_dirty_start(struct vm *vm, struct hexo_error *err)
{
	struct vm_dirty *d = &vm->dirty;
	int r;

	for (size_t i = 0; i < d->words; i++)
		__atomic_store_n(&d->own[i], 0, __ATOMIC_RELAXED);
	r = vm->backend->log_start(vm, err);
	if (r == 0)
		__atomic_store_n(&d->on, true, __ATOMIC_SEQ_CST);
	return r;
}

void vm_dirty_stop(struct vm *vm)
{
	if (!vm->dirty.on)
		return;
	__atomic_store_n(&vm->dirty.on, false, __ATOMIC_SEQ_CST);
	vm->backend->log_stop(vm);
}

int vm_dirty_take(struct vm *vm, uint64_t *bits, struct hexo_error *err)
{
	struct vm_dirty *d = &vm->dirty;
	int r = vm->backend->log_take(vm, d->log, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < d->words; i++)
		bits[i] |= d->log[i] |
			   __atomic_exchange_n(&d->own[i], 0, __ATOMIC_SEQ_CST);
	return 0;
}

static void dirty_mark(struct vm_dirty *d, uint64_t addr, uint64_t len)
{
	uint64_t last = vm_dirty_bit(addr + len - 1);

	for (uint64_t i = vm_dirty_bit(addr); i <= last; i++)
		__atomic_fetch_or(&d->own[i / 64], UINT64_C(1) << (i % 64),
				  __ATOMIC_SEQ_CST);
}

void vm_dirty_settle(struct vm_dirty *d)
{
	bool on = __atomic_load_n(&d->on, __ATOMIC_SEQ_CST);

	for (unsigned i = 0; on && i < d->pendings; i++)
		dirty_mark(d, d->pending[i].addr, d->pending[i].len);
	d->pendings = 0;
}
