/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-copy, at the target: the guest runs while its memory is still coming.
 * A page that it touches before is asked for, by a thread that hears of such
 * faults from the kernel (userfaultfd(2)); it goes on once the page is there.
 * See SHIP and NEED in <hexo/channel.h>.
 *
 * Each page of the program is missing until it came, once, or the guest has
 * discarded it. What is not missing and not there is zero.
 */
#ifndef HEXO_MONITOR_FETCH_H
#define HEXO_MONITOR_FETCH_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "migrate/channel.h"
#include "migrate/stream.h"

struct vm;

struct vm_fetch {
	struct vm *vm;
	int fd;     /* userfaultfd; -1: not to be had, for the reason why */
	int why;    /* errno */
	bool on;    /* atomic: memory is coming */
	bool begun; /* the thread is to work; under the lock */
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock: a bit a page, as in dirty.h. */
	uint64_t *missing, *asked;
	uint64_t left; /* pages that are missing */
	uint64_t faults;
	uint64_t began_ns;
	struct migrate_identity identity; /* what reader expects */
	struct migrate_reader reader;     /* of the stream that is coming */
};

/* Opens what the kernel has for it, while files can be opened. That it cannot
 * be done is no error: see why. kvm: the guest's faults are the host kernel's,
 * which takes more privilege to hear of. */
void vm_fetch_open(struct vm_fetch *f, struct vm *vm, bool kvm);

/* Makes the thread, if there is something to do for it; before the sandbox
 * closes. */
int vm_fetch_create(struct vm_fetch *f, struct hexo_error *err);

/* Of the stream's LATER: all of the program's memory is missing. */
int vm_fetch_begin(struct vm_fetch *f, struct hexo_error *err);

static inline bool vm_fetch_is_on(const struct vm_fetch *f)
{
	return f && __atomic_load_n(&f->on, __ATOMIC_SEQ_CST);
}

/* For the stream's PAGES (data) and ZERO (NULL) after LATER. */
int vm_fetch_pages(struct vm_fetch *f, uint64_t addr, uint32_t count,
		   const void *data, struct hexo_error *err);

/* For the channel's thread: a STREAM message came after COMMIT. The last one
 * says WHOLE to the home. */
int vm_fetch_feed(struct vm_fetch *f, const struct migrate_msg *msg,
		  struct hexo_error *err);

/* Waits until [addr, addr + len) is there: a system call that finds a page
 * missing would fail, and a thread with a lock must not wait for one. */
void vm_fetch_touch(const struct vm_fetch *f, uint64_t addr, uint64_t len);

/* The whole pages of [low, high) are zero from now on, whatever comes. */
int vm_fetch_discard(struct vm_fetch *f, uint64_t low, uint64_t high);

#endif
