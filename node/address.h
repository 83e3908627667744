/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a hexod listens, and whose key it is to show there. TCP is for TLS
 * only; a Unix socket is for processes of the same user.
 */
#ifndef HEXO_NODE_ADDRESS_H
#define HEXO_NODE_ADDRESS_H

#include <sys/socket.h>
#include <sys/un.h>

#include "hexo/error.h"
#include "node/key.h"

#define NODE_PORT 7411 /* by convention */

struct node_address {
	struct sockaddr_storage socket;
	socklen_t len;
	char text[sizeof(((struct sockaddr_un *)0)->sun_path) + 8];
	bool key_known; /* a client's: who must answer there */
	struct node_key key;
};

/* Parses IPV4:PORT, [IPV6]:PORT or unix:PATH, numbers only: no resolver is
 * asked. Anything else is refused with -EINVAL and a message that names these
 * forms. Port 0 is valid (for a listener: any free port). */
int node_address_parse(const char *text, struct node_address *address,
		       struct hexo_error *err);

/* A listening socket (non-blocking, close-on-exec), the caller's to close.
 * A Unix socket that nobody serves any more is replaced; a new one is for
 * its owner only. Puts the port that was chosen into the address. */
int node_address_listen(struct node_address *address, struct hexo_error *err);

/* The address in the form that is parsed, as accept() gave it; "unix" for a
 * Unix socket. */
void node_address_print(const struct sockaddr_storage *socket, char *text,
			size_t size);

/* -EPERM unless the far end of a connected Unix socket is a process of this
 * user's. */
int node_address_check_peer(int fd, struct hexo_error *err);

/* Removes the file of a Unix socket; nothing for others. */
void node_address_unlink(const struct node_address *address);

/* For a connected socket: small messages at once, and a peer that vanished
 * is noticed within half a minute. */
void node_socket_tune(int fd);

#endif
