/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/shared/ends.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "hexo/io.h"

/* The longest message that has fields. */
enum { PAYLOAD_MAX = sizeof(struct hexo_msg_fault) + 256 };

void fuzz_end_open(struct fuzz_end *e, int fd, unsigned tag,
		   const struct fuzz_hello *hello)
{
	*e = (struct fuzz_end){ .fd = fd, .tag = tag, .hello = *hello };
}

void fuzz_end_close(struct fuzz_end *e)
{
	if (e->fd >= 0)
		close(base_take_fd(e->fd));
	migrate_inbox_free(&e->in);
	base_buffer_free(&e->out);
	e->in = (struct migrate_inbox){ 0 };
	e->out = (struct base_buffer){ 0 };
}

static void flush(struct fuzz_end *e)
{
	ssize_t n = 0;

	while (e->fd >= 0 && e->out.len && n >= 0) {
		n = send(e->fd, e->out.data, e->out.len,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			continue;
		e->out.len -= (size_t)n;
		memmove(e->out.data, e->out.data + n, e->out.len);
	}
}

/* Drops it if too much waits already: the home does not read. */
static void put(struct fuzz_end *e, unsigned type, const void *data, size_t len)
{
	const struct iovec part = { (void *)data, len };
	struct hexo_msg_head head;

	if (e->fd < 0 || e->out.len > 1 << 20)
		return;
	head = migrate_msg_head(type, &part, 1);
	base_buffer_add(&e->out, &head, sizeof(head));
	base_buffer_add(&e->out, data, len);
	flush(e);
}

/* ---- what an honest one answers ---- */

static void put_usage(struct fuzz_end *e, unsigned type, uint64_t polls)
{
	const struct hexo_msg_usage usage = { .polls = polls, .bytes = 100 };

	put(e, type, &usage, sizeof(usage));
}

static void answer(struct fuzz_end *e, const struct migrate_msg *msg)
{
	static const char stream[] = "stream", last[] = "last";
	const struct hexo_msg_copied copied = { .rounds = 1, .bytes = 6 };
	const struct hexo_msg_sized sized = { .bytes = 6 };
	const struct hexo_msg_whole whole = { .faults = 1 };
	struct hexo_msg_ship ship;

	switch (msg->type) {
	case HEXO_MSG_PARK:
		put_usage(e, HEXO_MSG_PARKED, 0);
		break;
	case HEXO_MSG_COPY:
		put(e, HEXO_MSG_STREAM, stream, sizeof(stream));
		put(e, HEXO_MSG_COPIED, &copied, sizeof(copied));
		break;
	case HEXO_MSG_SIZE:
		put(e, HEXO_MSG_SIZED, &sized, sizeof(sized));
		break;
	case HEXO_MSG_COPY_STOP:
		put(e, HEXO_MSG_COPIED, &copied, sizeof(copied));
		break;
	case HEXO_MSG_SHIP:
		memcpy(&ship, msg->data, sizeof(ship));
		put(e, HEXO_MSG_STREAM, ship.later ? last : stream,
		    ship.later ? sizeof(last) : sizeof(stream));
		put(e, HEXO_MSG_STREAM, last, sizeof(last));
		put_usage(e, HEXO_MSG_SHIPPED, 0);
		break;
	case HEXO_MSG_STREAM:
		/* In a post-copy more comes after what it commits to. */
		if (e->committed)
			put(e, HEXO_MSG_WHOLE, &whole, sizeof(whole));
		else if (msg->len == sizeof(last))
			put_usage(e, HEXO_MSG_COMMIT, 0);
		e->committed = msg->len == sizeof(last);
		break;
	case HEXO_MSG_RUN:
	case HEXO_MSG_RESUME:
		put_usage(e, HEXO_MSG_RUNNING, 0);
		break;
	default:
		break;
	}
}

void fuzz_end_turn(struct fuzz_end *e)
{
	struct hexo_error err;
	int r = 1;

	flush(e);
	while (e->fd >= 0 && !e->stuck && r > 0) {
		r = migrate_inbox_read(&e->in, e->fd, &err);
		if (r > 0 && e->honest)
			answer(e, &e->in.msg);
	}
	if (r == -EPROTO)
		fuzz_fail(__FILE__, __LINE__, err.text);
	if (r < 0)
		fuzz_end_close(e);
}

/* ---- what the input says ---- */

/* The payload that a type should have; returns its length. */
static size_t payload(struct fuzz_end *e, unsigned type, unsigned number,
		      char data[PAYLOAD_MAX])
{
	const struct hexo_msg_hello hello = {
		.version = HEXO_MSG_VERSION,
		.isa = e->hello.isa,
		.build_id = { e->hello.build_id[0], e->hello.build_id[1] },
		.layout_hash = e->hello.layout_hash,
		.no_fetch = number == 255 ? EPERM : 0,
	};
	const struct hexo_msg_usage usage = { .polls = number * UINT64_C(100) };
	const struct hexo_msg_copied copied = { .rounds = number };
	const struct hexo_msg_fault fault = { .stack_len = number % 200 };
	const struct hexo_msg_io io = {
		.op = number % HEXO_IO_OPS,
		.out_len = number % 16 << 16,
	};

	memset(data, 'd', PAYLOAD_MAX);
	switch (type) {
	case HEXO_MSG_HELLO:
		memcpy(data, &hello, sizeof(hello));
		return sizeof(hello);
	case HEXO_MSG_COPIED:
	case HEXO_MSG_ROUND:
		memcpy(data, &copied, sizeof(copied));
		return sizeof(copied);
	case HEXO_MSG_FAULT:
		memcpy(data, &fault, sizeof(fault));
		return sizeof(fault) + fault.stack_len + 20;
	case HEXO_MSG_IO:
		memcpy(data, &io, sizeof(io));
		return sizeof(io) + number % 64;
	case HEXO_MSG_WHOLE:
		return sizeof(struct hexo_msg_whole);
	case HEXO_MSG_NEED:
	case HEXO_MSG_GOT:
		return sizeof(struct hexo_msg_need);
	case HEXO_MSG_SIZED:
		return sizeof(struct hexo_msg_sized);
	case HEXO_MSG_PROBED:
		return sizeof(struct hexo_msg_probed);
	case HEXO_MSG_STREAM:
	case HEXO_MSG_LOG:
	case HEXO_MSG_ERROR:
		return number;
	default:
		memcpy(data, &usage, sizeof(usage));
		return sizeof(usage);
	}
}

void fuzz_end_message(struct fuzz_end *e, struct fuzz_input *in)
{
	static const uint8_t types[] = {
		HEXO_MSG_HELLO,  HEXO_MSG_PARKED,  HEXO_MSG_SHIPPED,
		HEXO_MSG_COMMIT, HEXO_MSG_RUNNING, HEXO_MSG_IO,
		HEXO_MSG_EXIT,   HEXO_MSG_FAULT,   HEXO_MSG_LOG,
		HEXO_MSG_ERROR,  HEXO_MSG_PROBED,  HEXO_MSG_COPIED,
		HEXO_MSG_WHOLE,  HEXO_MSG_STREAM,  HEXO_MSG_NEED,
		HEXO_MSG_GOT,    HEXO_MSG_SIZED,   HEXO_MSG_ROUND,
	};
	uint8_t how = fuzz_byte(in) >> 4, off;
	unsigned type = types[fuzz_byte(in) % sizeof(types)];
	char data[PAYLOAD_MAX];
	size_t len = payload(e, type, fuzz_byte(in), data), n;
	int64_t tag = e->tag;
	const void *bytes;

	if (how == 1)
		len = fuzz_byte(in);
	if (how == 2)
		type = fuzz_byte(in);
	if (how >= 12) {
		off = fuzz_byte(in);
		n = fuzz_byte(in) % 32;
		bytes = fuzz_bytes(in, &n);
		memcpy(data + off, bytes, n);
	}
	if (type == HEXO_MSG_IO)
		memcpy(data + offsetof(struct hexo_msg_io, arg[3]), &tag,
		       sizeof(tag));
	put(e, type, data, len);
}

void fuzz_end_bulk(struct fuzz_end *e, struct fuzz_input *in)
{
	static char data[64 << 10];
	const struct hexo_msg_io io = {
		.op = HEXO_IO_READ,
		.out_len = HEXO_IO_MAX,
		.arg[3] = e->tag,
	};
	const struct hexo_msg_probed probed = { 0 };
	uint8_t what = fuzz_byte(in);

	for (unsigned i = 0; i < what >> 2; i++) {
		if (what & 2)
			put(e, HEXO_MSG_STREAM, data, sizeof(data));
		else if (what & 1)
			put(e, HEXO_MSG_IO, &io, sizeof(io));
		else
			put(e, HEXO_MSG_PROBED, &probed, sizeof(probed));
	}
}

void fuzz_end_raw(struct fuzz_end *e, struct fuzz_input *in)
{
	size_t len = fuzz_byte(in) % 64;
	const void *data = fuzz_bytes(in, &len);

	if (e->fd >= 0 && e->out.len < 1 << 20)
		base_buffer_add(&e->out, data, len);
	flush(e);
}
