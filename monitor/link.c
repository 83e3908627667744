/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/link.h"

#include <errno.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "base/thread.h"
#include "monitor/copy.h"
#include "monitor/fetch.h"
#include "monitor/vm.h"

enum { EXIT_LOST = 125 };

#define FRESH_NS UINT64_C(500000000)

/* The guest reads these while they are written. */
static void control_park(struct hexo_control *control)
{
	__atomic_store_n(&control->park_request, 1, __ATOMIC_SEQ_CST);
	__atomic_store_n(&control->poll_flag, 1, __ATOMIC_SEQ_CST);
}

static void link_park(struct vm_link *link)
{
	pthread_mutex_lock(&link->lock);
	if (!link->park_wanted)
		link->park_ns = base_now_ns();
	link->park_wanted = true;
	control_park(link->control);
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
}

/* Waits until the other thread is done with the message that it was given. */
static void link_settle(struct vm_link *link)
{
	pthread_mutex_lock(&link->lock);
	while (link->full)
		pthread_cond_wait(&link->changed, &link->lock);
	pthread_mutex_unlock(&link->lock);
}

/* Gives the message in the inbox, which goes on with another buffer, to the
 * other thread. */
static void link_hand_over(struct vm_link *link)
{
	const struct migrate_inbox taken = link->taken;

	pthread_mutex_lock(&link->lock);
	switch (link->in.msg.type) {
	case HEXO_MSG_START:
	case HEXO_MSG_RUN:
	case HEXO_MSG_RESUME:
		/* A PARK that crossed our own park is answered by it. Here,
		 * in the order of arrival, one that comes next is not lost. */
		link->park_wanted = false;
		break;
	default:
		break;
	}
	link->taken = link->in;
	link->in = taken;
	link->full = true;
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
}

/* Clears the guest's mark that it has read something, when it is old. The
 * answer to what it read comes after the mark, so it is seen in time. Returns
 * the milliseconds until it has to be cleared, -1 without one. */
static int link_age(struct vm_link *link)
{
	uint32_t *fresh = &link->control->fresh;
	uint64_t now = base_now_ns();

	if (!__atomic_load_n(fresh, __ATOMIC_SEQ_CST)) {
		link->fresh_ns = 0;
		return -1;
	}
	if (!link->fresh_ns)
		link->fresh_ns = now;
	if (now - link->fresh_ns < FRESH_NS)
		return (int)((link->fresh_ns + FRESH_NS - now) / 1000000) + 1;
	__atomic_store_n(fresh, 0, __ATOMIC_SEQ_CST);
	link->fresh_ns = 0;
	return -1;
}

/* Waits for the next message, and for the answers to probes meanwhile. */
static int link_wait(struct vm_link *link, struct hexo_error *err)
{
	int left, r;

	while (vm_probe_check(link, false)) {
		r = migrate_inbox_read(&link->in, link->fd, err);
		if (r)
			return r < 0 ? r : 0;
		(void)link_age(link);
		vm_probe_nap(link);
	}
	do {
		left = link_age(link);
		r = migrate_inbox_wait(&link->in, link->fd, left, err);
	} while (r == -ETIMEDOUT && left >= 0);
	return r;
}

/* An IO_REPLY: 1 if it answers what was posted, 0 if somebody waits for it,
 * -EPROTO. */
static int link_keep_reply(struct vm_link *link, struct hexo_error *err)
{
	struct vm_posts *p = &link->posts;
	struct hexo_msg_io_reply reply;
	int r = 0;

	pthread_mutex_lock(&link->lock);
	if (p->sent)
		r = migrate_msg_check(&link->in.msg, sizeof(reply), true, err);
	if (p->sent && r == 0) {
		memcpy(&reply, link->in.msg.data, sizeof(reply));
		p->result[(p->first + p->ready) % HEXO_IO_POSTS_MAX] =
			reply.result;
		p->sent--;
		p->ready++;
		pthread_cond_broadcast(&link->changed);
		r = 1;
	}
	pthread_mutex_unlock(&link->lock);
	return r;
}

static int link_reply(struct vm_link *link, struct hexo_error *err)
{
	int r = link_keep_reply(link, err);

	if (r == 0)
		link_hand_over(link);
	return r < 0 ? r : 0;
}

static void *link_main(void *arg)
{
	struct vm_link *link = arg;
	struct hexo_error err;
	int r = 0;

	vm_confine(link->copy->vm);
	while (r == 0 && (r = link_wait(link, &err)) == 0) {
		/* What a message means may depend on the one before it. */
		link_settle(link);
		switch (link->in.msg.type) {
		case HEXO_MSG_KILL:
			_exit(0);
		case HEXO_MSG_PARK:
			link_park(link);
			break;
		case HEXO_MSG_PROBE:
			vm_probe_begin(link);
			break;
		case HEXO_MSG_IO_REPLY:
			r = link_reply(link, &err);
			break;
		case HEXO_MSG_COPY:
			r = vm_copy_order(link->copy, &link->in.msg, &err);
			break;
		case HEXO_MSG_COPY_STOP:
			vm_copy_stop(link->copy);
			break;
		case HEXO_MSG_SIZE:
			r = vm_copy_size(link->copy, &link->in.msg, &err);
			break;
		case HEXO_MSG_STREAM:
			if (vm_fetch_is_on(link->fetch)) {
				r = vm_fetch_feed(link->fetch, &link->in.msg,
						  &err);
				break;
			}
			link_hand_over(link);
			break;
		default:
			link_hand_over(link);
			break;
		}
	}
	if (r == -EPROTO || vm_fetch_is_on(link->fetch))
		(void)vm_link_send(link, HEXO_MSG_ERROR, err.text,
				   strlen(err.text), NULL);
	_exit(EXIT_LOST);
}

int vm_link_start(struct vm_link *link, int fd, struct hexo_control *control,
		  struct vm_copy *copy, struct vm_fetch *fetch,
		  struct hexo_error *err)
{
	pthread_t thread;
	int r;

	*link = (struct vm_link){
		.fd = fd, .control = control, .copy = copy, .fetch = fetch
	};
	pthread_getcpuclockid(pthread_self(), &link->guest_clock);
	pthread_mutex_init(&link->lock, NULL);
	pthread_mutex_init(&link->sending, NULL);
	base_thread_condition(&link->changed);
	r = base_thread_start(&thread, link_main, link, err);
	if (r == 0)
		pthread_detach(thread);
	return r;
}

const struct migrate_msg *vm_link_take_until(struct vm_link *link,
					     uint64_t until_ns)
{
	const struct timespec until = {
		.tv_sec = (time_t)(until_ns / 1000000000),
		.tv_nsec = (long)(until_ns % 1000000000),
	};
	bool full;

	pthread_mutex_lock(&link->lock);
	while (!link->full && until_ns == UINT64_MAX)
		pthread_cond_wait(&link->changed, &link->lock);
	while (!link->full && until_ns > base_now_ns() &&
	       pthread_cond_timedwait(&link->changed, &link->lock, &until) !=
		       ETIMEDOUT)
		;
	full = link->full;
	pthread_mutex_unlock(&link->lock);
	return full ? &link->taken.msg : NULL;
}

const struct migrate_msg *vm_link_take(struct vm_link *link)
{
	return vm_link_take_until(link, UINT64_MAX);
}

void vm_link_release(struct vm_link *link)
{
	pthread_mutex_lock(&link->lock);
	link->full = false;
	pthread_cond_broadcast(&link->changed);
	pthread_mutex_unlock(&link->lock);
}

uint64_t vm_link_park_time(struct vm_link *link)
{
	uint64_t t;

	pthread_mutex_lock(&link->lock);
	t = link->park_wanted ? link->park_ns : 0;
	pthread_mutex_unlock(&link->lock);
	return t;
}

void vm_link_refresh(struct vm_link *link, bool counting)
{
	pthread_mutex_lock(&link->lock);
	link->counting = counting;
	__atomic_store_n(&link->control->park_request, 0, __ATOMIC_SEQ_CST);
	__atomic_store_n(&link->control->poll_flag,
			 counting || link->probe.began_ns, __ATOMIC_SEQ_CST);
	if (link->park_wanted)
		control_park(link->control);
	pthread_mutex_unlock(&link->lock);
}

uint64_t vm_link_sleep(struct vm_link *link, uint64_t ns)
{
	uint64_t end = base_now_ns(), now;
	struct timespec until;

	end = ns < UINT64_MAX - end ? end + ns : UINT64_MAX;
	until.tv_sec = (time_t)(end / 1000000000);
	until.tv_nsec = (long)(end % 1000000000);
	pthread_mutex_lock(&link->lock);
	while (!link->park_wanted &&
	       pthread_cond_timedwait(&link->changed, &link->lock, &until) !=
		       ETIMEDOUT)
		;
	pthread_mutex_unlock(&link->lock);
	now = base_now_ns();
	return now < end ? end - now : 0;
}

int vm_link_post(struct vm_link *link)
{
	int r = 0;

	pthread_mutex_lock(&link->lock);
	if (link->posts.sent + link->posts.ready < HEXO_IO_POSTS_MAX)
		link->posts.sent++;
	else
		r = -EBUSY;
	pthread_mutex_unlock(&link->lock);
	return r;
}

int vm_link_take_posts(struct vm_link *link, int64_t *results, size_t n)
{
	struct vm_posts *p = &link->posts;
	int r = 0;

	pthread_mutex_lock(&link->lock);
	if (n > p->sent + p->ready)
		r = -EINVAL;
	while (r == 0 && p->ready < n)
		pthread_cond_wait(&link->changed, &link->lock);
	for (size_t i = 0; r == 0 && i < n; i++) {
		results[i] = p->result[p->first];
		p->first = (p->first + 1) % HEXO_IO_POSTS_MAX;
		p->ready--;
	}
	pthread_mutex_unlock(&link->lock);
	return r;
}

unsigned vm_link_posts(struct vm_link *link)
{
	unsigned n;

	pthread_mutex_lock(&link->lock);
	n = link->posts.sent + link->posts.ready;
	pthread_mutex_unlock(&link->lock);
	return n;
}

int vm_link_sendv(struct vm_link *link, unsigned type,
		  const struct iovec *parts, int count, struct hexo_error *err)
{
	int r;

	pthread_mutex_lock(&link->sending);
	r = migrate_channel_sendv(link->fd, type, parts, count, err);
	pthread_mutex_unlock(&link->sending);
	return r;
}

int vm_link_send(struct vm_link *link, unsigned type, const void *data,
		 size_t len, struct hexo_error *err)
{
	struct iovec part = { (void *)data, len };

	return vm_link_sendv(link, type, &part, 1, err);
}
