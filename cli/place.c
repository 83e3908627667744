/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/place.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "board/board.h"
#include "cli/nodes.h"

int cli_place_find(const char *where, bool boards, struct cli_place *place,
		   struct hexo_error *err)
{
	enum hexo_isa isa = cli_isa_by_name(where);
	char name[sizeof(place->name)];
	int r;

	*place = (struct cli_place){ .name = CLI_PLACE_SERVER, .isa = isa };
	if (!strcmp(where, CLI_PLACE_SERVER)) {
		place->isa = cli_isa_host();
		return 0;
	}
	if (isa != HEXO_ISA_NONE) {
		if (isa == cli_isa_host() || !boards ||
		    board_find(where, &place->address, name, sizeof(name),
			       NULL) < 0)
			return 0;
		place->remote = place->board = true;
		strcpy(place->name, name);
		return 0;
	}
	place->remote = true;
	snprintf(place->name, sizeof(place->name), "%s", where);
	if (!strncmp(where, "unix:", 5))
		return node_address_parse(where, &place->address, err);
	r = cli_nodes_find(where, &place->address, place->name,
			   sizeof(place->name), err);
	if (r == -ENOENT) {
		r = board_find(where, &place->address, place->name,
			       sizeof(place->name), err);
		place->board = r == 0;
		if (r == 0 && err)
			err->code = 0; /* no node's name, but a board's */
	}
	if (r != -ENOENT)
		return r;
	if (strchr(where, ':')) {
		r = node_address_parse(where, &place->address, err);
		return r < 0 ? r
			     : hexo_fail(err, -ENOKEY,
					 "the key of the node at %s is not "
					 "known: run `hexo node add NAME %s`",
					 where, where);
	}
	return hexo_fail(err, r,
			 "%s is neither '" CLI_PLACE_SERVER
			 "', an ISA, a running board, a node that hexo node "
			 "list shows, nor its address",
			 where);
}
