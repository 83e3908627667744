/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/loop.h"

#include <errno.h>
#include <unistd.h>

int cli_loop_open(struct cli_loop *loop, struct hexo_error *err)
{
	loop->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (loop->epoll < 0)
		return hexo_fail_errno(err, "cannot make an event loop");
	return 0;
}

void cli_loop_close(struct cli_loop *loop)
{
	if (loop->epoll >= 0)
		close(loop->epoll);
	loop->epoll = -1;
}

int cli_loop_watch(struct cli_loop *loop, struct cli_watch *watch,
		   uint32_t events, struct hexo_error *err)
{
	struct epoll_event e = { .events = events, .data.ptr = watch };
	int op = EPOLL_CTL_MOD;

	if (events == watch->events)
		return 0;
	if (!watch->events)
		op = EPOLL_CTL_ADD;
	else if (!events)
		op = EPOLL_CTL_DEL;
	if (epoll_ctl(loop->epoll, op, watch->fd, &e) < 0)
		return hexo_fail_errno(err, "cannot watch a descriptor");
	watch->events = events;
	return 0;
}

int cli_loop_turn(struct cli_loop *loop, struct hexo_error *err)
{
	struct epoll_event e;
	int n = epoll_wait(loop->epoll, &e, 1, -1);

	if (n < 0 && errno != EINTR)
		return hexo_fail_errno(err, "cannot wait for events");
	if (n > 0) {
		struct cli_watch *watch = e.data.ptr;

		watch->ready(watch->ctx, e.events);
	}
	return 0;
}
