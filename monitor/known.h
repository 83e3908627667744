/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a file of the home's has of this VM's memory: a hash of each page as it
 * was last sent to it. The file grows by what differs from that (KEEP in
 * <hexo/channel.h>). Nothing has to be watched between two checkpoints, as a
 * log of writes would: that costs a job more than reading its memory once.
 */
#ifndef HEXO_MONITOR_KNOWN_H
#define HEXO_MONITOR_KNOWN_H

#include <stdbool.h>
#include <stdint.h>

#include "migrate/hash.h"
#include "migrate/stream.h"

struct vm_known {
	struct migrate_hash128 *page; /* by vm_dirty_bit(); 0: zeros */
	bool on;   /* what is being sent goes into that file */
	bool kept; /* atomic: the file can go on after `writer` */
	struct migrate_writer writer;
};

/* Pages that follow go into the file: into a new one, or behind what it has.
 * -ENOMEM: they may be sent, but the file cannot grow. */
int vm_known_begin(struct vm_known *known, size_t pages, bool more);

/* What follows goes elsewhere; nothing is to go on after what was sent. */
void vm_known_stop(struct vm_known *known);

/* What was sent so far by the writer stays; what follows does not. */
void vm_known_keep(struct vm_known *known, const struct migrate_writer *writer);
bool vm_known_is_kept(const struct vm_known *known);

/* Whether the file has this page as it is; with data NULL, as zeros. */
bool vm_known_has(const struct vm_known *known, uint64_t addr,
		  const void *data);

/* The file gets count pages; data NULL: zeros. */
void vm_known_note(struct vm_known *known, uint64_t addr, unsigned count,
		   const void *data);

#endif
