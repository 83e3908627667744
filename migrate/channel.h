/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending and receiving the messages of <hexo/channel.h>.
 *
 * A receiver never reads past the end of a message, so a descriptor can be
 * handed to another process between two messages.
 */
#ifndef HEXO_MIGRATE_CHANNEL_H
#define HEXO_MIGRATE_CHANNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/uio.h>

#include "hexo/channel.h"
#include "hexo/error.h"

/* A received message. data belongs to the inbox it came from and lives until
 * the next call on that inbox; it is aligned for any type and a NUL follows
 * its last byte. */
struct migrate_msg {
	uint16_t type;
	uint32_t len;
	void *data;
};

/*
 * The receiving half of a connection. Zero-initialise; migrate_inbox_free()
 * at the end. After an error it must not be used any more.
 */
struct migrate_inbox {
	struct hexo_msg_head head;
	uint32_t done; /* bytes of head and payload that came so far */
	uint32_t room; /* of data */
	char *data;    /* payload */
	struct migrate_msg msg;
};

void migrate_inbox_free(struct migrate_inbox *in);

/*
 * Takes what can be read from fd without waiting (any fd: a socket or a
 * non-blocking pipe). Returns 1 when a whole, checked message is in in->msg;
 * 0 when more has to come (wait until fd is readable, call again); -EPROTO
 * for anything malformed, -ENODATA when the peer closed between messages,
 * -EPIPE when it closed within one, else -errno.
 */
int migrate_inbox_read(struct migrate_inbox *in, int fd,
		       struct hexo_error *err);

/* Waits for a whole message, at most timeout_ms (negative: for ever).
 * Returns 0, -ETIMEDOUT, or an error of migrate_inbox_read(). */
int migrate_inbox_wait(struct migrate_inbox *in, int fd, int timeout_ms,
		       struct hexo_error *err);

/* The same from bytes at hand, for transports that are no descriptor: takes
 * up to len bytes, sets *used to how many. Returns 1, 0 or -EPROTO. */
int migrate_inbox_feed(struct migrate_inbox *in, const void *data, size_t len,
		       size_t *used, struct hexo_error *err);

/* What the message must be to be usable: -EPROTO unless it is at least size
 * bytes long (exact: just that long). */
int migrate_msg_check(const struct migrate_msg *msg, size_t size, bool exact,
		      struct hexo_error *err);

/* A type's name for messages: "IO_REPLY"; "unknown" for others. */
const char *migrate_msg_name(unsigned type);

/* The head of a message with that payload, for a sender that queues. */
struct hexo_msg_head migrate_msg_head(unsigned type, const struct iovec *parts,
				      int count);

/*
 * Sends one message whose payload is the concatenation of the parts (at most
 * MIGRATE_PARTS_MAX, HEXO_MSG_MAX bytes). Waits while a non-blocking fd
 * cannot take it. Not atomic between threads.
 */
enum { MIGRATE_PARTS_MAX = 6 };

int migrate_channel_sendv(int fd, unsigned type, const struct iovec *parts,
			  int count, struct hexo_error *err);
int migrate_channel_send(int fd, unsigned type, const void *data, size_t len,
			 struct hexo_error *err);
/* The payload is text, without its NUL. */
int migrate_channel_print(int fd, unsigned type, struct hexo_error *err,
			  const char *fmt, ...)
	__attribute__((format(printf, 4, 5)));

#endif
