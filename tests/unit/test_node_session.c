/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/session.c base/base.c base/error.c
/* Two ends of a session whose link breaks all the time. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/session.h"

enum { HEAD = sizeof(struct hexo_session_head) };

struct end {
	struct node_session session;
	int user; /* the far side of session.near */
	uint64_t put, got;
	bool closed; /* the user sees the end */
	enum node_session_state state;
};

static struct end ends[2];

static int setup(void **state)
{
	for (int i = 0; i < 2; i++) {
		int pair[2];

		if (socketpair(AF_UNIX, SOCK_STREAM, 0, pair) < 0)
			return -1;
		ends[i] = (struct end){ .user = pair[0] };
		node_session_init(&ends[i].session, pair[1]);
	}
	srandom(1);
	return 0;
}

static int teardown(void **state)
{
	for (int i = 0; i < 2; i++) {
		node_session_close(&ends[i].session);
		if (ends[i].user >= 0)
			close(ends[i].user);
	}
	return 0;
}

static char byte_at(int end, uint64_t at)
{
	return (char)(at * 2654435761u >> 13 ^ (unsigned)end);
}

static void put_some(int end, uint64_t limit)
{
	struct end *e = &ends[end];
	char data[50000];
	size_t n = (size_t)random() % sizeof(data) + 1;
	ssize_t sent;

	if (n > limit - e->put)
		n = limit - e->put;
	for (size_t i = 0; i < n; i++)
		data[i] = byte_at(end, e->put + i);
	sent = send(e->user, data, n, MSG_DONTWAIT | MSG_NOSIGNAL);
	if (sent > 0)
		e->put += (uint64_t)sent;
}

static void get_some(int end)
{
	struct end *e = &ends[end];
	char data[30000];
	ssize_t n = recv(e->user, data, (size_t)random() % sizeof(data) + 1,
			 MSG_DONTWAIT);

	for (ssize_t i = 0; i < n; i++)
		assert_int_equal(data[i],
				 byte_at(1 - end, e->got + (uint64_t)i));
	if (n > 0)
		e->got += (uint64_t)n;
	if (n == 0)
		e->closed = true;
}

static void join(void)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	for (int i = 0; i < 2; i++)
		node_session_unlink(&ends[i].session);
	for (int i = 0; i < 2; i++)
		assert_int_equal(node_session_link(&ends[i].session, pair[i],
						   ends[1 - i].session.received,
						   NULL),
				 0);
}

static void turn(int end)
{
	struct end *e = &ends[end];

	if (e->state != NODE_SESSION_OVER)
		e->state = node_session_turn(&e->session, -1, 0);
}

/* Link breaks every so many turns, on average; 0: never. */
static void exchange(uint64_t limit, int breaks)
{
	for (int i = 0; ends[0].got < limit || ends[1].got < limit; i++) {
		assert_true(i < 1000000);
		if (!i || (breaks && random() % breaks == 0))
			join();
		for (int end = 0; end < 2; end++) {
			put_some(end, limit);
			turn(end);
			if (random() % 3)
				get_some(end);
		}
	}
}

static void finish(void)
{
	for (int i = 0; ends[0].state != NODE_SESSION_OVER ||
			ends[1].state != NODE_SESSION_OVER;
	     i++) {
		assert_true(i < 1000);
		turn(0);
		turn(1);
		if (ends[1].user >= 0)
			get_some(1);
	}
}

static void carries_bytes(void **state)
{
	exchange(20 << 20, 0);
	close(ends[0].user);
	ends[0].user = -1;
	finish();
	assert_true(ends[1].closed);
}

static void survives_breaks(void **state)
{
	exchange(8 << 20, 20);
	close(ends[0].user);
	ends[0].user = -1;
	finish();
	assert_true(ends[1].closed);
	assert_int_equal(ends[1].got, 8 << 20);
}

static void tells_the_end_again(void **state)
{
	exchange(100000, 0);
	close(ends[0].user);
	ends[0].user = -1;
	turn(0);
	assert_true(ends[0].session.ended);
	/* It was in the link that broke. */
	join();
	assert_false(ends[0].session.ended);
	finish();
}

static void keeps_no_more_than_the_window(void **state)
{
	for (int i = 0; i < 1000; i++) {
		put_some(0, UINT64_MAX);
		turn(0);
	}
	assert_true(ends[0].session.taken >= HEXO_SESSION_WINDOW);
	assert_true(ends[0].session.taken < HEXO_SESSION_WINDOW + (1 << 20));
}

/* A frame that must not come: the link is over. */
static void assert_breaks(struct hexo_session_head head)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(node_session_link(&ends[0].session, pair[0], 0, NULL),
			 0);
	assert_int_equal(send(pair[1], &head, HEAD, 0), HEAD);
	assert_int_equal(node_session_turn(&ends[0].session, -1, 0),
			 NODE_SESSION_BROKEN);
	close(pair[1]);
}

static void checks_frames(void **state)
{
	const struct hexo_session_head good = {
		.magic = HEXO_SESSION_MAGIC,
		.version = HEXO_SESSION_VERSION,
		.type = HEXO_SESSION_BYTES,
		.length = 1,
	};
	struct hexo_session_head h = good;

	h.magic++;
	assert_breaks(h);
	h = good, h.version++;
	assert_breaks(h);
	h = good, h.type = 0;
	assert_breaks(h);
	h = good, h.type = HEXO_SESSION_END + 1;
	assert_breaks(h);
	h = good, h.length = 0;
	assert_breaks(h);
	h = good, h.length = HEXO_SESSION_DATA + 1;
	assert_breaks(h);
	h = good, h.offset = 1;
	assert_breaks(h);
	h = good, h.received = 1;
	assert_breaks(h);
	h = good, h.signal = 1;
	assert_breaks(h);
	h = good, h.type = HEXO_SESSION_END, h.length = 0, h.signal = 65;
	assert_breaks(h);
	h = good, h.type = HEXO_SESSION_ACK;
	assert_breaks(h);
	assert_int_equal(ends[0].session.received, 0);
}

/* Who replays what was recorded within a session, or another's frames, sends
 * bytes that have come already, or that are still to come. */
static void frames_sent_again_are_refused(void **state)
{
	struct {
		struct hexo_session_head head;
		char byte;
	} __attribute__((packed)) frame = {
		{ .magic = HEXO_SESSION_MAGIC,
		  .version = HEXO_SESSION_VERSION,
		  .type = HEXO_SESSION_BYTES,
		  .length = 1 },
		'x',
	};
	char got[4];
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(node_session_link(&ends[0].session, pair[0], 0, NULL),
			 0);
	assert_int_equal(send(pair[1], &frame, sizeof(frame), 0),
			 sizeof(frame));
	assert_int_equal(node_session_turn(&ends[0].session, -1, 0),
			 NODE_SESSION_ON);
	assert_int_equal(ends[0].session.received, 1);
	assert_int_equal(send(pair[1], &frame, sizeof(frame), 0),
			 sizeof(frame));
	assert_int_equal(node_session_turn(&ends[0].session, -1, 0),
			 NODE_SESSION_BROKEN);
	assert_int_equal(ends[0].session.received, 1);
	assert_int_equal(recv(ends[0].user, got, sizeof(got), MSG_DONTWAIT), 1);
	close(pair[1]);
}

static void checks_what_the_other_has(void **state)
{
	int pair[2];

	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	assert_int_equal(node_session_link(&ends[0].session, pair[0], 1, NULL),
			 -EPROTO);
	close(pair[1]);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(carries_bytes),
		TEST(survives_breaks),
		TEST(tells_the_end_again),
		TEST(keeps_no_more_than_the_window),
		TEST(checks_frames),
		TEST(frames_sent_again_are_refused),
		TEST(checks_what_the_other_has),
	};

	return cmocka_run_group_tests_name("session", tests, NULL, NULL);
}
