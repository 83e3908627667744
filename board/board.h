/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated ARM64 boards on this machine. Each is a QEMU with a directory of
 * its own below board_directory(); a board lives as long as its QEMU holds
 * the lock on its pidfile.
 */
#ifndef HEXO_BOARD_H
#define HEXO_BOARD_H

#include "hexo/error.h"
#include "node/address.h"

/* `hexo board start|stop|list|log ...`; argv[0] is "board". Prints, and
 * returns an exit status: 0, 1 (a board of that name is missing), 125. */
int board_command(int argc, char **argv);

/* The address of the hexod of a running emulated board: by its name, or the
 * first (by name) of an ISA named as in <hexo/isa.h>. -ENOENT if there is
 * none. */
int board_find(const char *name_or_isa, struct node_address *address,
	       struct hexo_error *err);

#endif
