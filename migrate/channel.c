/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/channel.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "migrate/hash.h"

enum { HEAD = sizeof(struct hexo_msg_head) };

static const char *const names[] = {
	[HEXO_MSG_START] = "START",
	[HEXO_MSG_PARK] = "PARK",
	[HEXO_MSG_RECEIVE] = "RECEIVE",
	[HEXO_MSG_SHIP] = "SHIP",
	[HEXO_MSG_RESUME] = "RESUME",
	[HEXO_MSG_RUN] = "RUN",
	[HEXO_MSG_RELEASE] = "RELEASE",
	[HEXO_MSG_IO_REPLY] = "IO_REPLY",
	[HEXO_MSG_KILL] = "KILL",
	[HEXO_MSG_PROBE] = "PROBE",
	[HEXO_MSG_COPY] = "COPY",
	[HEXO_MSG_COPY_STOP] = "COPY_STOP",
	[HEXO_MSG_SIZE] = "SIZE",
	[HEXO_MSG_HELLO] = "HELLO",
	[HEXO_MSG_PARKED] = "PARKED",
	[HEXO_MSG_SHIPPED] = "SHIPPED",
	[HEXO_MSG_COMMIT] = "COMMIT",
	[HEXO_MSG_RUNNING] = "RUNNING",
	[HEXO_MSG_IO] = "IO",
	[HEXO_MSG_EXIT] = "EXIT",
	[HEXO_MSG_FAULT] = "FAULT",
	[HEXO_MSG_LOG] = "LOG",
	[HEXO_MSG_ERROR] = "ERROR",
	[HEXO_MSG_PROBED] = "PROBED",
	[HEXO_MSG_COPIED] = "COPIED",
	[HEXO_MSG_WHOLE] = "WHOLE",
	[HEXO_MSG_SIZED] = "SIZED",
	[HEXO_MSG_ROUND] = "ROUND",
	[HEXO_MSG_KEPT] = "KEPT",
	[HEXO_MSG_STREAM] = "STREAM",
	[HEXO_MSG_NEED] = "NEED",
	[HEXO_MSG_GOT] = "GOT",
	[HEXO_MSG_LOCAL_OPEN] = "LOCAL_OPEN",
	[HEXO_MSG_LOCAL_GRANT] = "LOCAL_GRANT",
	[HEXO_MSG_LOCAL_SYNC] = "LOCAL_SYNC",
	[HEXO_MSG_LOCAL_ASK] = "LOCAL_ASK",
	[HEXO_MSG_LOCAL_STATE] = "LOCAL_STATE",
	[HEXO_MSG_LOCAL_SYNCED] = "LOCAL_SYNCED",
	[HEXO_MSG_NODE_INFO] = "NODE_INFO",
	[HEXO_MSG_NODE_IMAGE] = "NODE_IMAGE",
	[HEXO_MSG_NODE_PUT] = "NODE_PUT",
	[HEXO_MSG_NODE_DATA] = "NODE_DATA",
	[HEXO_MSG_NODE_VM] = "NODE_VM",
	[HEXO_MSG_NODE_REFUSED] = "NODE_REFUSED",
	[HEXO_MSG_NODE_RESUME] = "NODE_RESUME",
	[HEXO_MSG_NODE_SESSION] = "NODE_SESSION",
	[HEXO_MSG_NODE_SPEED] = "NODE_SPEED",
};

static bool msg_known(unsigned type)
{
	return type < sizeof(names) / sizeof(names[0]) && names[type];
}

const char *migrate_msg_name(unsigned type)
{
	return msg_known(type) ? names[type] : "unknown";
}

int migrate_msg_check(const struct migrate_msg *msg, size_t size, bool exact,
		      struct hexo_error *err)
{
	if (msg->len < size || (exact && msg->len != size))
		return hexo_fail(err, -EPROTO,
				 "%s message of %u bytes, expected %s%zu",
				 migrate_msg_name(msg->type), msg->len,
				 exact ? "" : "at least ", size);
	return 0;
}

void migrate_inbox_free(struct migrate_inbox *in)
{
	free(in->data);
	*in = (struct migrate_inbox){ 0 };
}

/* The head is whole: checks it and makes room for the payload. */
static int inbox_head(struct migrate_inbox *in, struct hexo_error *err)
{
	const struct hexo_msg_head *h = &in->head;
	char *data;

	if (h->magic != HEXO_MSG_MAGIC)
		return hexo_fail(err, -EPROTO,
				 "not a message: magic is 0x%08x, not 0x%08x",
				 h->magic, HEXO_MSG_MAGIC);
	if (h->version != HEXO_MSG_VERSION)
		return hexo_fail(err, -EPROTO,
				 "message of version %u; this program speaks "
				 "version %u",
				 h->version, HEXO_MSG_VERSION);
	if (!msg_known(h->type))
		return hexo_fail(err, -EPROTO, "message of unknown type %u",
				 h->type);
	if (h->length > HEXO_MSG_MAX)
		return hexo_fail(err, -EPROTO,
				 "%s message of %u bytes; at most %u",
				 names[h->type], h->length, HEXO_MSG_MAX);
	if (h->reserved)
		return hexo_fail(err, -EPROTO,
				 "%s message with a reserved field set",
				 names[h->type]);
	if (h->length + 1 > in->room) {
		data = realloc(in->data, h->length + 1);
		if (!data)
			return hexo_fail(err, -ENOMEM,
					 "no memory for a message of %u bytes",
					 h->length);
		in->data = data;
		in->room = h->length + 1;
	}
	return 0;
}

/* Where the next bytes belong and how many are wanted there; starts a new
 * message if the last one was whole. */
static char *inbox_room(struct migrate_inbox *in, size_t *len)
{
	if (in->done >= HEAD && in->done == HEAD + in->head.length)
		in->done = 0;
	if (in->done < HEAD) {
		*len = HEAD - in->done;
		return (char *)&in->head + in->done;
	}
	*len = HEAD + in->head.length - in->done;
	return in->data + (in->done - HEAD);
}

/* n bytes were put where inbox_room() said. 1: the message is whole. */
static int inbox_filled(struct migrate_inbox *in, size_t n,
			struct hexo_error *err)
{
	uint64_t checksum;
	int r;

	in->done += (uint32_t)n;
	if (in->done == HEAD) {
		r = inbox_head(in, err);
		if (r < 0)
			return r;
	}
	if (in->done < HEAD || in->done < HEAD + in->head.length)
		return 0;
	checksum = migrate_hash(in->data, in->head.length, in->head.type);
	if (checksum != in->head.checksum)
		return hexo_fail(err, -EPROTO,
				 "%s message of %u bytes is damaged: "
				 "wrong checksum",
				 names[in->head.type], in->head.length);
	in->data[in->head.length] = '\0';
	in->msg.type = in->head.type;
	in->msg.len = in->head.length;
	in->msg.data = in->data;
	return 1;
}

static ssize_t inbox_recv(int fd, void *to, size_t len)
{
	ssize_t n;

	do {
		n = recv(fd, to, len, MSG_DONTWAIT);
		if (n < 0 && errno == ENOTSOCK)
			n = read(fd, to, len);
	} while (n < 0 && errno == EINTR);
	return n;
}

int migrate_inbox_read(struct migrate_inbox *in, int fd, struct hexo_error *err)
{
	int r;

	do {
		size_t len;
		char *to = inbox_room(in, &len);
		ssize_t n = inbox_recv(fd, to, len);

		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK))
			return 0;
		if (n < 0)
			return hexo_fail_errno(err, "cannot read a message");
		if (n == 0 && in->done == 0)
			return hexo_fail(err, -ENODATA,
					 "the peer closed the connection");
		if (n == 0)
			return hexo_fail(err, -EPIPE,
					 "the peer closed the connection "
					 "inside a message");
		r = inbox_filled(in, (size_t)n, err);
	} while (r == 0);
	return r;
}

static int wait_for(int fd, short events, int timeout_ms,
		    struct hexo_error *err)
{
	struct pollfd p = { .fd = fd, .events = events };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r < 0)
		return hexo_fail_errno(err, "cannot wait for the channel");
	if (r == 0)
		return hexo_fail(err, -ETIMEDOUT, "no message within %d ms",
				 timeout_ms);
	return 0;
}

int migrate_inbox_wait(struct migrate_inbox *in, int fd, int timeout_ms,
		       struct hexo_error *err)
{
	uint64_t end = base_now_ns() / 1000000 + (uint64_t)timeout_ms;
	int r;

	while ((r = migrate_inbox_read(in, fd, err)) == 0) {
		int left = -1;

		if (timeout_ms >= 0) {
			uint64_t now = base_now_ns() / 1000000;

			left = now < end ? (int)(end - now) : 0;
		}
		r = wait_for(fd, POLLIN, left, err);
		if (r < 0)
			return r;
	}
	return r < 0 ? r : 0;
}

int migrate_inbox_feed(struct migrate_inbox *in, const void *data, size_t len,
		       size_t *used, struct hexo_error *err)
{
	int r = 0;

	*used = 0;
	while (r == 0 && *used < len) {
		size_t room;
		char *to = inbox_room(in, &room);

		if (room > len - *used)
			room = len - *used;
		memcpy(to, (const char *)data + *used, room);
		*used += room;
		r = inbox_filled(in, room, err);
	}
	return r;
}

/* Sends all parts; they are consumed. */
static int channel_write(int fd, struct iovec *parts, int count,
			 struct hexo_error *err)
{
	struct msghdr msg = { .msg_iov = parts, .msg_iovlen = (size_t)count };

	while (msg.msg_iovlen) {
		ssize_t n = sendmsg(fd, &msg, MSG_NOSIGNAL);
		int r;

		if (n < 0 && errno == ENOTSOCK)
			n = writev(fd, msg.msg_iov, (int)msg.msg_iovlen);
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK)) {
			r = wait_for(fd, POLLOUT, -1, err);
			if (r < 0)
				return r;
			continue;
		}
		if (n < 0)
			return hexo_fail_errno(err, "cannot send a message");
		while (msg.msg_iovlen && (size_t)n >= msg.msg_iov->iov_len) {
			n -= (ssize_t)msg.msg_iov->iov_len;
			msg.msg_iov++;
			msg.msg_iovlen--;
		}
		if (msg.msg_iovlen) {
			msg.msg_iov->iov_base =
				(char *)msg.msg_iov->iov_base + n;
			msg.msg_iov->iov_len -= (size_t)n;
		}
	}
	return 0;
}

struct hexo_msg_head migrate_msg_head(unsigned type, const struct iovec *parts,
				      int count)
{
	struct hexo_msg_head head = {
		.magic = HEXO_MSG_MAGIC,
		.type = (uint16_t)type,
		.version = HEXO_MSG_VERSION,
		.checksum = migrate_hash_parts(parts, count, type),
	};

	for (int i = 0; i < count; i++)
		head.length += (uint32_t)parts[i].iov_len;
	return head;
}

int migrate_channel_sendv(int fd, unsigned type, const struct iovec *parts,
			  int count, struct hexo_error *err)
{
	struct iovec all[MIGRATE_PARTS_MAX + 1];
	struct hexo_msg_head head;
	size_t len = 0;
	int i, r;

	if (count < 0 || count > MIGRATE_PARTS_MAX)
		return hexo_fail(err, -EINVAL, "a message of %d parts", count);
	for (i = 0; i < count; i++) {
		all[i + 1] = parts[i];
		len += parts[i].iov_len;
	}
	if (len > HEXO_MSG_MAX)
		return hexo_fail(err, -EMSGSIZE,
				 "%s message of %zu bytes; at most %u",
				 migrate_msg_name(type), len, HEXO_MSG_MAX);
	head = migrate_msg_head(type, parts, count);
	all[0] = (struct iovec){ &head, sizeof(head) };
	r = channel_write(fd, all, count + 1, err);
	if (r < 0)
		return hexo_fail_context(err, "%s", migrate_msg_name(type));
	return 0;
}

int migrate_channel_send(int fd, unsigned type, const void *data, size_t len,
			 struct hexo_error *err)
{
	struct iovec part = { (void *)data, len };

	return migrate_channel_sendv(fd, type, &part, 1, err);
}

int migrate_channel_print(int fd, unsigned type, struct hexo_error *err,
			  const char *fmt, ...)
{
	char text[2048];
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	if (n < 0)
		n = 0;
	if ((size_t)n >= sizeof(text))
		n = sizeof(text) - 1;
	return migrate_channel_send(fd, type, text, (size_t)n, err);
}
