/* SPDX-License-Identifier: Apache-2.0 */
/* Where a VM can run: this machine, under QEMU if need be, or a node. */
#ifndef HEXO_CLI_PLACE_H
#define HEXO_CLI_PLACE_H

#include <stdbool.h>

#include "cli/isa.h"
#include "node/address.h"

#define CLI_PLACE_SERVER "server" /* this machine, for people */

struct cli_place {
	char name[64];     /* of the node, or CLI_PLACE_SERVER */
	enum hexo_isa isa; /* HEXO_ISA_NONE: the node will say */
	bool remote;       /* at address; else a child of ours */
	bool board;        /* an emulated one, of this machine's */
	struct node_address address;
	bool measure; /* the link's speed, when connecting there */
};

/*
 * What WHERE means: "server", an ISA, a node's or a board's name, the address
 * of a node that is known, or unix:PATH.
 * An ISA that is not this machine's is a board of that ISA if one is up and
 * boards is set, else this machine with QEMU's user mode.
 */
int cli_place_find(const char *where, bool boards, struct cli_place *place,
		   struct hexo_error *err);

#endif
