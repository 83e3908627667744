/* SPDX-License-Identifier: Apache-2.0 */
/* What a source writes into its stream: the VM section, and pages. */
#ifndef HEXO_MONITOR_SHIP_H
#define HEXO_MONITOR_SHIP_H

#include "migrate/stream.h"
#include "monitor/vm.h"

/* Which image the VM is of. */
struct migrate_identity vm_ship_identity(const struct vm *vm);

/* Whether a stream can be sent there. -EPROTO. */
int vm_ship_check(const struct vm *vm, uint32_t keep, struct hexo_error *err);

/* Begins a stream, or goes on with the one that was kept (<hexo/channel.h>):
 * up to where pages of the program may follow. compress: an enum hexo_compress
 * from the home. Nothing else may send pages by vm->copy.packer until the
 * stream has ended. */
int vm_ship_begin(struct vm *vm, struct migrate_writer *w, enum hexo_keep keep,
		  uint32_t compress, migrate_put *put, void *ctx,
		  struct hexo_error *err);

/* After those pages, if the stream is to be kept: it is, up to here. */
int vm_ship_kept(struct vm *vm, const struct migrate_writer *w,
		 struct hexo_error *err);

/* The VM as it is now. */
int vm_ship_state(struct vm *vm, struct migrate_writer *w,
		  struct hexo_error *err);

/*
 * The pages that the program and its portable stack have. todo NULL: all that
 * hold anything; else those whose bits are set (see dirty.h), zero or not. To
 * a file that grows only those that it does not have as they are.
 */
int vm_ship_memory(struct vm *vm, struct migrate_writer *w,
		   const uint64_t *todo, struct hexo_error *err);

/* The frame records in use, once the guest is parked. */
int vm_ship_frames(struct vm *vm, struct migrate_writer *w,
		   struct hexo_error *err);

/*
 * The begin of *count pages from addr on, of one range, of a parked VM, in one
 * section: pages, at most max, or as many zeros as there are. *count becomes
 * how many these were.
 */
enum { VM_SHIP_PIECE_MAX = 4096 };
int vm_ship_piece(struct vm *vm, struct migrate_writer *w, uint64_t addr,
		  uint32_t *count, uint32_t max, struct hexo_error *err);

/* Bytes that vm_ship_memory() would send, about. */
uint64_t vm_ship_size(const struct vm *vm, const uint64_t *todo);

#endif
