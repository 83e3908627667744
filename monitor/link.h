/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The channel to the home, read by a thread of its own so that the VM obeys
 * while its guest runs: KILL and the end of the connection end the process
 * at once (a VM without its home must not run), PARK reaches the guest
 * through its control page. Everything else waits until it is taken.
 */
#ifndef HEXO_MONITOR_LINK_H
#define HEXO_MONITOR_LINK_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#include "hexo/hypercall.h"
#include "migrate/channel.h"

struct vm_copy;
struct vm_fetch;

/* A probe that waits for the guest's next poll. */
struct vm_probe {
	uint64_t began_ns; /* 0: there is none */
	uint64_t began_cpu_ns, polls;
};

/* Answers to posted operations: those to come, and those to be taken. */
struct vm_posts {
	unsigned sent, ready;
	unsigned first; /* of those that are ready */
	int64_t result[HEXO_IO_POSTS_MAX];
};

struct vm_link {
	int fd;
	struct hexo_control *control;
	clockid_t guest_clock; /* CPU time of the thread that runs the guest */
	pthread_mutex_t lock;  /* of what follows */
	pthread_mutex_t sending;
	pthread_cond_t changed;
	bool full;        /* taken.msg waits to be taken or is in use */
	bool park_wanted; /* PARK came since the last START, RUN, RESUME */
	uint64_t park_ns; /* when */
	bool counting;    /* the poll flag is raised anyway */
	struct vm_probe probe;
	struct vm_posts posts;
	uint64_t
		fresh_ns; /* when the guest's mark was seen; 0: there is none */
	struct migrate_inbox in, taken; /* the first fills meanwhile */
	struct vm_copy *copy;
	struct vm_fetch *fetch;
};

/* Starts the reading thread; the calling one is to run the guest. All that is
 * given must live until the process ends: the thread is never stopped. fetch
 * may be NULL. */
int vm_link_start(struct vm_link *link, int fd, struct hexo_control *control,
		  struct vm_copy *copy, struct vm_fetch *fetch,
		  struct hexo_error *err);

/* Waits for the next message; its data is valid until vm_link_release(),
 * which must follow before the next vm_link_take(). */
const struct migrate_msg *vm_link_take(struct vm_link *link);
/* The same, but waits no longer than until_ns by base_now_ns(): then NULL,
 * and there is nothing to release. UINT64_MAX: as long as it takes. */
const struct migrate_msg *vm_link_take_until(struct vm_link *link,
					     uint64_t until_ns);
void vm_link_release(struct vm_link *link);

/* When a PARK came that the guest has not yet answered; 0: none. */
uint64_t vm_link_park_time(struct vm_link *link);

/* Sets the control page's poll flag and park request, anew: as told, unless
 * the link has seen a PARK or PROBE that is not answered. */
void vm_link_refresh(struct vm_link *link, bool counting);

/* Sleeps until ns are over or a park is wanted; returns what is left. */
uint64_t vm_link_sleep(struct vm_link *link, uint64_t ns);

/* Announces an operation whose answer the link is to keep until it is taken;
 * to be called before it is sent. -EBUSY: there are too many. */
int vm_link_post(struct vm_link *link);

/* Takes the results of the n oldest operations that were posted, waiting for
 * those to come; -EINVAL if there are fewer. */
int vm_link_take_posts(struct vm_link *link, int64_t *results, size_t n);

/* Operations that were posted and whose results were not taken. */
unsigned vm_link_posts(struct vm_link *link);

/* ---- probes (probe.c) ---- */

void vm_probe_begin(struct vm_link *link);

/* Sends the answer if there is one, or if the program is over. Returns
 * whether a probe still waits. */
bool vm_probe_check(struct vm_link *link, bool over);

/* Sleeps for a moment, or until something comes over the channel. */
void vm_probe_nap(const struct vm_link *link);

int vm_link_sendv(struct vm_link *link, unsigned type,
		  const struct iovec *parts, int count, struct hexo_error *err);
int vm_link_send(struct vm_link *link, unsigned type, const void *data,
		 size_t len, struct hexo_error *err);

#endif
