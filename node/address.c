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

/* IPV4:PORT or [IPV6]:PORT. */
static int parse_inet(const char *text, struct node_address *address,
		      struct hexo_error *err)
{
	struct sockaddr_in *v4 = (struct sockaddr_in *)&address->socket;
	struct sockaddr_in6 *v6 = (struct sockaddr_in6 *)&address->socket;
	bool six = text[0] == '[';
	const char *end = strstr(text, six ? "]:" : ":");
	char host[INET6_ADDRSTRLEN];
	size_t len = end ? (size_t)(end - text) - six : sizeof(host);

	if (len >= sizeof(host))
		return -EINVAL;
	memcpy(host, text + six, len);
	host[len] = '\0';
	if (six) {
		v6->sin6_family = AF_INET6;
		address->len = sizeof(*v6);
		if (inet_pton(AF_INET6, host, &v6->sin6_addr) != 1)
			return -EINVAL;
		return parse_port(text, end + 2, &v6->sin6_port, err);
	}
	v4->sin_family = AF_INET;
	address->len = sizeof(*v4);
	if (inet_pton(AF_INET, host, &v4->sin_addr) != 1)
		return -EINVAL;
	return parse_port(text, end + 1, &v4->sin_port, err);
}

int node_address_parse(const char *text, struct node_address *address,
		       struct hexo_error *err)
{
	int r;

	*address = (struct node_address){ 0 };
	hexo_fail(err, -EINVAL,
		  "%s: not an address for hexod: IPV4:PORT, [IPV6]:PORT or "
		  "unix:PATH, in numbers",
		  text);
	if (has_prefix(text, unix_prefix))
		r = parse_unix(text + strlen(unix_prefix), address, err);
	else
		r = parse_inet(text, address, err);
	if (r < 0)
		return r;
	if (err)
		err->code = 0;
	snprintf(address->text, sizeof(address->text), "%s", text);
	return 0;
}

void node_address_print(const struct sockaddr_storage *socket, char *text,
			size_t size)
{
	const struct sockaddr_in *v4 = (const struct sockaddr_in *)socket;
	const struct sockaddr_in6 *v6 = (const struct sockaddr_in6 *)socket;
	char host[INET6_ADDRSTRLEN] = "";

	if (socket->ss_family == AF_INET6) {
		inet_ntop(AF_INET6, &v6->sin6_addr, host, sizeof(host));
		snprintf(text, size, "[%s]:%u", host, ntohs(v6->sin6_port));
	} else if (socket->ss_family == AF_INET) {
		inet_ntop(AF_INET, &v4->sin_addr, host, sizeof(host));
		snprintf(text, size, "%s:%u", host, ntohs(v4->sin_port));
	} else {
		snprintf(text, size, "unix");
	}
}

int node_address_check_peer(int fd, struct hexo_error *err)
{
	struct ucred peer;
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return hexo_fail_errno(err, "cannot tell whose socket it is");
	if (peer.uid != geteuid())
		return hexo_fail(err, -EPERM,
				 "the far end of the Unix socket belongs to "
				 "user %u, not to this one",
				 (unsigned)peer.uid);
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
	socklen_t len = sizeof(address->socket);

	if (getsockname(fd, (struct sockaddr *)&address->socket, &len) == 0)
		node_address_print(&address->socket, address->text,
				   sizeof(address->text));
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
