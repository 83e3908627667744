/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The home's end of a VM's channel: receives and sends without waiting, as
 * the home has other things to do.
 */
#ifndef HEXO_CLI_LINK_H
#define HEXO_CLI_LINK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/uio.h>

#include "base/base.h"
#include "migrate/channel.h"

struct cli_link {
	int fd; /* -1: closed */
	struct migrate_inbox inbox;
	struct base_buffer queue; /* what could not be sent at once */
	size_t sent;              /* bytes of the queue that went out */
};

/* Takes over fd. */
void cli_link_open(struct cli_link *link, int fd);
void cli_link_close(struct cli_link *link);

/* Sends a message, or keeps what cannot be sent now for cli_link_flush().
 * -errno when the connection is broken. */
int cli_link_sendv(struct cli_link *link, unsigned type,
		   const struct iovec *parts, int count,
		   struct hexo_error *err);
int cli_link_send(struct cli_link *link, unsigned type, const void *data,
		  size_t len, struct hexo_error *err);

/* Sends what can be sent of the queue; if the connection is broken, forgets it
 * all. */
int cli_link_flush(struct cli_link *link, struct hexo_error *err);

/* Bytes that wait to be sent. */
size_t cli_link_queued(const struct cli_link *link);

#endif
