/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a TLS connection, in a process of its own: it alone has the key
 * and reads what a stranger sends before he has shown who he is. Everybody
 * else has a socket of a pair and needs to know nothing of TLS.
 */
#ifndef HEXO_NODE_TUNNEL_H
#define HEXO_NODE_TUNNEL_H

#include "node/identity.h"

struct node_tunnel {
	int timeout_ms; /* of the handshake */

	/* The server's side: made beforehand, with a check for any key. */
	SSL_CTX *context;
	struct node_check *check;
	/* In the new process: may this peer come in? Else -errno, and err
	 * says to the peer why not. */
	int (*admit)(void *ctx, const struct node_key *peer,
		     struct hexo_error *err);
	void *ctx;

	/* The client's (context NULL): whose key it must be; NULL: any. */
	const struct node_key *expected;
};

/*
 * Starts the process on a connected TCP socket, which is the caller's to
 * close, and waits for the handshake. Returns the near end of the pair, the
 * caller's to close, and the peer's key; the process ends when either
 * side closes, with what was on its way delivered before. -EKEYREJECTED if
 * the key is not the expected one.
 */
int node_tunnel_open(int tcp, const struct node_tunnel *config,
		     struct node_key *peer, struct hexo_error *err);

#endif
