/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_MONITOR_SANDBOX_H
#define HEXO_MONITOR_SANDBOX_H

#include "hexo/error.h"
#include "monitor/backend.h"

/*
 * From here on all threads of the process may use only the system calls
 * that running this backend's guest needs; anything else kills it. Nothing
 * can be opened any more.
 */
int vm_sandbox_enter(const struct vm_backend *backend, struct hexo_error *err);

#endif
