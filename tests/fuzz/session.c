/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/session.c base/base.c base/error.c tests/fuzz/shared/link.c
// OPTIONS: -max_len=16384 -malloc_limit_mb=64
/*
 * A session whose other end sends what it likes, over links that it breaks
 * as it likes. Only bytes of frames that are in order may come out at the
 * near end, and no more may be kept than the protocol says.
 */
#include <sys/socket.h>
#include <unistd.h>

#include "tests/fuzz/shared/link.h"

enum { STEPS_MAX = 256 };

struct ends {
	struct node_session session;
	struct fuzz_link at;
	bool over;
};

static void link_new(struct ends *e, uint64_t received)
{
	int pair[2];

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	if (e->at.link >= 0)
		close(e->at.link);
	e->at.link = pair[0];
	if (node_session_link(&e->session, pair[1], received, NULL) < 0) {
		close(e->at.link);
		e->at.link = -1;
	}
}

static void turn(struct ends *e)
{
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
	fuzz_link_check(&e->at, &e->session);
}

static void step(struct ends *e, struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in);
	size_t len = what >> 3;

	switch (what & 7) {
	case 0:
		fuzz_link_near(&e->at, in, len << 6);
		break;
	case 1:
		fuzz_link_raw(&e->at, in, len);
		break;
	case 2:
		link_new(e, e->session.acked + len);
		break;
	case 3:
		node_session_unlink(&e->session);
		break;
	case 4:
		shutdown(len & 1 ? e->at.near : e->at.link, SHUT_WR);
		break;
	case 5:
		turn(e);
		break;
	default:
		fuzz_link_frame(&e->at, &e->session, in);
		break;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct ends e;
	struct fuzz_input in = { data, size };
	unsigned before = fuzz_descriptors();
	int pair[2];

	e = (struct ends){ .at.link = -1 };
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
	e.at.near = pair[0];
	node_session_init(&e.session, pair[1]);
	link_new(&e, 0);
	for (int i = 0; i < STEPS_MAX && in.left && !e.over; i++)
		step(&e, &in);
	if (!e.over)
		turn(&e);
	node_session_close(&e.session);
	close(e.at.near);
	if (e.at.link >= 0)
		close(e.at.link);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
