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

/* Reads one line of JSON. */
static int runtime_read(int fd, json_t **answer, struct hexo_error *err)
{
	cleanup_free char *line = base_alloc(CLI_RUNTIME_LINE_MAX);
	size_t len = 0;

	while (!len || line[len - 1] != '\n') {
		ssize_t n = read(fd, line + len, CLI_RUNTIME_LINE_MAX - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return hexo_fail_errno(err, "cannot read its answer");
		len += (size_t)n;
		if (!n || len == CLI_RUNTIME_LINE_MAX)
			return hexo_fail(err, -EPIPE,
					 "it ended without an answer");
	}
	*answer = json_loadb(line, len, 0, NULL);
	if (!json_is_object(*answer)) {
		json_decref(*answer);
		return hexo_fail(err, -EPROTO, "its answer is not JSON");
	}
	return 0;
}

int cli_runtime_call(const char *id, json_t *request, json_t **answer,
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
	r = runtime_read(fd, answer, err);
	return r < 0 ? hexo_fail_context(err, "VM %s", id) : 0;
}

int cli_runtime_order(const char *id, json_t *request, json_t **answer,
		      struct hexo_error *err)
{
	int r = cli_runtime_call(id, request, answer, err);
	const char *why;

	json_decref(request);
	if (r < 0)
		return r;
	if (json_is_true(json_object_get(*answer, "ok")))
		return 0;
	why = json_string_value(json_object_get(*answer, "error"));
	hexo_fail(err, -EIO, "VM %s: %s", id, why ? why : "it refused");
	json_decref(*answer);
	return -EIO;
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
