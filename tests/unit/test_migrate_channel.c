/* SPDX-License-Identifier: Apache-2.0 */
// LINK: migrate/channel.c migrate/hash.c base/base.c base/error.c
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "migrate/channel.h"

struct pair {
	int ends[2];
	struct migrate_inbox in;
	struct hexo_error err;
};

static int set_up(void **state)
{
	struct pair *p = calloc(1, sizeof(*p));

	*state = p;
	return socketpair(AF_UNIX, SOCK_STREAM, 0, p->ends);
}

static int tear_down(void **state)
{
	struct pair *p = *state;

	migrate_inbox_free(&p->in);
	close(p->ends[0]);
	if (p->ends[1] >= 0)
		close(p->ends[1]);
	free(p);
	return 0;
}

/* The bytes of one message, as they travel. */
static size_t encoded(struct pair *p, unsigned type, const void *data,
		      size_t len, char *to, size_t room)
{
	ssize_t n;

	assert_int_equal(migrate_channel_send(p->ends[0], type, data, len,
					      NULL),
			 0);
	n = recv(p->ends[1], to, room, MSG_DONTWAIT);
	assert_true(n > 0);
	return (size_t)n;
}

static void parts_come_as_one(void **state)
{
	struct pair *p = *state;
	char ab[] = "ab", cde[] = "cde";
	struct iovec parts[3] = { { ab, 2 }, { NULL, 0 }, { cde, 3 } };

	assert_int_equal(migrate_channel_sendv(p->ends[0], HEXO_MSG_LOG, parts,
					       3, &p->err),
			 0);
	assert_int_equal(migrate_inbox_wait(&p->in, p->ends[1], 1000, &p->err),
			 0);
	assert_int_equal(p->in.msg.type, HEXO_MSG_LOG);
	assert_int_equal(p->in.msg.len, 5);
	assert_string_equal(p->in.msg.data, "abcde");
}

static void messages_do_not_run_together(void **state)
{
	struct pair *p = *state;
	char rest;

	migrate_channel_send(p->ends[0], HEXO_MSG_PARK, NULL, 0, NULL);
	migrate_channel_send(p->ends[0], HEXO_MSG_LOG, "x", 1, NULL);
	assert_int_equal(write(p->ends[0], "!", 1), 1);
	assert_int_equal(migrate_inbox_read(&p->in, p->ends[1], &p->err), 1);
	assert_int_equal(p->in.msg.type, HEXO_MSG_PARK);
	assert_int_equal(p->in.msg.len, 0);
	assert_int_equal(migrate_inbox_read(&p->in, p->ends[1], &p->err), 1);
	assert_string_equal(p->in.msg.data, "x");
	/* What follows is left for whoever reads next. */
	assert_int_equal(read(p->ends[1], &rest, 1), 1);
	assert_int_equal(rest, '!');
}

static void comes_in_pieces_of_any_size(void **state)
{
	struct pair *p = *state;
	char bytes[256];
	size_t len = encoded(p, HEXO_MSG_STREAM, "piecemeal", 9, bytes,
			     sizeof(bytes));

	for (size_t piece = 1; piece <= len; piece++) {
		struct migrate_inbox in = { 0 };
		size_t at = 0, used;
		int r = 0;

		while (at < len) {
			size_t n = len - at < piece ? len - at : piece;

			assert_int_equal(r, 0);
			r = migrate_inbox_feed(&in, bytes + at, n, &used,
					       &p->err);
			assert_int_equal(used, n);
			at += n;
		}
		assert_int_equal(r, 1);
		assert_string_equal(in.msg.data, "piecemeal");
		migrate_inbox_free(&in);
	}
}

static void reads_without_waiting(void **state)
{
	struct pair *p = *state;

	assert_int_equal(migrate_inbox_read(&p->in, p->ends[1], &p->err), 0);
	assert_int_equal(migrate_inbox_wait(&p->in, p->ends[1], 10, &p->err),
			 -ETIMEDOUT);
	assert_int_equal(p->err.code, -ETIMEDOUT);
}

static void every_altered_bit_is_refused(void **state)
{
	struct pair *p = *state;
	char bytes[256];
	size_t len = encoded(p, HEXO_MSG_LOG, "hello", 5, bytes, sizeof(bytes));

	for (size_t bit = 0; bit < 8 * len; bit++) {
		struct migrate_inbox in = { 0 };
		size_t used;
		int r;

		bytes[bit / 8] ^= 1 << bit % 8;
		r = migrate_inbox_feed(&in, bytes, len, &used, &p->err);
		/* A length that grew waits for bytes that never come; no
		 * altered message is ever handed out as whole. */
		assert_int_not_equal(r, 1);
		if (r == 0)
			assert_true(bit / 8 >= 8 && bit / 8 < 12);
		else
			assert_int_equal(r, -EPROTO);
		migrate_inbox_free(&in);
		bytes[bit / 8] ^= 1 << bit % 8;
	}
}

static void every_truncation_is_noticed(void **state)
{
	struct pair *p = *state;
	char bytes[256];
	size_t len = encoded(p, HEXO_MSG_LOG, "hello", 5, bytes, sizeof(bytes));

	for (size_t cut = 0; cut < len; cut++) {
		struct migrate_inbox in = { 0 };
		int ends[2];

		assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, ends), 0);
		assert_int_equal(write(ends[0], bytes, cut), cut);
		close(ends[0]);
		assert_int_equal(migrate_inbox_wait(&in, ends[1], 1000,
						    &p->err),
				 cut ? -EPIPE : -ENODATA);
		close(ends[1]);
		migrate_inbox_free(&in);
	}
}

static void lengths_are_bounded(void **state)
{
	struct pair *p = *state;
	struct hexo_msg_head head = {
		.magic = HEXO_MSG_MAGIC,
		.type = HEXO_MSG_LOG,
		.version = HEXO_MSG_VERSION,
		.length = HEXO_MSG_MAX + 1,
	};
	size_t used;

	assert_int_equal(migrate_inbox_feed(&p->in, &head, sizeof(head), &used,
					    &p->err),
			 -EPROTO);
	assert_non_null(strstr(p->err.text, "at most"));
	assert_null(p->in.data);
	assert_int_equal(migrate_channel_send(p->ends[0], HEXO_MSG_LOG, "",
					      HEXO_MSG_MAX + 1, &p->err),
			 -EMSGSIZE);
}

static void a_gone_peer_is_an_error_not_a_signal(void **state)
{
	struct pair *p = *state;

	close(p->ends[1]);
	p->ends[1] = -1;
	assert_int_equal(migrate_channel_send(p->ends[0], HEXO_MSG_LOG, "x", 1,
					      &p->err),
			 -EPIPE);
}

static void payload_sizes_are_checked(void **state)
{
	struct pair *p = *state;
	struct migrate_msg m = { .type = HEXO_MSG_RESUME, .len = 16 };

	assert_int_equal(migrate_msg_check(&m, 16, true, &p->err), 0);
	assert_int_equal(migrate_msg_check(&m, 8, false, &p->err), 0);
	assert_int_equal(migrate_msg_check(&m, 8, true, &p->err), -EPROTO);
	assert_int_equal(migrate_msg_check(&m, 17, false, &p->err), -EPROTO);
	assert_string_equal(p->err.text,
			    "RESUME message of 16 bytes, expected at least 17");
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(parts_come_as_one),
		TEST(messages_do_not_run_together),
		TEST(comes_in_pieces_of_any_size),
		TEST(reads_without_waiting),
		TEST(every_altered_bit_is_refused),
		TEST(every_truncation_is_noticed),
		TEST(lengths_are_bounded),
		TEST(a_gone_peer_is_an_error_not_a_signal),
		TEST(payload_sizes_are_checked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
