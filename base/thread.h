/* SPDX-License-Identifier: Apache-2.0 */
/* Threads of programs whose signals are the main thread's. */
#ifndef HEXO_BASE_THREAD_H
#define HEXO_BASE_THREAD_H

#include <pthread.h>

#include "hexo/error.h"

/* Starts a thread that no signal interrupts; to be joined or detached. */
int base_thread_start(pthread_t *thread, void *(*main)(void *), void *arg,
		      struct hexo_error *err);

/* A condition whose waits end by CLOCK_MONOTONIC, as base_now_ns() counts. */
void base_thread_condition(pthread_cond_t *condition);

#endif
