/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime directory: one control socket for each running job of this
 * user, ID.sock. The protocol is one JSON object a line: a request
 * {"command": "status"}, {"command": "kill"}, {"command": "migrate", "where":
 * text}, {"command": "abort"}, {"command": "resolve", "side": text} or
 * {"command": "checkpoint", "file": path, "leave_running": bool,
 * "compress": bool}, and one answer, {"ok": true, ...} or {"ok": false,
 * "error": text}. With "events": true, lines of {"event": text, ...} may come
 * before it.
 */
#ifndef HEXO_CLI_RUNTIME_H
#define HEXO_CLI_RUNTIME_H

#include <jansson.h>
#include <stdbool.h>
#include <sys/un.h>

#include "hexo/error.h"

enum {
	CLI_RUNTIME_LINE_MAX = 16384,
	CLI_RUNTIME_ID_MAX = 48,
};

/* The directory's path, the caller's to free(): made if it was missing,
 * checked to be ours alone. */
int cli_runtime_directory(char **path, struct hexo_error *err);

/* Whether id can be a job's: letters, digits, '-', '_', '.', no dot first. */
bool cli_runtime_is_id(const char *id);

/* The address of a job's control socket. */
int cli_runtime_address(const char *id, struct sockaddr_un *address,
			struct hexo_error *err);

/* Sends a request to a running job and waits for the answer, a new
 * reference. -ENOENT if there is no such job, -ECONNREFUSED if its socket is
 * left over from one that ended. */
int cli_runtime_call(const char *id, json_t *request, json_t **answer,
		     struct hexo_error *err);

/* The same, with events. */
typedef void cli_runtime_event(void *ctx, const json_t *event);
int cli_runtime_follow(const char *id, json_t *request,
		       cli_runtime_event *event, void *ctx, json_t **answer,
		       struct hexo_error *err);

/* 0, or -EIO with the answer's error if what was asked for was not done. */
int cli_runtime_check(const char *id, const json_t *answer,
		      struct hexo_error *err);

/* What an answer says: "" and 0 where it does not. */
const char *cli_answer_text(const json_t *answer, const char *key);
double cli_answer_number(const json_t *answer, const char *key);

/* The same, for what must be done: -EIO with the answer's error if it was
 * not. Takes the request over. */
int cli_runtime_order(const char *id, json_t *request, json_t **answer,
		      struct hexo_error *err);

#endif
