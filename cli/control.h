/* SPDX-License-Identifier: Apache-2.0 */
/* The job's side of its control socket, see cli/runtime.h. */
#ifndef HEXO_CLI_CONTROL_H
#define HEXO_CLI_CONTROL_H

#include <jansson.h>

#include "cli/loop.h"
#include "cli/runtime.h"

enum { CLI_CLIENTS_MAX = 16 };

struct cli_control;

struct cli_client {
	struct cli_control *control;
	struct cli_watch watch; /* fd -1: free */
	unsigned number;        /* never used twice: for late answers */
	char line[CLI_RUNTIME_LINE_MAX];
	size_t len;
};

/* Called with a request; the answer is given by cli_control_answer() with
 * the client's number, now or later. */
typedef void cli_control_request(void *ctx, unsigned client, json_t *request);

struct cli_control {
	struct cli_loop *loop;
	cli_control_request *request;
	void *ctx;
	struct cli_watch watch; /* fd -1: not listening */
	struct sockaddr_un address;
	unsigned clients_seen;
	struct cli_client client[CLI_CLIENTS_MAX];
};

void cli_control_init(struct cli_control *control, struct cli_loop *loop,
		      cli_control_request *request, void *ctx);

/* Listens as job `id`; -EADDRINUSE if such a job runs. */
int cli_control_open(struct cli_control *control, const char *id,
		     struct hexo_error *err);
void cli_control_close(struct cli_control *control);

/* Sends the answer (taken over) unless the client has left. */
void cli_control_answer(struct cli_control *control, unsigned client,
			json_t *answer);
/* The same for an event before the answer: dropped if the client is slow to
 * read, so that there is room for the answer. */
void cli_control_tell(struct cli_control *control, unsigned client,
		      json_t *event);
/* The same for {"ok": false, "error": text}. */
void cli_control_refuse(struct cli_control *control, unsigned client,
			const char *text);

#endif
