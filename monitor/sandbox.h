/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Filters of system calls, one for each thread's work. A call that no rule
 * allows kills the process by SIGSYS. Without one: a guest in the monitor's
 * own process is not confined by filters, and emulators know none.
 */
#ifndef HEXO_MONITOR_SANDBOX_H
#define HEXO_MONITOR_SANDBOX_H

#include "hexo/error.h"
#include "monitor/vm.h"

/* Makes the filters, once for all threads, while descriptors can be had and
 * before the first thread starts: each enters by vm->confine. channel: what
 * messages may pass. */
int vm_sandbox_prepare(struct vm *vm, int channel, struct hexo_error *err);

/* For the thread that will run the guest. When it returns 0 all threads are
 * confined. */
int vm_sandbox_enter(const struct vm *vm, struct hexo_error *err);

#endif
