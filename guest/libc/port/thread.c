/* SPDX-License-Identifier: Apache-2.0 */
/* The main thread, which is the only one yet, and what the rest of musl
 * needs of the files that create threads. */
#include "pthread_impl.h"
#include "libc.h"

struct pthread hexo_main_thread;
volatile int __thread_list_lock;

void __init_tls(size_t *auxv)
{
	struct pthread *self = &hexo_main_thread;

	self->self = self->next = self->prev = self;
	self->tid = __syscall(SYS_gettid);
	self->detach_state = DT_JOINABLE;
	self->locale = &libc.global_locale;
	self->robust_list.head = &self->robust_list.head;
}

/* There is no other thread to keep out of the list. */
void __tl_lock(void)
{
}

void __tl_unlock(void)
{
}

void __tl_sync(pthread_t t)
{
}

void __do_cleanup_push(struct __ptcb *cb)
{
	cb->__next = __pthread_self()->cancelbuf;
	__pthread_self()->cancelbuf = cb;
}

void __do_cleanup_pop(struct __ptcb *cb)
{
	__pthread_self()->cancelbuf = cb->__next;
}

int __pthread_create(pthread_t *restrict t, const pthread_attr_t *restrict attr,
		     void *(*entry)(void *), void *restrict arg)
{
	return ENOSYS;
}

weak_alias(__pthread_create, pthread_create);

int pthread_cancel(pthread_t t)
{
	return ENOSYS;
}
