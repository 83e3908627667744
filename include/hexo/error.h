/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The error convention of all host programs.
 *
 * A function that can fail returns 0 (or a non-negative result) on success
 * and -errno on failure, and takes `struct hexo_error *err` as its last
 * argument. On failure it fills err with a message that says what was being
 * done, to what, and, where known, what to do about it. err may be NULL.
 * Only main() prints errors and exits.
 */
#ifndef HEXO_ERROR_H
#define HEXO_ERROR_H

enum { HEXO_ERROR_MAX = 512 };

struct hexo_error {
	int code;                  /* the -errno that was returned; 0 if none */
	char text[HEXO_ERROR_MAX]; /* one line, no trailing newline */
};

/* Fills err and returns code (a negative errno), so that callers can write
 * `return hexo_fail(err, -EINVAL, "image %s: ...", path);`. */
int hexo_fail(struct hexo_error *err, int code, const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

/* Like hexo_fail with -errno, appending ": " and strerror(errno). */
int hexo_fail_errno(struct hexo_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

/* Puts "context: " before the message err already holds; returns err->code. */
int hexo_fail_context(struct hexo_error *err, const char *fmt, ...)
	__attribute__((format(printf, 2, 3), cold));

#endif
