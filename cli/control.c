/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/control.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"

/* Of events, in the kernel's bytes, which are more than those sent. */
enum { UNREAD_MAX = 64 << 10 };

static void control_drop(struct cli_client *client)
{
	cli_loop_watch(client->control->loop, &client->watch, 0, NULL);
	close(client->watch.fd);
	client->watch.fd = -1;
	client->number = 0;
}

static void control_client_ready(void *ctx, uint32_t events)
{
	struct cli_client *client = ctx;
	ssize_t n = recv(client->watch.fd, client->line + client->len,
			 sizeof(client->line) - client->len, MSG_DONTWAIT);
	unsigned number = client->number;
	json_t *request;

	if (n < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (n <= 0) {
		control_drop(client);
		return;
	}
	client->len += (size_t)n;
	if (client->line[client->len - 1] != '\n') {
		if (client->len == sizeof(client->line))
			control_drop(client);
		return;
	}
	request = json_loadb(client->line, client->len, 0, NULL);
	client->len = 0;
	if (json_is_object(request))
		client->control->request(client->control->ctx, number, request);
	else
		cli_control_refuse(client->control, number,
				   "a request is one JSON object");
	json_decref(request);
}

static void control_accept(void *ctx, uint32_t events)
{
	struct cli_control *control = ctx;
	cleanup_close int fd =
		accept4(control->watch.fd, NULL, NULL, SOCK_CLOEXEC);
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (fd < 0 ||
	    getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0 ||
	    (peer.uid != geteuid() && peer.uid != 0))
		return;
	for (int i = 0; i < CLI_CLIENTS_MAX; i++) {
		struct cli_client *client = &control->client[i];

		if (client->watch.fd >= 0)
			continue;
		client->number = ++control->clients_seen;
		client->len = 0;
		client->watch.fd = base_take_fd(fd);
		cli_loop_watch(control->loop, &client->watch, EPOLLIN, NULL);
		return;
	}
}

void cli_control_init(struct cli_control *control, struct cli_loop *loop,
		      cli_control_request *request, void *ctx)
{
	control->loop = loop;
	control->request = request;
	control->ctx = ctx;
	control->watch = (struct cli_watch){
		.fd = -1,
		.ready = control_accept,
		.ctx = control,
	};
	for (int i = 0; i < CLI_CLIENTS_MAX; i++) {
		control->client[i].control = control;
		control->client[i].watch = (struct cli_watch){
			.fd = -1,
			.ready = control_client_ready,
			.ctx = &control->client[i],
		};
	}
}

/* Holds the directory of an address until what is returned is closed. */
static int control_lock(const struct sockaddr_un *address)
{
	cleanup_free char *path = base_strdup(address->sun_path);
	cleanup_close int fd =
		open(dirname(path), O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	while (fd >= 0 && flock(fd, LOCK_EX) < 0)
		if (errno != EINTR)
			return -errno;
	return fd < 0 ? -errno : base_take_fd(fd);
}

/* Binds and listens; a socket left by a job that was killed is replaced.
 * Between the two a living one looks like that. */
static int control_listen(int fd, const struct sockaddr_un *address)
{
	const struct sockaddr *a = (const struct sockaddr *)address;
	cleanup_close int lock = control_lock(address);

	if (lock < 0)
		return lock;
	for (int tries = 2; tries; tries--) {
		cleanup_close int probe = -1;

		if (bind(fd, a, sizeof(*address)) == 0)
			return listen(fd, CLI_CLIENTS_MAX) < 0 ? -errno : 0;
		if (errno != EADDRINUSE)
			return -errno;
		probe = socket(AF_UNIX,
			       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
		if (probe < 0 || connect(probe, a, sizeof(*address)) == 0 ||
		    errno != ECONNREFUSED)
			return -EADDRINUSE;
		unlink(address->sun_path);
	}
	return -EADDRINUSE;
}

int cli_control_open(struct cli_control *control, const char *id,
		     struct hexo_error *err)
{
	cleanup_close int fd = -1;
	int r = cli_runtime_address(id, &control->address, err);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a socket");
	r = control_listen(fd, &control->address);
	if (r == -EADDRINUSE)
		return hexo_fail(err, r, "a VM named %s runs already", id);
	if (r < 0)
		return hexo_fail(err, r, "cannot listen at %s: %s",
				 control->address.sun_path, strerror(-r));
	control->watch.fd = base_take_fd(fd);
	return cli_loop_watch(control->loop, &control->watch, EPOLLIN, err);
}

void cli_control_close(struct cli_control *control)
{
	for (int i = 0; i < CLI_CLIENTS_MAX; i++)
		if (control->client[i].watch.fd >= 0)
			control_drop(&control->client[i]);
	if (control->watch.fd < 0)
		return;
	unlink(control->address.sun_path);
	cli_loop_watch(control->loop, &control->watch, 0, NULL);
	close(control->watch.fd);
	control->watch.fd = -1;
}

static struct cli_client *control_find(struct cli_control *control,
				       unsigned number)
{
	for (int i = 0; number && i < CLI_CLIENTS_MAX; i++)
		if (control->client[i].number == number)
			return &control->client[i];
	return NULL;
}

void cli_control_answer(struct cli_control *control, unsigned number,
			json_t *answer)
{
	struct cli_client *client = control_find(control, number);
	cleanup_free char *text = json_dumps(answer, JSON_COMPACT);
	cleanup_free char *line = base_printf("%s\n", text ? text : "{}");

	json_decref(answer);
	/* An answer is shorter than what a socket holds: one that does not fit
	 * is for a client that does not read. */
	if (client && send(client->watch.fd, line, strlen(line),
			   MSG_NOSIGNAL | MSG_DONTWAIT) < 0)
		control_drop(client);
}

void cli_control_tell(struct cli_control *control, unsigned number,
		      json_t *event)
{
	struct cli_client *client = control_find(control, number);
	int unread;

	if (!client || ioctl(client->watch.fd, TIOCOUTQ, &unread) < 0 ||
	    unread > UNREAD_MAX) {
		json_decref(event);
		return;
	}
	cli_control_answer(control, number, event);
}

void cli_control_refuse(struct cli_control *control, unsigned client,
			const char *text)
{
	cli_control_answer(control, client,
			   json_pack("{s:b, s:s}", "ok", 0, "error", text));
}
