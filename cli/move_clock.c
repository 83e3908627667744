/* SPDX-License-Identifier: Apache-2.0 */
/* Hops that are due at a time: each is an order like that of hexo migrate. */
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/home_state.h"
#include "cli/home_vm.h"

enum { CLOCK_RETRY_NS = 1000000 };

static void clock_set(struct home *home, uint64_t at)
{
	const struct itimerspec t = {
		.it_value.tv_sec = (time_t)(at / 1000000000),
		.it_value.tv_nsec = (long)(at % 1000000000),
	};

	timerfd_settime(home->clock.fd, TFD_TIMER_ABSTIME, &t, NULL);
}

/* Waits for the next timed hop, if there is one. */
static void clock_next(struct home *home)
{
	const struct cli_plan_hop *hop =
		cli_plan_timed(home->config->plan, home->timed);

	if (hop)
		clock_set(home, home->clock_began + hop->ms * 1000000);
}

static void clock_ready(void *ctx, uint32_t events)
{
	struct home *home = ctx;
	const struct cli_plan_hop *hop =
		cli_plan_timed(home->config->plan, home->timed);
	uint64_t expired;

	if (read(home->clock.fd, &expired, sizeof(expired)) < 0 || !hop)
		return;
	/* One order at a time waits. */
	if (home->order.where) {
		clock_set(home, base_now_ns() + CLOCK_RETRY_NS);
		return;
	}
	home->order.where = base_strdup(hop->where);
	home->order.client = 0;
	home->order.events = false;
	home->order.options = home->config->move;
	home->timed++;
	clock_next(home);
	if (home->state == HOME_RUNNING)
		home_handle(home, ORDERED, NULL);
}

int move_clock_open(struct home *home, struct hexo_error *err)
{
	home->clock.ready = clock_ready;
	home->clock.ctx = home;
	home->clock.fd =
		timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (home->clock.fd < 0)
		return hexo_fail_errno(err, "cannot make a timer");
	return cli_loop_watch(&home->loop, &home->clock, EPOLLIN, err);
}

void move_clock_start(struct home *home)
{
	home->clock_began = base_now_ns();
	clock_next(home);
}
