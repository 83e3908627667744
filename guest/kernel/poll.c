/* SPDX-License-Identifier: Apache-2.0 */
/* What happens at a poll while poll_flag is set. */
#include "guest/kernel/kernel.h"

KERNEL_NEVER_WAITS

static _Noreturn void capture(void)
{
	kernel_event(HEXO_HC_PARKING);
	hexo_unwind_begin();
}

bool hexo_poll_due(void)
{
	volatile struct hexo_control *c = kernel_control();
	uint64_t polls = c->polls + 1;

	c->polls = polls;
	return c->park_request || polls == c->poll_target;
}

_Noreturn void hexo_poll_park(void)
{
	capture();
}

__attribute__((noinline)) void hexo_poll_wait(void)
{
	volatile struct hexo_control *c = kernel_control();

	if (c->poll_flag && c->park_request)
		capture();
}

void kernel_park(void)
{
	kernel_jump_check();
	/* Before the call: a request that comes later is another one. */
	kernel_control()->park_request = 0;
	kernel_post_settle();
	kernel_ahead_forget_all();
	kernel_frames_park();
}

KERNEL_NEVER_WAITS_END
