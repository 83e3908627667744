/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/vm.h"

#include <errno.h>
#include <time.h>

#include "base/base.h"

static const char *const state_names[VM_STATES] = {
	[VM_NEW] = "new",
	[VM_RECEIVING] = "receiving",
	[VM_COMMITTED] = "committed",
	[VM_RUNNING] = "running",
	[VM_PARKED] = "parked",
	[VM_SHIPPED] = "shipped",
	[VM_RESUMING] = "resuming",
	[VM_RELEASED] = "released",
	[VM_ENDED] = "ended",
};

static const char *const event_names[VM_EVENTS] = {
	[VM_START] = "start",     [VM_RECEIVE] = "receive",
	[VM_COMMIT] = "commit",   [VM_RUN] = "run",
	[VM_PARK] = "park",       [VM_SHIP] = "ship",
	[VM_RESUME] = "resume",   [VM_RESUMED] = "resumed",
	[VM_RELEASE] = "release", [VM_END] = "end",
};

#define FROM(state) (1u << (state))

/* What each event leads to, and from where. A VM that has shipped may ship
 * again, to another target, when the first one was lost. */
static const struct {
	uint32_t from;
	enum vm_state to;
} steps[VM_EVENTS] = {
	[VM_START] = { FROM(VM_NEW), VM_RUNNING },
	[VM_RECEIVE] = { FROM(VM_NEW), VM_RECEIVING },
	[VM_COMMIT] = { FROM(VM_RECEIVING), VM_COMMITTED },
	[VM_RUN] = { FROM(VM_COMMITTED), VM_RESUMING },
	[VM_PARK] = { FROM(VM_RUNNING), VM_PARKED },
	[VM_SHIP] = { FROM(VM_PARKED) | FROM(VM_SHIPPED), VM_SHIPPED },
	[VM_RESUME] = { FROM(VM_PARKED) | FROM(VM_SHIPPED), VM_RESUMING },
	[VM_RESUMED] = { FROM(VM_RESUMING), VM_RUNNING },
	[VM_RELEASE] = { FROM(VM_SHIPPED), VM_RELEASED },
	[VM_END] = { FROM(VM_RUNNING) | FROM(VM_RESUMING), VM_ENDED },
};

int vm_step(struct vm *vm, enum vm_event event, struct hexo_error *err)
{
	if (!(steps[event].from & FROM(vm->state)))
		return hexo_fail(err, -EPROTO, "cannot %s a VM that is %s",
				 event_names[event], state_names[vm->state]);
	vm->state = steps[event].to;
	return 0;
}

int vm_give_up(struct vm *vm)
{
	vm->state = VM_ENDED;
	return -EIO;
}

uint64_t vm_monotonic_ns(const struct vm *vm)
{
	return base_now_ns() - vm->clock_ns;
}

uint64_t vm_cpu_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &t);
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

void vm_poll_set(struct vm *vm, uint64_t target, uint32_t flag)
{
	vm->control->poll_target = target;
	vm_link_refresh(&vm->link, flag || target);
}
