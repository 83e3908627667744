/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Emulated ARM64 boards on this machine: a QEMU each, see board/state.h for
 * what they leave on disk.
 */
#ifndef HEXO_BOARD_H
#define HEXO_BOARD_H

#include <stddef.h>

#include "hexo/error.h"
#include "node/address.h"

/* `hexo board start|stop|list|log ...`; argv[0] is "board". Prints, and
 * returns an exit status: 0, 1 on failure, 2 for a wrong command line. */
int board_command(int argc, char **argv);

/* The address of the hexod of a running emulated board: by its name, or the
 * first (by name) of an ISA named as in <hexo/isa.h>. -ENOENT if there is
 * none. The board's name goes to name, cut to size bytes. */
int board_find(const char *name_or_isa, struct node_address *address,
	       char *name, size_t size, struct hexo_error *err);

#endif
