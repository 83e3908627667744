/* SPDX-License-Identifier: Apache-2.0 */
/* The ways to run a guest's code. */
#ifndef HEXO_MONITOR_BACKEND_H
#define HEXO_MONITOR_BACKEND_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/error.h"

struct vm;

struct vm_backend {
	const char *name;
	uint32_t number; /* in struct hexo_msg_hello */
	/* Guest memory must lie at the guest's own addresses. */
	bool own_address;
	/* Whether this host can do it; err says why not. */
	int (*probe)(struct hexo_error *err);
	/* Sets the guest up to begin at its entry, once the page map is
	 * complete and the fixed part of the image is loaded. */
	int (*create)(struct vm *vm, struct hexo_error *err);
	/* The log of the guest's writes, see dirty.h. log_take clears the bits
	 * of what was not written. */
	int (*log_start)(struct vm *vm, struct hexo_error *err);
	int (*log_take)(struct vm *vm, uint64_t *bits, struct hexo_error *err);
	void (*log_stop)(struct vm *vm);
	/* The descriptors of its VM and vCPU, which requests go to; NULL: a
	 * filter of system calls cannot be put around this backend. */
	void (*descriptors)(int *vm, int *vcpu);
	/* Runs the guest until vm_is_over(). */
	int (*run)(struct vm *vm, struct hexo_error *err);
};

extern const struct vm_backend vm_backend_kvm, vm_backend_process;

#endif
