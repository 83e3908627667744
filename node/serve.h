/* SPDX-License-Identifier: Apache-2.0 */
/* One connection of a hexod, in a process of its own. */
#ifndef HEXO_NODE_SERVE_H
#define HEXO_NODE_SERVE_H

#include "node/cache.h"
#include "node/key.h"
#include "node/storage.h"

struct node_config {
	struct node_cache cache;
	unsigned timeout_ms; /* a client's next message takes at most this */
	unsigned deadline_s; /* it must have become a VM after this */
	char *sessions;      /* directory: see node/relay.h */
	struct node_storage_policy storage;
};

/* Serves the client, who has that key, until it leaves, misbehaves or becomes
 * a VM, and then that; never returns. control: see node/jobs.h. */
_Noreturn void node_serve(const struct node_config *config,
			  const struct node_key *peer, int client, int control);

#endif
