/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One end of a session (hexo/session.h): bytes between a socket here, which
 * stays, and a link to the other end, which may break and be replaced.
 */
#ifndef HEXO_NODE_SESSION_H
#define HEXO_NODE_SESSION_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/base.h"
#include "hexo/session.h"

struct node_session {
	int near, link;          /* -1: closed; broken */
	struct base_buffer kept; /* read from near, [acked, taken) */
	size_t kept_at;          /* where that begins in the buffer */
	uint64_t acked, sent, taken;
	struct base_buffer in; /* received, not yet written to near */
	size_t in_at;
	uint64_t received, told;           /* told: to the other end */
	bool near_ended, far_ended, ended; /* ended: our END is in a frame */
	pid_t child; /* near's other end, whose end our END tells; or 0 */
	uint32_t far_signal; /* what the other end's END told */

	/* Frames that are under way; a broken link forgets them. */
	struct hexo_session_head head;
	size_t head_done, payload_left;
	size_t frame_at, frame_len;
	char frame[sizeof(struct hexo_session_head) + HEXO_SESSION_DATA];
};

enum node_session_state {
	NODE_SESSION_ON,
	NODE_SESSION_BROKEN, /* there is no link any more */
	NODE_SESSION_OVER,   /* both ends have said all */
	NODE_SESSION_OTHER,  /* the other descriptor is readable */
};

/* Takes near over. The session has no link yet. */
void node_session_init(struct node_session *s, int near);

/* Takes a link over, in place of the one there is; received: how far the
 * other end says to have received. -EPROTO if that cannot be. */
int node_session_link(struct node_session *s, int link, uint64_t received,
		      struct hexo_error *err);

/* No link: what is on its way is to be sent anew. */
void node_session_unlink(struct node_session *s);

/* Moves what can be moved, and waits for more for a while (-1: for ever);
 * other is a descriptor that is waited for, too (-1: none). */
enum node_session_state node_session_turn(struct node_session *s, int other,
					  int timeout_ms);

void node_session_close(struct node_session *s);

#endif
