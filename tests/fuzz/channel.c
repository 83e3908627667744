/* SPDX-License-Identifier: Apache-2.0 */
// LINK: migrate/channel.c migrate/hash.c base/base.c base/error.c
// LINK: tests/fuzz/shared/frames.c
// OPTIONS: -max_len=65536 -malloc_limit_mb=64
/* The channel's messages, fed in pieces and through a socket: both ways the
 * same ones must come out, and the same must be wrong. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "migrate/channel.h"
#include "migrate/hash.h"
#include "tests/fuzz/shared/fuzz.h"

const uint16_t fuzz_message_min = 0;

/* What has come: digest of the messages, and how it ended. */
struct come {
	uint64_t digest, count;
	int end;
};

static void note(struct come *c, const struct migrate_msg *m)
{
	c->count++;
	c->digest = migrate_hash(m->data, m->len, c->digest ^ m->type);
	fuzz_check(((const char *)m->data)[m->len] == '\0');
	fuzz_check(strcmp(migrate_msg_name(m->type), "unknown"));
	fuzz_check(migrate_msg_check(m, m->len, true, NULL) == 0);
}

static struct come by_feeding(const uint8_t *data, size_t size)
{
	struct migrate_inbox in = { 0 };
	struct come c = { 0 };
	uint64_t random = size;
	size_t at = 0, used;

	while (at < size && c.end >= 0) {
		size_t n = 1 + fuzz_random(&random) % (1 + size % 300);

		n = n < size - at ? n : size - at;
		c.end = migrate_inbox_feed(&in, data + at, n, &used, NULL);
		fuzz_check(used <= n && (c.end || used == n));
		at += used;
		if (c.end > 0)
			note(&c, &in.msg);
	}
	migrate_inbox_free(&in);
	return c;
}

static struct come by_socket(const uint8_t *data, size_t size)
{
	struct migrate_inbox in = { 0 };
	struct come c = { 0 };
	int ends[2], r = 0;

	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM, 0, ends) == 0);
	fuzz_check(size == 0 ||
		   send(ends[0], data, size, MSG_DONTWAIT) == (ssize_t)size);
	shutdown(ends[0], SHUT_WR);
	while ((r = migrate_inbox_wait(&in, ends[1], 1000, NULL)) == 0)
		note(&c, &in.msg);
	fuzz_check(r != -ETIMEDOUT);
	/* An end between messages or within one is no error of a message. */
	c.end = r == -EPROTO ? r : 0;
	migrate_inbox_free(&in);
	close(ends[0]);
	close(ends[1]);
	return c;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct come fed = by_feeding(data, size), got = by_socket(data, size);

	fuzz_check(fed.count == got.count && fed.digest == got.digest);
	fuzz_check((fed.end < 0) == (got.end < 0));
	return 0;
}
