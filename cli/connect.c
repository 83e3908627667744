/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/connect.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/keeper.h"
#include "node/client.h"

enum { CONNECT_ANSWER = 3 }; /* the child's descriptor of the answer */

/* What the child answers; a descriptor comes along if code is 0. */
struct connect_outcome {
	uint32_t isa;
	uint64_t speed;
	struct hexo_error err;
};

/* Room for one descriptor in a message. */
union connect_rights {
	char room[CMSG_SPACE(sizeof(int))];
	struct cmsghdr align;
};

/* In the child: all exchanges with the hexod. Returns the connection,
 * which is the session's. */
static int connect_node(const struct cli_vm_config *config,
			const struct cli_place *place,
			struct connect_outcome *outcome, uint64_t session[2])
{
	struct hexo_error *err = &outcome->err;
	struct node_info info;
	struct node_vm vm = {
		.name = config->name,
		.memory = config->memory,
		.stack = config->stack,
		.backend = config->backend,
		.timeout_s = (uint32_t)config->link_timeout_s,
	};
	struct base_buffer volumes = { 0 };
	const struct cli_elf *elf;
	cleanup_close int fd =
		node_connect(&place->address, NODE_TIMEOUT_MS, err);
	int r = fd;

	if (r >= 0)
		r = node_ask_info(fd, NODE_TIMEOUT_MS, &info, err);
	if (r < 0)
		return r;
	free(info.json);
	elf = cli_image_find(config->image, info.isa);
	if (!elf)
		return hexo_fail(err, -ENOEXEC, "%s has no ISA %s",
				 config->image->path, cli_isa_name(info.isa));
	outcome->isa = info.isa;
	vm.elf = elf->data;
	vm.elf_size = elf->entry.size;
	files_volumes_list(config->volumes, &volumes);
	vm.volumes = volumes.data;
	vm.volumes_len = volumes.len;
	if (place->measure)
		r = node_ask_speed(fd, NODE_TIMEOUT_MS, &outcome->speed, err);
	if (r == 0)
		r = node_start_vm(fd, &vm, NODE_TIMEOUT_MS, session, err);
	base_buffer_free(&volumes);
	return r < 0 ? r : base_take_fd(fd);
}

static void connect_answer(int to, const struct connect_outcome *outcome,
			   int channel)
{
	union connect_rights rights = { 0 };
	struct iovec part = { (void *)outcome, sizeof(*outcome) };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct cmsghdr *c;

	if (channel >= 0) {
		msg.msg_control = rights.room;
		msg.msg_controllen = sizeof(rights.room);
		c = CMSG_FIRSTHDR(&msg);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &channel, sizeof(int));
	}
	sendmsg(to, &msg, MSG_NOSIGNAL);
}

/* The child's work: connects, hands the home its end of the session, and keeps
 * that. */
static _Noreturn void connect_main(const struct cli_vm_config *config,
				   const struct cli_place *place)
{
	struct connect_outcome outcome = { 0 };
	struct cli_keeper keeper = {
		.place = place,
		.timeout_s = (unsigned)config->link_timeout_s,
		.news = CONNECT_ANSWER,
	};
	int pair[2];

	keeper.link = connect_node(config, place, &outcome, keeper.session);
	if (keeper.link >= 0 &&
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		keeper.link =
			hexo_fail_errno(&outcome.err, "cannot make a channel");
	if (keeper.link < 0) {
		if (!outcome.err.code)
			outcome.err.code = keeper.link;
		connect_answer(CONNECT_ANSWER, &outcome, -1);
		_exit(0);
	}
	/* What is no error may have left words. */
	outcome.err.code = 0;
	connect_answer(CONNECT_ANSWER, &outcome, pair[1]);
	close(pair[1]);
	keeper.near = pair[0];
	cli_keep(&keeper);
}

int cli_connect_start(const struct cli_vm_config *config,
		      const struct cli_place *place, int *pending, pid_t *pid,
		      struct hexo_error *err)
{
	pid_t home = getpid();
	int pair[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return hexo_fail_errno(err, "cannot make a channel");
	*pid = fork();
	if (*pid) {
		close(pair[1]);
		if (*pid < 0) {
			close(pair[0]);
			return hexo_fail_errno(err, "cannot fork");
		}
		*pending = pair[0];
		return 0;
	}
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	/* Channels of other VMs must not stay open because of this child. */
	if (getppid() != home || dup2(pair[1], CONNECT_ANSWER) < 0 ||
	    close_range(CONNECT_ANSWER + 1, ~0U, 0) < 0)
		_exit(125);
	connect_main(config, place);
}

int cli_connect_finish(int pending, enum hexo_isa *isa, uint64_t *speed,
		       int *channel, struct hexo_error *err)
{
	struct connect_outcome outcome;
	union connect_rights rights;
	struct iovec part = { &outcome, sizeof(outcome) };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.room,
		.msg_controllen = sizeof(rights.room),
	};
	struct cmsghdr *c;
	ssize_t n = recvmsg(pending, &msg, MSG_CMSG_CLOEXEC);

	if (n != (ssize_t)sizeof(outcome))
		return hexo_fail(err, -EIO, "connecting to the node failed");
	if (outcome.err.code) {
		if (err)
			*err = outcome.err;
		return outcome.err.code;
	}
	c = CMSG_FIRSTHDR(&msg);
	if (!c || c->cmsg_type != SCM_RIGHTS ||
	    c->cmsg_len != CMSG_LEN(sizeof(int)))
		return hexo_fail(err, -EIO, "the node gave no connection");
	memcpy(channel, CMSG_DATA(c), sizeof(int));
	*isa = outcome.isa;
	*speed = outcome.speed;
	return 0;
}
