/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small helpers of all host programs: ownership by cleanup attributes, whole
 * reads and writes, checked numbers, growing buffers.
 */
#ifndef HEXO_BASE_H
#define HEXO_BASE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "hexo/error.h"

#define cleanup_free  __attribute__((cleanup(base_free_at)))
#define cleanup_close __attribute__((cleanup(base_close_at)))
#define cleanup_file  __attribute__((cleanup(base_fclose_at)))

void base_free_at(void *pointer_to_pointer);
void base_close_at(int *fd); /* closes if >= 0; keeps errno */
void base_fclose_at(FILE **file);

/* Hands the resource on: the variable no longer owns it. */
#define base_take_fd(fd)              \
	({                            \
		int taken_fd_ = (fd); \
		(fd) = -1;            \
		taken_fd_;            \
	})
#define base_take_ptr(p)                  \
	({                                \
		__auto_type taken_ = (p); \
		(p) = NULL;               \
		taken_;                   \
	})

/* Reads or writes all of len bytes, through EINTR and short counts. Return
 * 0; -errno; reading, -ENODATA if the stream ended before the first byte and
 * -EPIPE if it ended later. write uses send(MSG_NOSIGNAL) on sockets. */
int base_read_all(int fd, void *data, size_t len);
int base_write_all(int fd, const void *data, size_t len);

/* A whole file into memory, with a NUL after its end; *data is the caller's
 * to free(). Refuses more than max bytes. */
int base_read_file(const char *path, size_t max, char **data, size_t *len,
		   struct hexo_error *err);

/* Numbers as people write them. A size takes the suffixes K, M, G, T
 * (powers of 1024). 0 or -EINVAL, -ERANGE; the whole text must match. */
int base_parse_u64(const char *text, uint64_t *value);
int base_parse_size(const char *text, uint64_t *value);

/* "500ms", "30s", "10m", "2h" in nanoseconds; a number alone is seconds. */
int base_parse_time(const char *text, uint64_t *ns);

uint64_t base_now_ns(void); /* CLOCK_MONOTONIC */

/* malloc family that ends the process when memory is out: for sizes that
 * are bounded by us, never for sizes from outside. */
void *base_alloc(size_t size); /* zeroed */
void *base_realloc(void *p, size_t size);
char *base_strdup(const char *s);
char *base_printf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
char *base_vprintf(const char *fmt, va_list ap)
	__attribute__((format(printf, 1, 0)));

/* A growing byte buffer; zero-initialise, base_buffer_free() at the end. */
struct base_buffer {
	char *data;
	size_t len, room;
};

void base_buffer_add(struct base_buffer *b, const void *data, size_t len);
void base_buffer_printf(struct base_buffer *b, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void base_buffer_free(struct base_buffer *b);

/* Path of a program of ours: beside the running executable. Owned by the
 * caller. */
char *base_sibling(const char *name);

#endif
