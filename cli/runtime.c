/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/runtime.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

int cli_runtime_directory(char **path, struct hexo_error *err)
{
	const char *base = getenv("XDG_RUNTIME_DIR");
	cleanup_free char *dir = NULL;
	struct stat st;

	if (base && base[0] == '/')
		dir = base_printf("%s/hexo", base);
	else
		dir = base_printf("/tmp/hexo-%u", (unsigned)geteuid());
	if (mkdir(dir, 0700) < 0 && errno != EEXIST)
		return hexo_fail_errno(err, "cannot make directory %s", dir);
	if (lstat(dir, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", dir);
	/* Below /tmp anybody could have made it first. */
	if (!S_ISDIR(st.st_mode) || st.st_uid != geteuid() ||
	    (st.st_mode & 077))
		return hexo_fail(err, -EPERM,
				 "%s is not a directory of this user's with "
				 "mode 0700",
				 dir);
	*path = base_take_ptr(dir);
	return 0;
}

bool cli_runtime_is_id(const char *id)
{
	size_t len = strlen(id);

	if (!len || len >= CLI_RUNTIME_ID_MAX || id[0] == '.')
		return false;
	for (; *id; id++)
		if (!isalnum((unsigned char)*id) && !strchr("-_.", *id))
			return false;
	return true;
}

int cli_runtime_address(const char *id, struct sockaddr_un *address,
			struct hexo_error *err)
{
	cleanup_free char *dir = NULL;
	int r;

	if (!cli_runtime_is_id(id))
		return hexo_fail(err, -EINVAL, "'%s' cannot be a VM's name",
				 id);
	r = cli_runtime_directory(&dir, err);
	if (r < 0)
		return r;
	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	r = snprintf(address->sun_path, sizeof(address->sun_path), "%s/%s.sock",
		     dir, id);
	if (r < 0 || (size_t)r >= sizeof(address->sun_path))
		return hexo_fail(err, -ENAMETOOLONG,
				 "%s is too long for the sockets of jobs", dir);
	return 0;
}

/* What comes from a job, line by line. */
struct runtime_input {
	int fd;
	size_t len;
	char text[CLI_RUNTIME_LINE_MAX];
};

/* Reads one line of JSON. */
static int runtime_read(struct runtime_input *in, json_t **line,
			struct hexo_error *err)
{
	char *end;

	while (!(end = memchr(in->text, '\n', in->len))) {
		ssize_t n = read(in->fd, in->text + in->len,
				 sizeof(in->text) - in->len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hexo_fail_errno(err, "cannot read its answer");
		/* Nor is there an end in as much as a line may be. */
		if (!n)
			return hexo_fail(err, -EPIPE,
					 "it ended without an answer");
		in->len += (size_t)n;
	}
	*line = json_loadb(in->text, (size_t)(end - in->text), 0, NULL);
	in->len -= (size_t)(++end - in->text);
	memmove(in->text, end, in->len);
	if (!json_is_object(*line)) {
		json_decref(*line);
		return hexo_fail(err, -EPROTO, "its answer is not JSON");
	}
	return 0;
}

/* Reads events, and the answer. */
static int runtime_listen(int fd, cli_runtime_event *event, void *ctx,
			  json_t **answer, struct hexo_error *err)
{
	cleanup_free struct runtime_input *in = base_alloc(sizeof(*in));
	int r;

	in->fd = fd;
	while ((r = runtime_read(in, answer, err)) == 0 &&
	       json_object_get(*answer, "event")) {
		if (event)
			event(ctx, *answer);
		json_decref(*answer);
	}
	return r;
}

int cli_runtime_call(const char *id, json_t *request, json_t **answer,
		     struct hexo_error *err)
{
	return cli_runtime_follow(id, request, NULL, NULL, answer, err);
}

int cli_runtime_follow(const char *id, json_t *request,
		       cli_runtime_event *event, void *ctx, json_t **answer,
		       struct hexo_error *err)
{
	cleanup_free char *text = json_dumps(request, JSON_COMPACT);
	cleanup_free char *line = base_printf("%s\n", text ? text : "{}");
	cleanup_close int fd = -1;
	struct sockaddr_un address;
	int r = cli_runtime_address(id, &address, err);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a socket");
	if (connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0) {
		if (errno == ENOENT || errno == ECONNREFUSED)
			return hexo_fail(err, -errno,
					 "no VM %s runs (see hexo ps)", id);
		return hexo_fail_errno(err, "cannot reach VM %s", id);
	}
	r = base_write_all(fd, line, strlen(line));
	if (r < 0)
		return hexo_fail(err, r, "cannot reach VM %s: %s", id,
				 strerror(-r));
	r = runtime_listen(fd, event, ctx, answer, err);
	return r < 0 ? hexo_fail_context(err, "VM %s", id) : 0;
}

int cli_runtime_order(const char *id, json_t *request, json_t **answer,
		      struct hexo_error *err)
{
	int r = cli_runtime_call(id, request, answer, err);

	json_decref(request);
	if (r < 0)
		return r;
	r = cli_runtime_check(id, *answer, err);
	if (r < 0)
		json_decref(*answer);
	return r;
}

int cli_runtime_check(const char *id, const json_t *answer,
		      struct hexo_error *err)
{
	const char *why = json_string_value(json_object_get(answer, "error"));

	if (json_is_true(json_object_get(answer, "ok")))
		return 0;
	return hexo_fail(err, -EIO, "VM %s: %s", id, why ? why : "it refused");
}

const char *cli_answer_text(const json_t *answer, const char *key)
{
	const char *text = json_string_value(json_object_get(answer, key));

	return text ? text : "";
}

double cli_answer_number(const json_t *answer, const char *key)
{
	return json_number_value(json_object_get(answer, key));
}
