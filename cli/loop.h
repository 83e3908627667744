/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The event loop of a job's home: epoll over watches that their owners
 * embed. One event is handled at a time, so a handler may close or free any
 * watch, its own too.
 */
#ifndef HEXO_CLI_LOOP_H
#define HEXO_CLI_LOOP_H

#include <stdint.h>
#include <sys/epoll.h>

#include "hexo/error.h"

struct cli_watch {
	int fd;
	uint32_t events; /* what is watched for; 0: nothing */
	void (*ready)(void *ctx, uint32_t events);
	void *ctx;
};

struct cli_loop {
	int epoll;
};

int cli_loop_open(struct cli_loop *loop, struct hexo_error *err);
void cli_loop_close(struct cli_loop *loop);

/* Watches watch->fd for events (EPOLLIN, EPOLLOUT); 0 stops watching and
 * must come before fd is closed. */
int cli_loop_watch(struct cli_loop *loop, struct cli_watch *watch,
		   uint32_t events, struct hexo_error *err);

/* Waits for the next event and has it handled. */
int cli_loop_turn(struct cli_loop *loop, struct hexo_error *err);

#endif
