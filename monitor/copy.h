/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Pre-copy: a thread of the source sends its memory in rounds while the guest
 * runs, each what was written during the one before, until so little is left
 * that the guest can be parked for it. See COPY in <hexo/channel.h>. It also
 * counts what there is to send, for SIZE.
 */
#ifndef HEXO_MONITOR_COPY_H
#define HEXO_MONITOR_COPY_H

#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "migrate/channel.h"
#include "migrate/stream.h"

struct vm;

struct vm_copy {
	struct vm *vm;
	pthread_mutex_t lock;
	pthread_cond_t changed;
	/* Under the lock. */
	bool busy;  /* the thread sends, or counts */
	bool count; /* SIZE, not COPY, is what it does */
	bool stop;  /* it is to end at once, and forget what was sent */
	bool hurry; /* it is to begin no other round */
	struct hexo_msg_copy order;
	/* The thread's while it is busy, then the guest's thread's. */
	bool begun; /* rounds were sent: the rest follows them */
	struct migrate_writer writer;
	struct migrate_packer *packer; /* of any stream that is being sent */
	uint64_t *todo;                /* written since it was sent */
	uint64_t began_ns, bytes;
};

/* Makes the thread; before the sandbox closes. */
int vm_copy_create(struct vm_copy *copy, struct vm *vm, struct hexo_error *err);

/* For the channel's thread: COPY and COPY_STOP came. Each is answered by a
 * COPIED of its own, in their order. */
int vm_copy_order(struct vm_copy *copy, const struct migrate_msg *msg,
		  struct hexo_error *err);
void vm_copy_stop(struct vm_copy *copy);
/* The same for SIZE, answered by SIZED. */
int vm_copy_size(struct vm_copy *copy, const struct migrate_msg *msg,
		 struct hexo_error *err);

/* The guest is parked: waits until no round is being sent. Returns whether
 * rounds were: then the rest is for copy->writer, with copy->todo. */
bool vm_copy_finish(struct vm_copy *copy);

/* The guest goes on here: what was sent is forgotten. */
void vm_copy_forget(struct vm_copy *copy);

#endif
