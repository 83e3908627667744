/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/session.c base/base.c base/error.c
// OPTIONS: -max_len=16384 -malloc_limit_mb=64
/*
 * A session whose other end sends what it likes, over links that it breaks
 * as it likes. Only bytes of frames that are in order may come out at the
 * near end, and no more may be kept than the protocol says.
 */
#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "node/session.h"
#include "tests/fuzz/shared/fuzz.h"

enum { STEPS_MAX = 256 };

/* The fuzzer holds the other ends. */
struct ends {
	struct node_session session;
	int near, link;     /* -1: closed */
	uint64_t put;       /* bytes given to the near end */
	uint64_t delivered; /* bytes that came out there */
	bool over;
};

static void link_new(struct ends *e, uint64_t received)
{
	int pair[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	if (e->link >= 0)
		close(e->link);
	e->link = pair[0];
	if (node_session_link(&e->session, pair[1], received, NULL) < 0) {
		close(e->link);
		e->link = -1;
	}
}

static void drain(int fd, uint64_t *count)
{
	char data[4096];
	ssize_t n;

	while (fd >= 0 && (n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		*count += (uint64_t)n;
}

/* Sends a frame: type, length and how far it is off are the input's. */
static void send_frame(struct ends *e, struct fuzz_input *in)
{
	struct hexo_session_head h = {
		.magic = HEXO_SESSION_MAGIC,
		.type = fuzz_byte(in) % 5,
		.version = HEXO_SESSION_VERSION,
		.length = fuzz_byte(in),
	};
	int8_t off = (int8_t)fuzz_byte(in), ahead = (int8_t)fuzz_byte(in);
	size_t len = h.length;
	const void *data = fuzz_bytes(in, &len);

	if (h.type != HEXO_SESSION_BYTES && off >= 0)
		h.length = 0;
	h.offset = h.type == HEXO_SESSION_ACK ? 0 : e->session.received;
	if (off < -100)
		h.offset += (uint64_t)(int64_t)off;
	h.received = e->session.acked + (uint64_t)(int64_t)ahead;
	if (ahead > 100)
		h.received = e->session.sent;
	(void)send(e->link, &h, sizeof(h), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)send(e->link, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void turn(struct ends *e)
{
	uint64_t nothing = 0;

	switch (node_session_turn(&e->session, -1, 0)) {
	case NODE_SESSION_OVER:
		e->over = true;
		break;
	case NODE_SESSION_BROKEN:
		fuzz_check(e->session.link < 0);
		break;
	default:
		break;
	}
	drain(e->near, &e->delivered);
	drain(e->link, &nothing);
	fuzz_check(e->session.acked <= e->session.sent);
	fuzz_check(e->session.sent <= e->session.taken);
	fuzz_check(e->session.taken <= e->put);
	fuzz_check(e->delivered <= e->session.received);
	fuzz_check(e->session.kept.len - e->session.kept_at ==
		   e->session.taken - e->session.acked);
}

static void step(struct ends *e, struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in);
	size_t len = what >> 3;
	const void *data;
	ssize_t n;

	switch (what & 7) {
	case 0:
		len = len << 6;
		data = fuzz_bytes(in, &len);
		n = send(e->near, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		e->put += n > 0 ? (uint64_t)n : 0;
		break;
	case 1:
		data = fuzz_bytes(in, &len);
		(void)send(e->link, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
		break;
	case 2:
		link_new(e, e->session.acked + len);
		break;
	case 3:
		node_session_unlink(&e->session);
		break;
	case 4:
		shutdown(len & 1 ? e->near : e->link, SHUT_WR);
		break;
	case 5:
		turn(e);
		break;
	default:
		send_frame(e, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ends e;
	struct fuzz_input in = { data, size };
	unsigned before = fuzz_descriptors();
	int pair[2];

	e = (struct ends){ .link = -1 };
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	e.near = pair[0];
	node_session_init(&e.session, pair[1]);
	link_new(&e, 0);
	for (int i = 0; i < STEPS_MAX && in.left && !e.over; i++)
		step(&e, &in);
	if (!e.over)
		turn(&e);
	node_session_close(&e.session);
	close(e.near);
	if (e.link >= 0)
		close(e.link);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
