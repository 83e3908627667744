/* SPDX-License-Identifier: Apache-2.0 */
#include "node/pump.h"

#include <errno.h>
#include <openssl/err.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "base/sandbox.h"

enum { PUMP_ROOM = 64 << 10, GOODBYE_MS = 2000 };

struct pump_buffer {
	size_t from, to; /* bytes that are there: [from, to) */
	char data[PUMP_ROOM];
};

struct pump {
	SSL *ssl;
	int tcp, plain;
	struct pump_buffer in, out; /* from the peer; to the peer */
	bool peer_ended, near_ended;
	short tcp_events, plain_events; /* what there is to wait for */
};

static bool is_empty(const struct pump_buffer *b)
{
	return b->from == b->to;
}

static bool took(struct pump_buffer *b, size_t n)
{
	b->from += n;
	if (b->from == b->to)
		b->from = b->to = 0;
	return true;
}

static bool filled(struct pump_buffer *b, size_t n)
{
	b->from = 0;
	b->to = n;
	return true;
}

/* A call of OpenSSL's did nothing: waits for what it needs, or it is over. */
static void tls_waits(struct pump *p, int result)
{
	switch (SSL_get_error(p->ssl, result)) {
	case SSL_ERROR_WANT_READ:
		p->tcp_events |= POLLIN;
		break;
	case SSL_ERROR_WANT_WRITE:
		p->tcp_events |= POLLOUT;
		break;
	default:
		p->peer_ended = true;
	}
	ERR_clear_error();
}

static bool from_peer(struct pump *p)
{
	size_t n;
	int r;

	if (p->peer_ended || !is_empty(&p->in))
		return false;
	r = SSL_read_ex(p->ssl, p->in.data, PUMP_ROOM, &n);
	if (r == 1)
		return filled(&p->in, n);
	tls_waits(p, r);
	return false;
}

static bool to_peer(struct pump *p)
{
	size_t n;
	int r;

	if (p->peer_ended || is_empty(&p->out))
		return false;
	r = SSL_write_ex(p->ssl, p->out.data + p->out.from,
			 p->out.to - p->out.from, &n);
	if (r == 1)
		return took(&p->out, n);
	tls_waits(p, r);
	return false;
}

/* Whether a call on the plain socket has only to be made again later. */
static bool plain_waits(struct pump *p, short event)
{
	if (errno != EAGAIN && errno != EWOULDBLOCK)
		return errno == EINTR;
	p->plain_events |= event;
	return true;
}

static bool from_near(struct pump *p)
{
	ssize_t n;

	if (p->near_ended || !is_empty(&p->out))
		return false;
	n = recv(p->plain, p->out.data, PUMP_ROOM, MSG_DONTWAIT);
	if (n > 0)
		return filled(&p->out, (size_t)n);
	if (n == 0 || !plain_waits(p, POLLIN))
		p->near_ended = true;
	return false;
}

static bool to_near(struct pump *p)
{
	ssize_t n;

	if (is_empty(&p->in))
		return false;
	n = send(p->plain, p->in.data + p->in.from, p->in.to - p->in.from,
		 MSG_DONTWAIT | MSG_NOSIGNAL);
	if (n > 0)
		return took(&p->in, (size_t)n);
	if (!plain_waits(p, POLLOUT))
		p->near_ended = true;
	return false;
}

static bool is_over(const struct pump *p)
{
	if (p->near_ended)
		return p->peer_ended || is_empty(&p->out);
	return p->peer_ended && is_empty(&p->in);
}

void node_pump(SSL *ssl, int tcp, int plain)
{
	struct pump *p = base_alloc(sizeof(*p));

	p->ssl = ssl;
	p->tcp = tcp;
	p->plain = plain;
	for (;;) {
		bool moved = false;
		struct pollfd fds[2];

		p->tcp_events = p->plain_events = 0;
		moved |= from_peer(p);
		moved |= to_near(p);
		moved |= from_near(p);
		moved |= to_peer(p);
		if (is_over(p))
			break;
		if (moved)
			continue;
		fds[0] = (struct pollfd){ tcp, p->tcp_events, 0 };
		fds[1] = (struct pollfd){ plain, p->plain_events, 0 };
		/* One that ended would report that again and again. */
		if (p->peer_ended)
			fds[0].fd = -1;
		if (p->near_ended)
			fds[1].fd = -1;
		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			break;
	}
	if (!p->peer_ended)
		node_pump_end(ssl, tcp);
	OPENSSL_cleanse(p, sizeof(*p));
}

void node_pump_end(SSL *ssl, int tcp)
{
	uint64_t end = base_now_ns() + GOODBYE_MS * UINT64_C(1000000);
	struct pollfd p = { .fd = tcp, .events = POLLIN };
	char rest[4096];
	ssize_t n;

	SSL_shutdown(ssl);
	shutdown(tcp, SHUT_WR);
	/* Closing with bytes unread would cut off what is on its way. */
	do {
		uint64_t now = base_now_ns();

		if (now >= end ||
		    poll(&p, 1, (int)((end - now) / 1000000) + 1) <= 0)
			return;
		n = recv(tcp, rest, sizeof(rest), MSG_DONTWAIT);
	} while (n > 0 || (n < 0 && errno == EAGAIN));
}

static const int calls[] = {
	SCMP_SYS(read),         SCMP_SYS(write),
	SCMP_SYS(recvfrom),     SCMP_SYS(sendto),
	SCMP_SYS(poll),         SCMP_SYS(ppoll),
	SCMP_SYS(shutdown),     SCMP_SYS(close),
	SCMP_SYS(brk),          SCMP_SYS(munmap),
	SCMP_SYS(mremap),       SCMP_SYS(madvise),
	SCMP_SYS(futex),        SCMP_SYS(getrandom),
	SCMP_SYS(getpid),       SCMP_SYS(clock_gettime),
	SCMP_SYS(gettimeofday), SCMP_SYS(rt_sigreturn),
	SCMP_SYS(exit_group),   SCMP_SYS(restart_syscall),
};

int node_pump_sandbox(struct hexo_error *err)
{
	struct base_sandbox s;

	base_sandbox_begin(&s);
	base_sandbox_calls(&s, SCMP_ACT_ALLOW, calls,
			   sizeof(calls) / sizeof(calls[0]));
	base_sandbox_memory(&s, false);
	return base_sandbox_enter(&s, err);
}
