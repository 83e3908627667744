/* SPDX-License-Identifier: Apache-2.0 */
#include "node/relay.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "migrate/channel.h"
#include "node/list.h"
#include "node/session.h"

/* What comes with a connection, from another process of this node's. */
struct relay_handover {
	struct node_key peer;
	uint64_t received;
};

union relay_rights {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

enum { ENDING_MS = 1500 };

static volatile sig_atomic_t told_to_end;

static int session_address(const char *directory, const uint64_t session[2],
			   struct sockaddr_un *address, struct hexo_error *err)
{
	int n;

	*address = (struct sockaddr_un){ .sun_family = AF_UNIX };
	n = snprintf(address->sun_path, sizeof(address->sun_path),
		     "%s/%016" PRIx64 "%016" PRIx64, directory, session[0],
		     session[1]);
	if (n < 0 || (size_t)n >= sizeof(address->sun_path))
		return hexo_fail(err, -ENAMETOOLONG,
				 "%s is too long for the sockets of sessions",
				 directory);
	return 0;
}

static int relay_listen(const struct node_relay *config,
			struct sockaddr_un *address, struct hexo_error *err)
{
	cleanup_close int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	int r = session_address(config->directory, config->session, address,
				err);

	if (r < 0)
		return r;
	if (fd < 0 ||
	    bind(fd, (struct sockaddr *)address, sizeof(*address)) < 0 ||
	    listen(fd, 4) < 0)
		return hexo_fail_errno(err, "cannot listen on %s",
				       address->sun_path);
	return base_take_fd(fd);
}

static int relay_answer(int link, const struct node_relay *config,
			uint64_t received)
{
	const struct hexo_msg_resume answer = {
		.session = { config->session[0], config->session[1] },
		.received = received,
	};

	return migrate_channel_send(link, HEXO_MSG_NODE_SESSION, &answer,
				    sizeof(answer), NULL);
}

/* The one descriptor of a message that is wanted; all others are closed. */
static int rights_take(struct msghdr *msg, bool wanted)
{
	int link = -1;

	for (struct cmsghdr *c = CMSG_FIRSTHDR(msg); c;
	     c = CMSG_NXTHDR(msg, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(fd), sizeof(fd));
			if (wanted && count == 1)
				link = fd;
			else
				close(fd);
		}
	}
	return link;
}

/* Takes the connection that another process hands over; -1 if it does not. */
static int receive_link(int from, struct relay_handover *handover)
{
	union relay_rights rights;
	struct iovec part = { handover, sizeof(*handover) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.room,
		.msg_controllen = sizeof(rights.room),
	};
	struct pollfd p = { .fd = from, .events = POLLIN };
	ssize_t n;

	if (poll(&p, 1, 1000) <= 0)
		return -1;
	n = recvmsg(from, &msg, MSG_CMSG_CLOEXEC);
	return n < 0 ? -1 : rights_take(&msg, n == sizeof(*handover));
}

/* A new connection, which takes the place of the one there may still be. */
static void relay_take(const struct node_relay *config, struct node_session *s,
		       int listener)
{
	cleanup_close int from = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	struct relay_handover handover;
	struct hexo_error err = { 0 };
	int link = from < 0 ? -1 : receive_link(from, &handover);

	if (link < 0)
		return;
	if (!node_key_equal(&handover.peer, &config->home)) {
		migrate_channel_print(link, HEXO_MSG_NODE_REFUSED, NULL,
				      "the session is another's");
		close(link);
		return;
	}
	node_session_unlink(s);
	if (relay_answer(link, config, s->received) < 0)
		close(link);
	else
		node_session_link(s, link, handover.received, &err);
}

static void end_signal(int number)
{
	told_to_end = 1;
}

/* hexod ends and says so: the home is told before this process goes. */
static void relay_signals(void)
{
	const struct sigaction action = { .sa_handler = end_signal };

	sigaction(SIGTERM, &action, NULL);
	signal(SIGPIPE, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	signal(SIGINT, SIG_IGN);
	/* Who reaps this process is not who has to keep it alive. */
	prctl(PR_SET_PDEATHSIG, 0);
}

static int milliseconds_to(uint64_t end)
{
	uint64_t now = base_now_ns();

	return now >= end ? 0 : (int)((end - now) / 1000000) + 1;
}

/* Ends the VM if need be; what it said last still goes home. */
static void relay_end_vm(const struct node_relay *config)
{
	kill(config->pid, SIGKILL);
}

/* Tells who serves local volumes when the link is another than it knows. */
static void relay_tell(const struct node_relay *config,
		       const struct node_session *s, bool *told)
{
	const char linked = s->link >= 0;

	if (config->storage >= 0 && linked != *told &&
	    send(config->storage, &linked, 1, MSG_NOSIGNAL | MSG_DONTWAIT) == 1)
		*told = linked;
}

static void relay_run(const struct node_relay *config, struct node_session *s,
		      int listener)
{
	const uint64_t second = 1000000000;
	uint64_t end = base_now_ns() + config->timeout_s * second;
	bool ending = false, told = false;

	for (;;) {
		bool linked = s->link >= 0;
		int wait = 1000;

		relay_tell(config, s, &told);
		if (told_to_end && !ending) {
			ending = true;
			s->child = 0;
			relay_end_vm(config);
			end = base_now_ns() + ENDING_MS * UINT64_C(1000000);
		}
		if (s->link < 0 || ending)
			wait = milliseconds_to(end);
		if (!wait)
			return;
		switch (node_session_turn(s, listener,
					  wait < 1000 ? wait : 1000)) {
		case NODE_SESSION_OVER:
			return;
		case NODE_SESSION_OTHER:
			relay_take(config, s, listener);
			/* The new one took the place of another and broke. */
			if (linked && s->link < 0 && !ending)
				end = base_now_ns() +
				      config->timeout_s * second;
			break;
		case NODE_SESSION_BROKEN:
			if (!ending)
				end = base_now_ns() +
				      config->timeout_s * second;
			break;
		case NODE_SESSION_ON:
			break;
		}
	}
}

_Noreturn void node_relay(const struct node_relay *config)
{
	struct node_session *s = base_alloc(sizeof(*s));
	struct sockaddr_un address;
	struct hexo_error err;
	int listener;

	relay_signals();
	node_session_init(s, config->vm);
	s->child = config->pid;
	listener = relay_listen(config, &address, &err);
	if (listener < 0)
		migrate_channel_print(config->link, HEXO_MSG_NODE_REFUSED, NULL,
				      "%s", err.text);
	else if (relay_answer(config->link, config, 0) == 0) {
		node_session_link(s, config->link, 0, &err);
		relay_run(config, s, listener);
	}
	if (listener >= 0)
		unlink(address.sun_path);
	node_session_close(s);
	relay_end_vm(config);
	waitpid(config->pid, NULL, 0);
	_exit(0);
}

int node_relay_resume(const char *directory,
		      const struct hexo_msg_resume *resume,
		      const struct node_key *peer, int link,
		      struct hexo_error *err)
{
	cleanup_close int fd =
		socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	struct relay_handover handover = { *peer, resume->received };
	union relay_rights rights = { 0 };
	struct iovec part = { &handover, sizeof(handover) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.room,
		.msg_controllen = sizeof(rights.room),
	};
	struct cmsghdr *c = CMSG_FIRSTHDR(&msg);
	struct sockaddr_un address;
	int r = session_address(directory, resume->session, &address, err);

	if (r < 0)
		return r;
	if (fd < 0 ||
	    connect(fd, (struct sockaddr *)&address, sizeof(address)) < 0)
		return hexo_fail(err, -ENOENT,
				 "there is no such session: its VM has ended");
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &link, sizeof(int));
	if (sendmsg(fd, &msg, MSG_NOSIGNAL) < 0)
		return hexo_fail_errno(err, "cannot reach the session");
	return 0;
}

int node_relay_sweep(const char *directory, struct hexo_error *err)
{
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	struct dirent *entry;
	int r = node_own_directory(directory, err);
	DIR *dir = r < 0 ? NULL : opendir(directory);

	if (r < 0)
		return r;
	if (!dir)
		return hexo_fail_errno(err, "cannot read %s", directory);
	while ((entry = readdir(dir))) {
		cleanup_close int fd =
			socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
		int n = snprintf(address.sun_path, sizeof(address.sun_path),
				 "%s/%s", directory, entry->d_name);

		if (entry->d_type == DT_SOCK && n > 0 &&
		    (size_t)n < sizeof(address.sun_path) &&
		    connect(fd, (struct sockaddr *)&address, sizeof(address)) <
			    0 &&
		    errno == ECONNREFUSED)
			unlink(address.sun_path);
	}
	closedir(dir);
	return 0;
}
