/* SPDX-License-Identifier: Apache-2.0 */
/*
 * System call filters (seccomp). A program adds rules to a filter and then
 * closes it around itself; whatever no rule allows kills the process. Not
 * part of all programs: needs libseccomp.
 */
#ifndef HEXO_BASE_SANDBOX_H
#define HEXO_BASE_SANDBOX_H

#include <linux/filter.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"

struct base_sandbox {
	scmp_filter_ctx filter;
	int status; /* -errno of the first rule that failed */
};

void base_sandbox_begin(struct base_sandbox *s);

/* What each of the calls does: SCMP_ACT_ALLOW, SCMP_ACT_ERRNO(number). */
void base_sandbox_calls(struct base_sandbox *s, uint32_t action,
			const int *calls, size_t count);

/* For malloc(): memory, but never code. files: such as are open may be
 * mapped, too. */
void base_sandbox_memory(struct base_sandbox *s, bool files);

/* Closes it around all threads. Frees the filter, failed or not. */
int base_sandbox_enter(struct base_sandbox *s, struct hexo_error *err);

/*
 * For threads that are to have filters of their own: makes a program of it, the
 * caller's to keep until every thread has entered. Frees the filter, failed or
 * not. To enter costs one system call; the thread must not be able to gain
 * privileges (PR_SET_NO_NEW_PRIVS). 0 or -errno.
 */
int base_sandbox_export(struct base_sandbox *s, struct sock_fprog *program,
			struct hexo_error *err);
int base_sandbox_enter_thread(const struct sock_fprog *program);

#endif
