/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/link.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

void cli_link_open(struct cli_link *link, int fd)
{
	*link = (struct cli_link){ .fd = fd };
}

void cli_link_close(struct cli_link *link)
{
	if (link->fd >= 0)
		close(link->fd);
	migrate_inbox_free(&link->inbox);
	base_buffer_free(&link->queue);
	*link = (struct cli_link){ .fd = -1 };
}

size_t cli_link_queued(const struct cli_link *link)
{
	return link->queue.len - link->sent;
}

int cli_link_flush(struct cli_link *link, struct hexo_error *err)
{
	while (cli_link_queued(link)) {
		ssize_t n = send(link->fd, link->queue.data + link->sent,
				 cli_link_queued(link),
				 MSG_NOSIGNAL | MSG_DONTWAIT);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return hexo_fail_errno(err, "cannot send to the VM");
		link->sent += (size_t)n;
	}
	link->queue.len = link->sent = 0;
	return 0;
}

int cli_link_sendv(struct cli_link *link, unsigned type,
		   const struct iovec *parts, int count, struct hexo_error *err)
{
	const struct hexo_msg_head head = migrate_msg_head(type, parts, count);

	if (link->fd < 0)
		return hexo_fail(err, -ENOTCONN, "the VM is gone");
	/* A queue that is never empty must not grow with what is sent. */
	if (link->sent > link->queue.len / 2) {
		link->queue.len -= link->sent;
		memmove(link->queue.data, link->queue.data + link->sent,
			link->queue.len);
		link->sent = 0;
	}
	base_buffer_add(&link->queue, &head, sizeof(head));
	for (int i = 0; i < count; i++)
		base_buffer_add(&link->queue, parts[i].iov_base,
				parts[i].iov_len);
	return cli_link_flush(link, err);
}

int cli_link_send(struct cli_link *link, unsigned type, const void *data,
		  size_t len, struct hexo_error *err)
{
	const struct iovec part = { (void *)data, len };

	return cli_link_sendv(link, type, &part, 1, err);
}
