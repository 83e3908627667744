/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/relay.c node/session.c node/key.c node/list.c
// LINK: migrate/channel.c migrate/hash.c base/base.c
// LINK: base/error.c; -lcrypto -lxxhash
/* How long a session's VM is kept when its connections break. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "migrate/channel.h"
#include "node/relay.h"

enum { TIMEOUT_S = 1 };

static char directory[32];
static const struct node_key home = { .hash = { 1 } };
static int link_end, vm_end;
static int alive; /* hangs up when the VM is gone */
static pid_t relay;

/* The relay's process: a VM that does nothing, and the relay. */
static void relay_main(int link, int vm, int mark)
{
	struct node_relay config = {
		.directory = directory,
		.session = { 1, 2 },
		.home = home,
		.timeout_s = TIMEOUT_S,
		.vm = vm,
		.link = link,
		.storage = -1,
	};

	alarm(60);
	config.pid = fork();
	if (config.pid == 0) {
		alarm(60);
		for (;;)
			pause();
	}
	close(mark);
	node_relay(&config);
}

static int setup(void **state)
{
	int links[2], vms[2], marks[2];

	strcpy(directory, "/tmp/hexo-relay.XXXXXX");
	if (!mkdtemp(directory) || pipe(marks) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, links) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, vms) < 0)
		return -1;
	link_end = links[1];
	vm_end = vms[1];
	alive = marks[0];
	relay = fork();
	if (relay == 0) {
		close(link_end);
		close(vm_end);
		relay_main(links[0], vms[0], marks[1]);
	}
	close(links[0]);
	close(vms[0]);
	close(marks[1]);
	return relay < 0 ? -1 : 0;
}

static int teardown(void **state)
{
	kill(relay, SIGTERM);
	close(link_end);
	close(vm_end);
	close(alive);
	waitpid(relay, NULL, 0);
	return rmdir(directory);
}

static bool is_alive_for(int ms)
{
	struct pollfd p = { .fd = alive };

	return poll(&p, 1, ms) == 0;
}

/* The connection is older than what a VM may be without one; the one that
 * takes its place breaks before the relay has answered on it. */
static void test_new_link_breaks(void **state)
{
	const struct hexo_msg_resume resume = { .session = { 1, 2 } };
	int pair[2];

	assert_true(is_alive_for(TIMEOUT_S * 1000 + 300));
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	close(pair[1]);
	assert_int_equal(node_relay_resume(directory, &resume, &home, pair[0],
					   NULL),
			 0);
	close(pair[0]);
	assert_true(is_alive_for(TIMEOUT_S * 500));
	assert_false(is_alive_for(TIMEOUT_S * 5000));
}

/* Hands over so many ends of a pipe with a message of that size; whether the
 * relay has closed all of them a moment later. */
static bool are_closed(unsigned count, size_t size)
{
	union {
		char room[CMSG_SPACE(3 * sizeof(int))];
		struct cmsghdr align;
	} rights = { 0 };
	char data[256] = { 0 };
	struct iovec part = { data, size };
	struct msghdr msg = {
		.msg_iov = &part,
		.msg_iovlen = 1,
		.msg_control = rights.room,
		.msg_controllen = CMSG_SPACE(count * sizeof(int)),
	};
	struct sockaddr_un address = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_SEQPACKET, 0), ends[2];
	struct pollfd p;

	assert_int_equal(pipe(ends), 0);
	snprintf(address.sun_path, sizeof(address.sun_path), "%s/%016x%016x",
		 directory, 1, 2);
	assert_int_equal(connect(fd, (struct sockaddr *)&address,
				 sizeof(address)),
			 0);
	rights.align.cmsg_level = SOL_SOCKET;
	rights.align.cmsg_type = SCM_RIGHTS;
	rights.align.cmsg_len = CMSG_LEN(count * sizeof(int));
	for (unsigned i = 0; i < count; i++)
		memcpy(CMSG_DATA(&rights.align) + i * sizeof(int), &ends[1],
		       sizeof(int));
	assert_int_equal(sendmsg(fd, &msg, 0), size);
	close(fd);
	close(ends[1]);
	p = (struct pollfd){ .fd = ends[0] };
	poll(&p, 1, 5000);
	close(ends[0]);
	return p.revents & POLLHUP;
}

static void test_other_descriptors_are_not_kept(void **state)
{
	assert_true(is_alive_for(100));
	assert_true(are_closed(2, 40));
	assert_true(are_closed(3, 40));
	assert_true(are_closed(1, 0));
	assert_true(are_closed(2, 0));
	assert_true(are_closed(1, 7));
	assert_true(is_alive_for(0));
}

/* A peer that knows the session's number, but has not the key that began it. */
static void test_another_key_is_refused(void **state)
{
	const struct hexo_msg_resume resume = { .session = { 1, 2 } };
	const struct node_key other = { .hash = { 2 } };
	struct migrate_inbox inbox = { 0 }, first = { 0 };
	int pair[2];

	/* It listens by then. */
	assert_int_equal(migrate_inbox_wait(&first, link_end, 5000, NULL), 0);
	migrate_inbox_free(&first);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(node_relay_resume(directory, &resume, &other, pair[0],
					   NULL),
			 0);
	close(pair[0]);
	assert_int_equal(migrate_inbox_wait(&inbox, pair[1], 5000, NULL), 0);
	assert_int_equal(inbox.msg.type, HEXO_MSG_NODE_REFUSED);
	assert_non_null(strstr(inbox.msg.data, "the session is another's"));
	assert_int_equal(migrate_inbox_wait(&inbox, pair[1], 5000, NULL),
			 -ENODATA);
	migrate_inbox_free(&inbox);
	close(pair[1]);

	/* The session is still its owner's. */
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(node_relay_resume(directory, &resume, &home, pair[0],
					   NULL),
			 0);
	close(pair[0]);
	assert_int_equal(migrate_inbox_wait(&inbox, pair[1], 5000, NULL), 0);
	assert_int_equal(inbox.msg.type, HEXO_MSG_NODE_SESSION);
	migrate_inbox_free(&inbox);
	close(pair[1]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(test_another_key_is_refused,
						setup, teardown),
		cmocka_unit_test_setup_teardown(test_new_link_breaks, setup,
						teardown),
		cmocka_unit_test_setup_teardown(
			test_other_descriptors_are_not_kept, setup, teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
