/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Post-copy, at the source: what the parked VM's memory has is sent while the
 * job runs at the target; a page that the job waits for at once, what follows
 * it next, then the rest. Little is under way at a time, as much as the link
 * carries in a few milliseconds, for a page that is waited for comes behind
 * it. See SHIP, NEED and GOT in <hexo/channel.h>.
 */
#ifndef HEXO_MONITOR_PUSH_H
#define HEXO_MONITOR_PUSH_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/channel.h"
#include "migrate/channel.h"
#include "migrate/stream.h"

struct vm;

struct vm_push {
	bool on; /* there is something left to send */
	struct migrate_writer writer;
	uint64_t *todo;         /* a bit a page, as in dirty.h: not sent yet */
	uint64_t words;         /* of todo */
	uint64_t next;          /* bit at which to go on */
	uint64_t rate;          /* bytes a second, at most; 0: no limit */
	uint64_t began_ns, got; /* bytes that the target has taken in */
	uint64_t sent_ns;       /* when the last piece was sent */
	/* What the link can do. */
	uint64_t window;             /* bytes that may be under way */
	uint64_t probe_at, probe_ns; /* a byte, and when it was sent; 0: none */
	uint64_t trip_ns;            /* shortest there and back */
	uint64_t mark_got, mark_ns;  /* begin of a measurement of speed */
};

/* All of the program's memory is to be sent by vm->push.writer, which has sent
 * what comes before LATER. Nothing else may use vm->copy meanwhile. */
void vm_push_begin(struct vm *vm, const struct hexo_msg_ship *order);

/* Nothing more is to be sent: it went wrong, or has been. */
void vm_push_stop(struct vm *vm);

/* When the next piece may go: 0 at once, UINT64_MAX when the target has taken
 * in more; else by base_now_ns(). */
uint64_t vm_push_due(const struct vm *vm);

/* Sends the next piece; after the last one END and SHIPPED. */
int vm_push_step(struct vm *vm, struct hexo_error *err);

/* NEED and GOT came. */
int vm_push_need(struct vm *vm, const struct migrate_msg *msg,
		 struct hexo_error *err);
int vm_push_got(struct vm *vm, const struct migrate_msg *msg,
		struct hexo_error *err);

#endif
