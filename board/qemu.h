/* SPDX-License-Identifier: Apache-2.0 */
/* The emulator under a board. */
#ifndef HEXO_BOARD_QEMU_H
#define HEXO_BOARD_QEMU_H

#include "board/state.h"
#include "node/key.h"

/* Starts the QEMU of a board whose directory exists; it goes on in the
 * background and keeps the pidfile locked. On failure the message holds what
 * QEMU said. client: the key that its hexod is to accept. -EADDRINUSE if the
 * port was taken meanwhile. */
int board_qemu_start(const char *directory, const struct board *board,
		     const struct node_key *client, struct hexo_error *err);

/* Ends it and waits until it is gone. */
int board_qemu_stop(const char *directory, const struct board *board,
		    struct hexo_error *err);

#endif
