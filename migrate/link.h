/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An end of a channel that receives and sends without waiting, for who has
 * other things to do.
 */
#ifndef HEXO_MIGRATE_LINK_H
#define HEXO_MIGRATE_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/base.h"
#include "migrate/channel.h"

struct migrate_link {
	int fd; /* -1: closed */
	struct migrate_inbox inbox;
	struct base_buffer queue; /* what could not be sent at once */
	size_t sent;              /* bytes of the queue that went out */
};

/* Takes over fd. */
void migrate_link_open(struct migrate_link *link, int fd);
void migrate_link_close(struct migrate_link *link);

/* Sends a message, or keeps what cannot be sent now for migrate_link_flush().
 * -errno when the connection is broken. */
int migrate_link_sendv(struct migrate_link *link, unsigned type,
		       const struct iovec *parts, int count,
		       struct hexo_error *err);
int migrate_link_send(struct migrate_link *link, unsigned type,
		      const void *data, size_t len, struct hexo_error *err);

/* Sends what can be sent of the queue. */
int migrate_link_flush(struct migrate_link *link, struct hexo_error *err);

/* Bytes that wait to be sent. */
size_t migrate_link_queued(const struct migrate_link *link);

#endif
