/* SPDX-License-Identifier: Apache-2.0 */
/* The nodes that this user knows, by name or address: see `hexo node`. */
#ifndef HEXO_CLI_NODES_H
#define HEXO_CLI_NODES_H

#include "node/address.h"

/* The address of a known node, with its key: by its name, or by the address
 * itself. -ENOENT if there is none. name gets the node's name, cut. */
int cli_nodes_find(const char *name_or_address, struct node_address *address,
		   char *name, size_t size, struct hexo_error *err);

#endif
