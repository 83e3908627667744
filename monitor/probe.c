/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long the guest runs without a poll. A probe raises the poll flag as a
 * park request does, waits until the guest has counted a poll, and lowers it
 * again: the guest runs on, in the code that it would have run.
 */
#include <poll.h>
#include <time.h>

#include "base/base.h"
#include "monitor/link.h"

/* How often it is looked for an answer. */
enum { PROBE_NAP_NS = 50000 };

static uint64_t probe_cpu_ns(const struct vm_link *link)
{
	struct timespec t;

	if (clock_gettime(link->guest_clock, &t) < 0)
		return 0;
	return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t probe_polls(const struct vm_link *link)
{
	return __atomic_load_n(&link->control->polls, __ATOMIC_SEQ_CST);
}

void vm_probe_begin(struct vm_link *link)
{
	pthread_mutex_lock(&link->lock);
	if (!link->probe.began_ns) {
		link->probe.polls = probe_polls(link);
		link->probe.began_cpu_ns = probe_cpu_ns(link);
		link->probe.began_ns = base_now_ns();
		__atomic_store_n(&link->control->poll_flag, 1,
				 __ATOMIC_SEQ_CST);
	}
	pthread_mutex_unlock(&link->lock);
}

bool vm_probe_check(struct vm_link *link, bool over)
{
	struct vm_probe *p = &link->probe;
	struct hexo_msg_probed answer = { 0 };
	bool waits, answered;

	pthread_mutex_lock(&link->lock);
	waits = p->began_ns;
	answered = waits && (over || probe_polls(link) != p->polls);
	if (answered) {
		answer.wall_ns = base_now_ns() - p->began_ns;
		answer.cpu_ns = probe_cpu_ns(link) - p->began_cpu_ns;
		p->began_ns = 0;
		if (!link->counting && !link->park_wanted)
			__atomic_store_n(&link->control->poll_flag, 0,
					 __ATOMIC_SEQ_CST);
	}
	pthread_mutex_unlock(&link->lock);
	if (answered)
		(void)vm_link_send(link, HEXO_MSG_PROBED, &answer,
				   sizeof(answer), NULL);
	return waits && !answered;
}

void vm_probe_nap(const struct vm_link *link)
{
	const struct timespec t = { .tv_nsec = PROBE_NAP_NS };
	struct pollfd p = { .fd = link->fd, .events = POLLIN };

	(void)ppoll(&p, 1, &t, NULL);
}
