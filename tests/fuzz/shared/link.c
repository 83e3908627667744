/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/shared/link.h"

#include <sys/socket.h>

void fuzz_link_near(struct fuzz_link *l, struct fuzz_input *in, size_t len)
{
	const void *data = fuzz_bytes(in, &len);
	ssize_t n = send(l->near, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);

	l->put += n > 0 ? (uint64_t)n : 0;
}

void fuzz_link_raw(struct fuzz_link *l, struct fuzz_input *in, size_t len)
{
	const void *data = fuzz_bytes(in, &len);

	(void)send(l->link, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

void fuzz_link_frame(struct fuzz_link *l, const struct node_session *s,
		     struct fuzz_input *in)
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
	h.offset = h.type == HEXO_SESSION_ACK ? 0 : s->received;
	if (off < -100)
		h.offset += (uint64_t)(int64_t)off;
	h.received = s->acked + (uint64_t)(int64_t)ahead;
	if (ahead > 100)
		h.received = s->sent;
	(void)send(l->link, &h, sizeof(h), MSG_DONTWAIT | MSG_NOSIGNAL);
	(void)send(l->link, data, len, MSG_DONTWAIT | MSG_NOSIGNAL);
}

static void drain(int fd, uint64_t *count)
{
	char data[4096];
	ssize_t n;

	while (fd >= 0 && (n = recv(fd, data, sizeof(data), MSG_DONTWAIT)) > 0)
		*count += (uint64_t)n;
}

void fuzz_link_check(struct fuzz_link *l, const struct node_session *s)
{
	uint64_t nothing = 0;

	drain(l->near, &l->delivered);
	drain(l->link, &nothing);
	fuzz_check(s->acked <= s->sent);
	fuzz_check(s->sent <= s->taken);
	fuzz_check(s->taken <= l->put);
	fuzz_check(l->delivered <= s->received);
	fuzz_check(s->kept.len - s->kept_at == s->taken - s->acked);
}
