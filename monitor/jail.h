/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_JAIL_H
#define HEXO_MONITOR_JAIL_H

#include "hexo/error.h"

/* What the process may do from its first line on: gain no rights by execve()
 * and leave no core file. */
int vm_jail_prepare(struct hexo_error *err);

/*
 * Takes from the process what it does not need once all its files are open:
 * the file system (a root of its own, empty and read-only, in a namespace of
 * its own; Landlock), System V IPC, TCP ports, all capabilities, new
 * descriptors but `descriptors` of the lowest numbers, files that grow, memory
 * that stays in RAM, message queues, other priorities. To be called while
 * there is one thread, which later ones inherit from. What the host does not
 * have or refuses is left out; only a capability that stays is an error.
 */
int vm_jail_enter(unsigned descriptors, struct hexo_error *err);

#endif
