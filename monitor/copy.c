/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/copy.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/base.h"
#include "base/thread.h"
#include "monitor/ship.h"
#include "monitor/vm.h"

/* As little as this is not worth a round. */
#define SMALL (UINT64_C(4) << 20)

enum { ROUNDS_MAX = 30 };

/* Sleeps until `until`, or until the rounds are to stop. */
static bool copy_wait(struct vm_copy *copy, uint64_t until)
{
	const struct timespec t = {
		.tv_sec = (time_t)(until / 1000000000),
		.tv_nsec = (long)(until % 1000000000),
	};
	bool stop;

	pthread_mutex_lock(&copy->lock);
	while (!copy->stop && until > base_now_ns() &&
	       pthread_cond_timedwait(&copy->changed, &copy->lock, &t) !=
		       ETIMEDOUT)
		;
	stop = copy->stop;
	pthread_mutex_unlock(&copy->lock);
	return !stop;
}

/* A migrate_put of the rounds: they stop here, and keep to their rate. */
static int copy_put(void *ctx, const struct iovec *parts, int count,
		    struct hexo_error *err)
{
	struct vm_copy *copy = ctx;
	uint64_t rate = copy->order.rate, due = 0;

	if (rate)
		due = copy->began_ns +
		      (uint64_t)((double)copy->bytes / (double)rate * 1e9);
	if (!copy_wait(copy, due))
		return hexo_fail(err, -ECANCELED, "told to stop");
	for (int i = 0; i < count; i++)
		copy->bytes += parts[i].iov_len;
	return vm_link_sendv(&copy->vm->link, HEXO_MSG_STREAM, parts, count,
			     err);
}

static int copy_begin(struct vm_copy *copy, struct hexo_error *err)
{
	struct vm *vm = copy->vm;
	int r;

	memset(copy->todo, 0, vm->dirty.words * sizeof(*copy->todo));
	r = vm_dirty_start(vm, err);
	if (r < 0)
		return r;
	copy->begun = true;
	r = vm_ship_begin(vm, &copy->writer, copy->order.keep,
			  copy->order.compress, copy_put, copy, err);
	return r < 0 ? r : vm_ship_memory(vm, &copy->writer, NULL, err);
}

static int copy_round(struct vm_copy *copy, struct hexo_error *err)
{
	int r = migrate_writer_round(&copy->writer, err);

	if (r == 0)
		r = vm_ship_memory(copy->vm, &copy->writer, copy->todo, err);
	memset(copy->todo, 0, copy->vm->dirty.words * sizeof(*copy->todo));
	return r;
}

static bool copy_hurries(struct vm_copy *copy)
{
	bool hurry;

	pthread_mutex_lock(&copy->lock);
	hurry = copy->hurry || copy->stop;
	pthread_mutex_unlock(&copy->lock);
	return hurry;
}

/* A round is over, another one follows. */
static void copy_tell_round(struct vm_copy *copy, struct hexo_msg_copied *told,
			    uint64_t left)
{
	told->left = left;
	told->bytes = copy->bytes;
	told->ns = base_now_ns() - copy->began_ns;
	(void)vm_link_send(&copy->vm->link, HEXO_MSG_ROUND, told, sizeof(*told),
			   NULL);
}

/*
 * 1. All that there is.
 * 2. What was written meanwhile, again and again: until it would go out in
 *    half the time that the guest may be stopped, or shrinks no more.
 */
static int copy_rounds(struct vm_copy *copy, struct hexo_msg_copied *told,
		       struct hexo_error *err)
{
	uint64_t left = vm_ship_size(copy->vm, NULL), before, ns, bytes;
	int r = 0;

	told->left = left;
	if (left <= SMALL)
		return 0;
	copy->writer.plain = 0;
	do {
		if (told->rounds)
			copy_tell_round(copy, told, left);
		ns = base_now_ns();
		bytes = copy->writer.plain;
		r = told->rounds++ ? copy_round(copy, err)
				   : copy_begin(copy, err);
		if (r == 0)
			r = vm_dirty_take(copy->vm, copy->todo, err);
		if (r < 0)
			return r;
		ns = base_now_ns() - ns + 1;
		bytes = copy->writer.plain - bytes + 1;
		before = left;
		left = vm_ship_size(copy->vm, copy->todo);
	} while ((double)left * (double)ns / (double)bytes >
			 (double)copy->order.downtime_ns / 2 &&
		 (told->rounds < 3 || left < before / 10 * 9) &&
		 told->rounds < ROUNDS_MAX && !copy_hurries(copy));
	told->left = left;
	return 0;
}

static void copy_work(struct vm_copy *copy)
{
	struct hexo_msg_copied told = { 0 };
	struct hexo_error err = { 0 };
	int r;

	copy->bytes = 0;
	copy->began_ns = base_now_ns();
	r = copy_rounds(copy, &told, &err);
	if (r < 0 || !copy_wait(copy, 0)) {
		/* Without rounds all of it is sent at once. The connection
		 * itself is the channel's thread's care. */
		vm_copy_forget(copy);
		told.rounds = 0;
	}
	told.bytes = copy->bytes;
	told.ns = base_now_ns() - copy->began_ns;
	(void)vm_link_send(&copy->vm->link, HEXO_MSG_COPIED, &told,
			   sizeof(told), NULL);
}

/* As the guest runs on, what it touches meanwhile may be missing. */
static void copy_count(struct vm_copy *copy)
{
	const struct hexo_msg_sized sized = {
		.bytes = vm_ship_size(copy->vm, NULL),
	};

	(void)vm_link_send(&copy->vm->link, HEXO_MSG_SIZED, &sized,
			   sizeof(sized), NULL);
}

static void *copy_main(void *arg)
{
	struct vm_copy *copy = arg;

	vm_confine(copy->vm);
	for (;;) {
		pthread_mutex_lock(&copy->lock);
		while (!copy->busy)
			pthread_cond_wait(&copy->changed, &copy->lock);
		pthread_mutex_unlock(&copy->lock);
		if (copy->count)
			copy_count(copy);
		else
			copy_work(copy);
		pthread_mutex_lock(&copy->lock);
		copy->busy = copy->count = copy->stop = copy->hurry = false;
		pthread_cond_broadcast(&copy->changed);
		pthread_mutex_unlock(&copy->lock);
	}
	return NULL;
}

int vm_copy_create(struct vm_copy *copy, struct vm *vm, struct hexo_error *err)
{
	pthread_t thread;
	int r;

	copy->vm = vm;
	copy->todo = base_alloc(vm->dirty.words * sizeof(*copy->todo));
	copy->packer = base_alloc(sizeof(*copy->packer));
	pthread_mutex_init(&copy->lock, NULL);
	base_thread_condition(&copy->changed);
	r = base_thread_start(&thread, copy_main, copy, err);
	if (r == 0)
		pthread_detach(thread);
	return r;
}

int vm_copy_order(struct vm_copy *copy, const struct migrate_msg *msg,
		  struct hexo_error *err)
{
	struct hexo_msg_copy order;
	int r = migrate_msg_check(msg, sizeof(order), true, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&copy->lock);
	while (copy->count)
		pthread_cond_wait(&copy->changed, &copy->lock);
	if (copy->busy || copy->begun)
		r = hexo_fail(err, -EPROTO,
			      "COPY message while one is at work");
	memcpy(&order, msg->data, sizeof(order));
	if (r == 0)
		r = vm_ship_check(copy->vm, order.keep, err);
	if (r == 0) {
		copy->order = order;
		copy->busy = true;
		pthread_cond_broadcast(&copy->changed);
	}
	pthread_mutex_unlock(&copy->lock);
	return r;
}

int vm_copy_size(struct vm_copy *copy, const struct migrate_msg *msg,
		 struct hexo_error *err)
{
	int r = migrate_msg_check(msg, 0, true, err);

	if (r < 0)
		return r;
	pthread_mutex_lock(&copy->lock);
	/* The answer to the one before may be there before that is over. */
	while (copy->count)
		pthread_cond_wait(&copy->changed, &copy->lock);
	if (copy->busy || copy->begun)
		r = hexo_fail(err, -EPROTO,
			      "SIZE message while COPY is at work");
	if (r == 0) {
		copy->busy = copy->count = true;
		pthread_cond_broadcast(&copy->changed);
	}
	pthread_mutex_unlock(&copy->lock);
	return r;
}

void vm_copy_stop(struct vm_copy *copy)
{
	const struct hexo_msg_copied none = { 0 };

	pthread_mutex_lock(&copy->lock);
	copy->stop = copy->busy;
	pthread_cond_broadcast(&copy->changed);
	while (copy->busy)
		pthread_cond_wait(&copy->changed, &copy->lock);
	pthread_mutex_unlock(&copy->lock);
	vm_copy_forget(copy);
	(void)vm_link_send(&copy->vm->link, HEXO_MSG_COPIED, &none,
			   sizeof(none), NULL);
}

bool vm_copy_finish(struct vm_copy *copy)
{
	pthread_mutex_lock(&copy->lock);
	copy->hurry = copy->busy;
	while (copy->busy)
		pthread_cond_wait(&copy->changed, &copy->lock);
	pthread_mutex_unlock(&copy->lock);
	return copy->begun;
}

void vm_copy_forget(struct vm_copy *copy)
{
	vm_dirty_stop(copy->vm);
	vm_known_stop(&copy->vm->known);
	copy->begun = false;
}
