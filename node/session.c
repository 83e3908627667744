/* SPDX-License-Identifier: Apache-2.0 */
#include "node/session.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
	HEAD = sizeof(struct hexo_session_head),
	PIECE = 64 << 10,
	IN_MAX = 256 << 10,                   /* not yet taken here */
	ACK_EVERY = HEXO_SESSION_WINDOW / 16, /* bytes */
	CHILD_MS = 500,
	SIGNAL_MAX = 64,
};

void node_session_init(struct node_session *s, int near)
{
	*s = (struct node_session){ .near = near, .link = -1 };
}

void node_session_unlink(struct node_session *s)
{
	if (s->link >= 0)
		close(s->link);
	s->link = -1;
	s->head_done = s->payload_left = 0;
	s->frame_at = s->frame_len = 0;
	s->sent = s->acked;
	s->ended = false;
}

static void close_near(struct node_session *s)
{
	if (s->near >= 0)
		close(s->near);
	s->near = -1;
	s->near_ended = true;
	/* What it has not taken nobody will. */
	s->in.len = s->in_at = 0;
}

void node_session_close(struct node_session *s)
{
	node_session_unlink(s);
	close_near(s);
	base_buffer_free(&s->kept);
	base_buffer_free(&s->in);
}

/* Bytes at the front of a buffer are done with. */
static void drop(struct base_buffer *b, size_t *at, size_t n)
{
	*at += n;
	if (*at <= b->len / 2)
		return;
	b->len -= *at;
	memmove(b->data, b->data + *at, b->len);
	*at = 0;
}

/* The other end has received so much. */
static int note_acked(struct node_session *s, uint64_t received)
{
	if (received < s->acked || received > s->taken)
		return -EPROTO;
	drop(&s->kept, &s->kept_at, received - s->acked);
	s->acked = received;
	if (s->sent < received)
		s->sent = received;
	return 0;
}

int node_session_link(struct node_session *s, int link, uint64_t received,
		      struct hexo_error *err)
{
	node_session_unlink(s);
	if (note_acked(s, received) < 0) {
		close(link);
		return hexo_fail(err, -EPROTO,
				 "the other end says it has %llu bytes; from "
				 "%llu to %llu can be",
				 (unsigned long long)received,
				 (unsigned long long)s->acked,
				 (unsigned long long)s->taken);
	}
	s->link = link;
	s->told = s->received;
	return 0;
}

/* ---- near ---- */

static bool near_reads(const struct node_session *s)
{
	return !s->near_ended && !s->far_ended &&
	       s->taken - s->acked < HEXO_SESSION_WINDOW;
}

static bool near_writes(const struct node_session *s)
{
	return s->near >= 0 && s->in_at < s->in.len;
}

static bool from_near(struct node_session *s)
{
	char data[PIECE];
	ssize_t n;

	if (!near_reads(s))
		return false;
	n = recv(s->near, data, sizeof(data), MSG_DONTWAIT);
	if (n > 0) {
		base_buffer_add(&s->kept, data, (size_t)n);
		s->taken += (uint64_t)n;
		return true;
	}
	if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		close_near(s);
		return true;
	}
	return false;
}

static bool to_near(struct node_session *s)
{
	ssize_t n;

	if (s->far_ended && !near_writes(s) && s->near >= 0) {
		close_near(s);
		return true;
	}
	if (!near_writes(s))
		return false;
	n = send(s->near, s->in.data + s->in_at, s->in.len - s->in_at,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0) {
		drop(&s->in, &s->in_at, (size_t)n);
		return true;
	}
	if (n < 0 && errno != EAGAIN && errno != EINTR) {
		/* What it said before it went is still to be read. */
		s->in.len = s->in_at = 0;
		return true;
	}
	return false;
}

/* ---- link ---- */

/* What killed the child, whose channel has ended: the kernel closes it some
 * moments before it says so. The child stays to be waited for. */
static uint32_t killed_by(pid_t child)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, child, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };
	siginfo_t info = { 0 };

	if (fd < 0 || poll(&p, 1, CHILD_MS) <= 0 ||
	    waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT) < 0)
		return 0;
	return info.si_code == CLD_KILLED || info.si_code == CLD_DUMPED
		       ? (uint32_t)info.si_status
		       : 0;
}

static bool make_frame(struct node_session *s)
{
	struct hexo_session_head head = {
		.magic = HEXO_SESSION_MAGIC,
		.version = HEXO_SESSION_VERSION,
		.received = s->received,
		.offset = s->sent,
	};

	if (s->sent < s->taken) {
		uint64_t left = s->taken - s->sent;

		head.type = HEXO_SESSION_BYTES;
		head.length = left < HEXO_SESSION_DATA ? (uint32_t)left
						       : HEXO_SESSION_DATA;
		memcpy(s->frame + HEAD,
		       s->kept.data + s->kept_at + (s->sent - s->acked),
		       head.length);
		s->sent += head.length;
	} else if (s->near_ended && !s->ended) {
		head.type = HEXO_SESSION_END;
		head.signal = s->child ? killed_by(s->child) : 0;
		s->ended = true;
	} else if (s->received - s->told >= ACK_EVERY) {
		head.type = HEXO_SESSION_ACK;
		head.offset = 0;
	} else {
		return false;
	}
	memcpy(s->frame, &head, HEAD);
	s->told = s->received;
	s->frame_at = 0;
	s->frame_len = HEAD + head.length;
	return true;
}

static int to_link(struct node_session *s)
{
	ssize_t n;

	if (s->frame_at == s->frame_len && !make_frame(s))
		return 0;
	n = send(s->link, s->frame + s->frame_at, s->frame_len - s->frame_at,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	s->frame_at += (size_t)n;
	return 1;
}

/* A whole head has come. */
static int take_head(struct node_session *s)
{
	const struct hexo_session_head *h = &s->head;
	bool bytes = h->type == HEXO_SESSION_BYTES;

	if (h->magic != HEXO_SESSION_MAGIC ||
	    h->version != HEXO_SESSION_VERSION ||
	    h->signal > (h->type == HEXO_SESSION_END ? SIGNAL_MAX : 0) ||
	    h->type < HEXO_SESSION_BYTES || h->type > HEXO_SESSION_END ||
	    (bytes ? !h->length || h->length > HEXO_SESSION_DATA : h->length))
		return -EPROTO;
	if (h->offset != (h->type == HEXO_SESSION_ACK ? 0 : s->received))
		return -EPROTO;
	if (bytes && s->far_ended)
		return -EPROTO;
	s->head_done = 0;
	s->payload_left = h->length;
	if (h->type == HEXO_SESSION_END) {
		s->far_ended = true;
		s->far_signal = h->signal;
	}
	return note_acked(s, h->received);
}

static int take(struct node_session *s, const char *data, size_t len)
{
	while (len) {
		size_t n = s->payload_left ?: HEAD - s->head_done;
		int r = 0;

		n = n < len ? n : len;
		if (s->payload_left) {
			if (s->near >= 0)
				base_buffer_add(&s->in, data, n);
			s->received += n;
			s->payload_left -= n;
		} else {
			memcpy((char *)&s->head + s->head_done, data, n);
			s->head_done += n;
			if (s->head_done == HEAD)
				r = take_head(s);
		}
		if (r < 0)
			return r;
		data += n;
		len -= n;
	}
	return 0;
}

static bool link_reads(const struct node_session *s)
{
	return s->in.len - s->in_at < IN_MAX;
}

static int from_link(struct node_session *s)
{
	char data[PIECE];
	ssize_t n;
	int r;

	if (!link_reads(s))
		return 0;
	n = recv(s->link, data, sizeof(data), MSG_DONTWAIT);
	if (n < 0)
		return errno == EAGAIN || errno == EINTR ? 0 : -errno;
	if (n == 0)
		return -ECONNRESET;
	r = take(s, data, (size_t)n);
	return r < 0 ? r : 1;
}

/* ---- both ---- */

static bool is_over(const struct node_session *s)
{
	return s->far_ended && s->near < 0 && s->ended &&
	       s->frame_at == s->frame_len;
}

static int move(struct node_session *s)
{
	int moved = from_near(s) | to_near(s), r;

	if (s->link < 0)
		return moved;
	r = from_link(s);
	if (r >= 0) {
		moved |= r;
		r = to_link(s);
	}
	return r < 0 ? r : moved | r;
}

static short events(bool in, bool out)
{
	return (short)((in ? POLLIN : 0) | (out ? POLLOUT : 0));
}

enum node_session_state node_session_turn(struct node_session *s, int other,
					  int timeout_ms)
{
	struct pollfd fds[3];
	int r;

	while ((r = move(s)) > 0 && !is_over(s))
		;
	if (is_over(s))
		return NODE_SESSION_OVER;
	if (r < 0) {
		node_session_unlink(s);
		return NODE_SESSION_BROKEN;
	}
	fds[0] = (struct pollfd){
		.fd = s->near,
		.events = events(near_reads(s), near_writes(s)),
	};
	fds[1] = (struct pollfd){
		.fd = s->link,
		.events = events(link_reads(s), s->frame_at < s->frame_len),
	};
	fds[2] = (struct pollfd){ .fd = other, .events = POLLIN };
	/* One that hung up would say so again and again. */
	for (int i = 0; i < 2; i++)
		if (!fds[i].events)
			fds[i].fd = -1;
	if (poll(fds, 3, timeout_ms) > 0 && fds[2].revents)
		return NODE_SESSION_OTHER;
	return NODE_SESSION_ON;
}
