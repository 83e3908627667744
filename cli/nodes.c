/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/nodes.h"

#include <errno.h>
#include <stdlib.h>

#include "base/base.h"
#include "node/list.h"

int cli_nodes_find(const char *name_or_address, struct node_address *address,
		   char *name, size_t size, struct hexo_error *err)
{
	cleanup_free struct node_list *list = NULL;
	cleanup_free char *directory = NULL;
	const struct node_list_entry *entry;
	int r = node_config_directory(&directory, err);

	if (r == 0)
		r = node_list_read(directory, NODE_LIST_NODES, &list, err);
	if (r < 0)
		return r;
	entry = node_list_find_word(list, 0, name_or_address);
	if (!entry)
		entry = node_list_find_word(list, 1, name_or_address);
	if (!entry)
		return hexo_fail(err, -ENOENT, "no node %s is known",
				 name_or_address);
	r = node_address_parse(entry->word[1], address, err);
	if (r < 0)
		return r;
	address->key = entry->key;
	address->key_known = true;
	snprintf(name, size, "%s", entry->word[0]);
	return 0;
}
