/* SPDX-License-Identifier: Apache-2.0 */
/* Starting a board and waiting until it can run VMs. */
#ifndef HEXO_BOARD_START_H
#define HEXO_BOARD_START_H

#include "board/state.h"
#include "node/client.h"

#define BOARD_MEMORY_MIN (UINT64_C(256) << 20)

enum {
	BOARD_CPUS_MAX = 8,
	BOARD_READY_MS = 60000, /* a board that takes longer is given up */
};

/* The board's hexod. */
void board_address(const struct board *board, struct node_address *address);

/* Starts a board with the name, cpus and memory given (an empty name: the
 * first free of board0, board1, ...); fills in the rest. */
int board_start(const char *directory, struct board *board,
		struct hexo_error *err);

/* Waits until its hexod has told its key on the console, answers and has KVM;
 * fills in the key. On failure the board is stopped and the message holds the
 * end of its console. */
int board_await(const char *directory, struct board *board,
		struct hexo_error *err);

#endif
