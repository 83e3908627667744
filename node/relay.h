/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The node's end of a session: the process between a hexo-vm and its home.
 * While the link is broken the VM goes on until it needs its home. The
 * process needs no hexod: a new one hands it the connections of its home.
 */
#ifndef HEXO_NODE_RELAY_H
#define HEXO_NODE_RELAY_H

#include <sys/types.h>

#include "hexo/channel.h"
#include "node/key.h"

struct node_relay {
	const char *directory; /* of the sockets of all sessions */
	uint64_t session[2];
	struct node_key home; /* nobody else's connections are taken */
	unsigned timeout_s;   /* without a link */
	int vm, link;         /* taken over */
	int storage;          /* of node/storage.h, told of the link; or -1 */
	pid_t pid;            /* of the hexo-vm, our child */
};

/* Serves the session to its end, and then has no VM left. */
_Noreturn void node_relay(const struct node_relay *config);

/* Hands a connection to the relay of a session, which answers on it; the
 * caller has no more to do with it. -ENOENT if there is no such session. */
int node_relay_resume(const char *directory,
		      const struct hexo_msg_resume *resume,
		      const struct node_key *peer, int link,
		      struct hexo_error *err);

/* Makes the directory; removes what sessions without a process left there. */
int node_relay_sweep(const char *directory, struct hexo_error *err);

#endif
