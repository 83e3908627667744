/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a hexod listens. Only addresses that nobody else on the network can
 * reach are valid, as there is no authentication yet: another machine's
 * hexod is reached through a tunnel (`ssh -L`).
 */
#ifndef HEXO_NODE_ADDRESS_H
#define HEXO_NODE_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "hexo/error.h"

#define NODE_PORT 7411 /* by convention */

struct node_address {
	struct sockaddr_storage socket;
	socklen_t len;
	char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
};

/* Parses 127.0.0.1:PORT, [::1]:PORT or unix:PATH; anything else is refused
 * with -EINVAL and a message that names these forms. Never asks a resolver.
 * Port 0 is valid (for a listener: any free port). */
int node_address_parse(const char *text, struct node_address *address,
		       struct hexo_error *err);

/* A listening socket (non-blocking, close-on-exec), the caller's to close.
 * A Unix socket that nobody serves any more is replaced; a new one is for
 * its owner only. Puts the port that was chosen into the address. */
int node_address_listen(struct node_address *address, struct hexo_error *err);

/* Removes the file of a Unix socket; nothing for others. */
void node_address_unlink(const struct node_address *address);

/* For a connected socket: small messages at once, and a peer that vanished
 * is noticed within half a minute. */
void node_socket_tune(int fd);

#endif
