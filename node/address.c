/* SPDX-License-Identifier: Apache-2.0 */
#include "node/address.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/base.h"

static const char v4_prefix[] = "127.0.0.1:";
static const char v6_prefix[] = "[::1]:";
static const char unix_prefix[] = "unix:";

static bool has_prefix(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

static int parse_port(const char *text, const char *digits, in_port_t *port,
		      struct hexo_error *err)
{
	uint64_t value;

	if (base_parse_u64(digits, &value) < 0 || value > 65535)
		return hexo_fail(err, -EINVAL, "%s: not a port: \"%s\"", text,
				 digits);
	*port = htons((uint16_t)value);
	return 0;
}

static int parse_unix(const char *path, struct node_address *address,
		      struct hexo_error *err)
{
	struct sockaddr_un *un = (struct sockaddr_un *)&address->socket;

	if (!*path)
		return hexo_fail(err, -EINVAL, "unix: needs a path");
	if (strlen(path) >= sizeof(un->sun_path))
		return hexo_fail(err, -EINVAL,
				 "unix:%s: the path is longer than %zu bytes",
				 path, sizeof(un->sun_path) - 1);
	un->sun_family = AF_UNIX;
	strcpy(un->sun_path, path);
	address->len = sizeof(*un);
	return 0;
}

int node_address_parse(const char *text, struct node_address *address,
		       struct hexo_error *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
	int r;

	*address = (struct node_address){ 0 };
	if (has_prefix(text, unix_prefix)) {
		r = parse_unix(text + strlen(unix_prefix), address, err);
	} else if (has_prefix(text, v4_prefix)) {
		v4->sin_family = AF_INET;
		v4->sin_addr.s_addr = htonl(INADDR_LOOPBACK);
		address->len = sizeof(*v4);
		r = parse_port(text, text + strlen(v4_prefix), &v4->sin_port,
			       err);
	} else if (has_prefix(text, v6_prefix)) {
		v6->sin6_family = AF_INET6;
		v6->sin6_addr = in6addr_loopback;
		address->len = sizeof(*v6);
		r = parse_port(text, text + strlen(v6_prefix), &v6->sin6_port,
			       err);
	} else {
		r = hexo_fail(err, -EINVAL,
			      "%s: not an address for hexod, which accepts "
			      "127.0.0.1:PORT, [::1]:PORT and unix:PATH only; "
			      "reach another machine's through a tunnel: "
			      "ssh -L",
			      text);
	}
	if (r < 0)
		return r;
	snprintf(address->text, sizeof(address->text), "%s", text);
	return 0;
}

/* Leaves errno as the bind() that found the address taken set it. */
static bool is_served(const struct node_address *address)
{
	cleanup_close int fd = socket(address->socket.ss_family,
				      SOCK_STREAM | SOCK_CLOEXEC, 0);

	bool served = connect(fd, (const struct sockaddr *)&address->socket,
			      address->len) == 0 ||
		      errno != ECONNREFUSED;

	errno = EADDRINUSE;
	return served;
}

static int bind_unix(int fd, const struct node_address *address)
{
	const struct sockaddr *to = (const struct sockaddr *)&address->socket;
	mode_t old = umask(0177);
	int r = bind(fd, to, address->len);

	if (r < 0 && errno == EADDRINUSE && !is_served(address)) {
		node_address_unlink(address);
		r = bind(fd, to, address->len);
	}
	umask(old);
	return r;
}

/* After bind(): which port it became. */
static void note_port(int fd, struct node_address *address)
{
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
	socklen_t len = sizeof(address->socket);

	if (getsockname(fd, (struct sockaddr *)&address->socket, &len) < 0)
		return;
	if (address->socket.ss_family == AF_INET6)
		snprintf(address->text, sizeof(address->text), "%s%u",
			 v6_prefix, ntohs(v6->sin6_port));
	else
		snprintf(address->text, sizeof(address->text), "%s%u",
			 v4_prefix, ntohs(v4->sin_port));
}

int node_address_listen(struct node_address *address, struct hexo_error *err)
{
	int family = address->socket.ss_family, on = 1, r;
	cleanup_close int fd =
		socket(family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a socket for %s",
				       address->text);
	if (family == AF_UNIX) {
		r = bind_unix(fd, address);
	} else {
		setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
		r = bind(fd, (const struct sockaddr *)&address->socket,
			 address->len);
	}
	if (r < 0 || listen(fd, 64) < 0)
		return hexo_fail_errno(err, "cannot listen on %s",
				       address->text);
	if (family != AF_UNIX)
		note_port(fd, address);
	return base_take_fd(fd);
}

void node_address_unlink(const struct node_address *address)
{
	const struct sockaddr_un *un =
		(const struct sockaddr_un *)&address->socket;
	struct stat st;

	if (un->sun_family == AF_UNIX && lstat(un->sun_path, &st) == 0 &&
	    S_ISSOCK(st.st_mode))
		unlink(un->sun_path);
}

void node_socket_tune(int fd)
{
	static const struct {
		int level, option, value;
	} options[] = {
		{ IPPROTO_TCP, TCP_NODELAY, 1 },
		{ SOL_SOCKET, SO_KEEPALIVE, 1 },
		{ IPPROTO_TCP, TCP_KEEPIDLE, 10 },
		{ IPPROTO_TCP, TCP_KEEPINTVL, 5 },
		{ IPPROTO_TCP, TCP_KEEPCNT, 3 },
		{ IPPROTO_TCP, TCP_USER_TIMEOUT, 30000 },
	};

	/* A Unix socket has none of these and needs none. */
	for (size_t i = 0; i < sizeof(options) / sizeof(options[0]); i++)
		setsockopt(fd, options[i].level, options[i].option,
			   &options[i].value, sizeof(int));
}
