/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void migrate_link_open(struct migrate_link *link, int fd)
{
	*link = (struct migrate_link){ .fd = fd };
}

void migrate_link_close(struct migrate_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	migrate_inbox_free(&link->inbox);
	base_buffer_free(&link->queue);
	*link = (struct migrate_link){ .fd = -1 };
}

size_t migrate_link_queued(const struct migrate_link *link)
{
	return link->queue.len - link->sent;
}

int migrate_link_flush(struct migrate_link *link, struct hexo_error *err)
{
	while (migrate_link_queued(link)) {
		ssize_t n = send(link->fd, link->queue.data + link->sent,
				 migrate_link_queued(link),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0) {
			int r = hexo_fail_errno(err, "cannot send a message");

			/* Nobody will ever take it. */
			link->queue.len = link->sent = 0;
			return r;
		}
		link->sent += (size_t)n;
	}
	link->queue.len = link->sent = 0;
	return 0;
}

/* Sends what the socket takes at once of parts that nothing waits before;
 * *sent says how much. */
static int link_send_now(struct migrate_link *link, const struct iovec *parts,
			 int count, size_t *sent, struct hexo_error *err)
{
	const struct msghdr msg = { .msg_iov = (struct iovec *)parts,
				    .msg_iovlen = (size_t)count };
	ssize_t n;

	do
		n = sendmsg(link->fd, &msg, MSG_NOSIGNAL | MSG_DONTWAIT);
	while (n < 0 && errno == EINTR);
	*sent = n > 0 ? (size_t)n : 0;
	if (n < 0 && errno != EAGAIN && errno != EWOULDBLOCK)
		return hexo_fail_errno(err, "cannot send a message");
	return 0;
}

/* Queues the parts but for the first bytes, which were sent. */
static void link_queue(struct migrate_link *link, const struct iovec *parts,
		       int count, size_t sent)
{
	/* A queue that is never empty must not grow with what is sent. */
	if (link->sent > link->queue.len / 2) {
		link->queue.len -= link->sent;
		memmove(link->queue.data, link->queue.data + link->sent,
			link->queue.len);
		link->sent = 0;
	}
	for (int i = 0; i < count; i++) {
		size_t skip = sent < parts[i].iov_len ? sent : parts[i].iov_len;

		/* An empty part may have no address. */
		if (parts[i].iov_len > skip)
			base_buffer_add(&link->queue,
					(const char *)parts[i].iov_base + skip,
					parts[i].iov_len - skip);
		sent -= skip;
	}
}

int migrate_link_sendv(struct migrate_link *link, unsigned type,
		       const struct iovec *parts, int count,
		       struct hexo_error *err)
{
	struct hexo_msg_head head = migrate_msg_head(type, parts, count);
	struct iovec all[MIGRATE_PARTS_MAX + 1] = { { &head, sizeof(head) } };
	size_t sent = 0;
	int r;

	if (link->fd < 0)
		return hexo_fail(err, -ENOTCONN, "the channel is closed");
	if (count < 0 || count > MIGRATE_PARTS_MAX)
		return hexo_fail(err, -EINVAL, "a message of %d parts", count);
	for (int i = 0; i < count; i++)
		all[i + 1] = parts[i];
	r = migrate_link_flush(link, err);
	if (r == 0 && !migrate_link_queued(link))
		r = link_send_now(link, all, count + 1, &sent, err);
	if (r == 0)
		link_queue(link, all, count + 1, sent);
	return r;
}

int migrate_link_send(struct migrate_link *link, unsigned type,
		      const void *data, size_t len, struct hexo_error *err)
{
	const struct iovec part = { (void *)data, len };

	return migrate_link_sendv(link, type, &part, 1, err);
}
