/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/relay.c node/session.c node/key.c node/list.c
// LINK: migrate/channel.c migrate/hash.c base/base.c base/error.c
// LINK: tests/fuzz/shared/link.c
// LINK: ; -Wl,--wrap=node_session_turn -Wl,--wrap=node_session_close
// LINK: ; -Wl,--wrap=base_now_ns -Wl,--wrap=kill -Wl,--wrap=waitpid
// LINK: ; -Wl,--wrap=_exit -lcrypto -lxxhash
// OPTIONS: -max_len=4096 -malloc_limit_mb=64
/*
 * The relay of a session between a VM and its home, both of which say what the
 * input says, over links that break and are handed over, by the home's key or
 * another's, or by somebody who hands over something else. It comes to an end
 * no later than it is told to, has no VM left then, and no descriptor; a
 * stranger gets no link.
 *
 * All of the relay is real. The linker gives its clock and what would end
 * processes, this one too, to the functions here, and each of its turns.
 */
#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migrate/channel.h"
#include "node/relay.h"
#include "tests/fuzz/shared/link.h"

enum { TIMEOUT_S = 64, TURNS_MAX = 512, LEAVE_MAX = 32, VM = 1 << 30 };

#define SECOND UINT64_C(1000000000)

/* What the linker puts in place of the functions of those names, and those. */
enum node_session_state __wrap_node_session_turn(struct node_session *s,
						 int other, int timeout_ms);
enum node_session_state __real_node_session_turn(struct node_session *s,
						 int other, int timeout_ms);
void __wrap_node_session_close(struct node_session *s);
void __real_node_session_close(struct node_session *s);
uint64_t __wrap_base_now_ns(void);
int __wrap_kill(pid_t pid, int sig);
int __real_kill(pid_t pid, int sig);
pid_t __wrap_waitpid(pid_t pid, int *status, int options);
pid_t __real_waitpid(pid_t pid, int *status, int options);
_Noreturn void __wrap__exit(int status);
_Noreturn void __real__exit(int status);

static const struct node_key home = { .hash = { 1 } };
static const struct node_key stranger = { .hash = { 2 } };
static char *directory;

static struct {
	struct fuzz_input in;
	struct fuzz_link at;
	struct node_session *session; /* the relay's */
	int strange;                  /* a stranger's link; -1: none */
	int listener;
	uint64_t now, unlinked; /* since when; 0: it has a link */
	unsigned turns, left;
	bool runs, killed, reaped;
	jmp_buf end;
} world;

/* ---- what ends processes, and the clock ---- */

uint64_t __wrap_base_now_ns(void)
{
	return world.now;
}

int __wrap_kill(pid_t pid, int sig)
{
	if (!world.runs)
		return __real_kill(pid, sig);
	fuzz_check(pid == VM && sig == SIGKILL);
	world.killed = true;
	return 0;
}

pid_t __wrap_waitpid(pid_t pid, int *status, int options)
{
	if (!world.runs)
		return __real_waitpid(pid, status, options);
	fuzz_check(pid == VM && world.killed);
	world.reaped = true;
	return pid;
}

void __wrap__exit(int status)
{
	if (!world.runs)
		__real__exit(status);
	fuzz_check(status == 0 && world.reaped);
	longjmp(world.end, 1);
}

void __wrap_node_session_close(struct node_session *s)
{
	__real_node_session_close(s);
	world.session = s;
}

/* ---- steps ---- */

/* A new link of that key's, handed over as hexod's processes do. */
static void hand_over(const struct node_key *peer, uint8_t how)
{
	const struct hexo_msg_resume resume = {
		.session = { 1, how == 255 ? 3 : 2 },
		.received = world.session->acked + how % 16,
	};
	int pair[2], r;

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	r = node_relay_resume(directory, &resume, peer, pair[1], NULL);
	fuzz_check((r == 0) == (how != 255));
	close(pair[1]);
	if (how & 16 || r < 0) {
		close(pair[0]); /* broken before it is taken */
	} else if (peer == &stranger) {
		if (world.strange >= 0)
			close(world.strange);
		world.strange = pair[0];
	} else {
		if (world.at.link >= 0)
			close(world.at.link);
		world.at.link = pair[0];
	}
}

/* Something else than a link comes to the relay's socket. */
static void disturb(struct fuzz_input *in)
{
	union {
		char room[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} rights = { 0 };
	uint8_t how = fuzz_byte(in);
	const size_t count = how & 3;
	size_t len = how >> 2;
	struct iovec part = { (void *)fuzz_bytes(in, &len), len };
	struct msghdr msg = { .msg_iov = &part, .msg_iovlen = 1 };
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0);
	const int passed[3] = { fd, fd, fd };

	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%016x%016x",
		 directory, 1, 2);
	fuzz_check(connect(fd, (struct sockaddr *)&address, sizeof(address)) ==
		   0);
	if (count) {
		msg.msg_control = rights.room;
		msg.msg_controllen = CMSG_SPACE(count * sizeof(int));
		rights.align.cmsg_level = SOL_SOCKET;
		rights.align.cmsg_type = SCM_RIGHTS;
		rights.align.cmsg_len = CMSG_LEN(count * sizeof(int));
		memcpy(CMSG_DATA(&rights.align), passed, count * sizeof(int));
	}
	(void)sendmsg(fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	close(fd);
}

static void step(struct node_session *s, struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in);
	size_t len = what >> 4;

	switch (what % 16) {
	case 0:
	case 1:
		fuzz_link_near(&world.at, in, len << 6);
		break;
	case 2:
		fuzz_link_raw(&world.at, in, len);
		break;
	case 3:
	case 4:
		hand_over(&home, fuzz_byte(in));
		break;
	case 5:
		hand_over(&stranger, fuzz_byte(in));
		break;
	case 6:
		disturb(in);
		break;
	case 7:
		shutdown(len & 1 ? world.at.near : world.at.link,
			 len & 2 ? SHUT_RDWR : SHUT_WR);
		break;
	case 8:
		world.now += len * TIMEOUT_S / 8 * SECOND;
		break;
	default:
		fuzz_link_frame(&world.at, s, in);
		break;
	}
}

/* The input is over: nobody comes any more. */
static void leave(void)
{
	fuzz_check(++world.left < LEAVE_MAX);
	if (world.at.link >= 0)
		close(world.at.link);
	world.at.link = -1;
	world.now += TIMEOUT_S * SECOND;
}

static void check_stranger(void)
{
	struct migrate_inbox in = { 0 };

	if (world.strange < 0)
		return;
	if (migrate_inbox_read(&in, world.strange, NULL) > 0)
		fuzz_check(in.msg.type == HEXO_MSG_NODE_REFUSED);
	migrate_inbox_free(&in);
}

enum node_session_state __wrap_node_session_turn(struct node_session *s,
						 int other, int timeout_ms)
{
	enum node_session_state state;

	world.session = s;
	world.listener = other;
	fuzz_check(timeout_ms >= 0 && timeout_ms <= 1000);
	/* It had to end before, and with it the VM. */
	fuzz_check(s->link >= 0 || !world.unlinked ||
		   world.now < world.unlinked + TIMEOUT_S * SECOND);
	if (s->link >= 0)
		world.unlinked = 0;
	else if (!world.unlinked)
		world.unlinked = world.now;
	if (world.in.left && ++world.turns < TURNS_MAX)
		step(s, &world.in);
	else
		leave();
	state = __real_node_session_turn(s, other, 0);
	fuzz_link_check(&world.at, s);
	check_stranger();
	return state;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	directory = base_printf("%s/s", fuzz_scratch());
	fuzz_check(node_relay_sweep(directory, NULL) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = fuzz_descriptors();
	struct node_relay config = {
		.directory = directory,
		.session = { 1, 2 },
		.home = home,
		.timeout_s = TIMEOUT_S,
		.pid = VM,
		.storage = -1,
	};
	int near[2], link[2];

	memset(&world, 0, sizeof(world));
	world.in = (struct fuzz_input){ data, size };
	world.strange = world.listener = -1;
	world.now = SECOND;
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, near) == 0);
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, link) == 0);
	config.vm = near[1];
	config.link = link[1];
	world.at.near = near[0];
	world.at.link = link[0];
	world.runs = true;
	if (!setjmp(world.end))
		node_relay(&config);
	world.runs = false;
	/* What ends with the relay's process. */
	free(world.session);
	close(world.listener);
	close(world.at.near);
	if (world.at.link >= 0)
		close(world.at.link);
	if (world.strange >= 0)
		close(world.strange);
	fuzz_check(fuzz_descriptors() == before);
	/* There is no other socket: the directory can go. */
	fuzz_check(rmdir(directory) == 0 && mkdir(directory, 0700) == 0);
	return 0;
}
