/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is on disk about emulated boards: a directory for each, with
 *   board.json   what it is and where its hexod listens
 *   pid          QEMU's pidfile, locked by QEMU as long as it lives
 *   console.log  what the board printed
 * in $XDG_RUNTIME_DIR/hexo/boards; in /tmp/hexo-UID/boards where that
 * variable names no directory we can write to.
 */
#ifndef HEXO_BOARD_STATE_H
#define HEXO_BOARD_STATE_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "hexo/error.h"

enum { BOARD_NAME_MAX = 31, BOARD_NETEM_MAX = 127 };

struct board {
	char name[BOARD_NAME_MAX + 1];
	char isa[16]; /* as in <hexo/isa.h> */
	uint32_t cpus;
	uint64_t memory; /* bytes */
	uint16_t port;   /* of its hexod, on this machine's 127.0.0.1 */
	pid_t pid;       /* of its QEMU */
	char key[65];    /* its hexod's fingerprint, "" until it is known */
	/* What tc-netem(8) is to do to its network, words with commas between
	 * them; "": nothing. Not kept on disk. */
	char netem[BOARD_NETEM_MAX + 1];
};

struct board_list {
	struct board *board; /* by name */
	size_t count;
};

/* The directory of all boards, made if missing; refused if it is not ours
 * alone. The caller's to free(). */
int board_directory(char **path, struct hexo_error *err);

/* Held while boards come, go and are listed; the caller's to close(). */
int board_lock(const char *directory, struct hexo_error *err);

/* Lower case letters, digits and dashes, a letter first, no ISA's name. */
int board_check_name(const char *name, struct hexo_error *err);

/* With the lock held: reads all boards that live; removes what dead ones
 * left. */
int board_read_all(const char *directory, struct board_list *list,
		   struct hexo_error *err);
void board_list_free(struct board_list *list);
const struct board *board_list_find(const struct board_list *list,
				    const char *name);

/* With the lock held: makes the board's directory and writes board.json. */
int board_create(const char *directory, const struct board *board,
		 struct hexo_error *err);

/* Writes board.json anew. */
int board_write(const char *directory, const struct board *board,
		struct hexo_error *err);

/* Removes what is left of a board. */
void board_remove(const char *directory, const char *name);

/* The pid that holds the lock on the board's pidfile; 0 if none does. */
pid_t board_pid(const char *directory, const char *name);

char *board_file(const char *directory, const char *name, const char *file);

#endif
