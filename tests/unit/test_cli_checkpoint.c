/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/checkpoint.c cli/checkpoint_stream.c cli/record.c cli/pack.c
// LINK: cli/save.c files/volume.c migrate/hash.c base/base.c base/error.c
// LINK: base/thread.c; -ljansson -lzstd -lpthread
/* A checkpoint's file: what is read is what was written, whatever was left of
 * it. Its stream is of no matter here: it is text. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zstd.h>

#include "base/base.h"
#include "cli/record.h"
#include "migrate/hash.h"

enum { STATES = 4, FILE_MAX = 1 << 20 };

static char *path;
static struct files_volumes volumes;

/* The file as it was after each state, and the stream to be read then. */
static struct {
	char *data;
	size_t len;
	char stream[1024];
} state[STATES + 1];

static int set_up(void **unused)
{
	char name[] = "/tmp/hexo-unit.XXXXXX";

	assert_non_null(mkdtemp(name));
	path = base_printf("%s/saved", name);
	return 0;
}

static int tear_down(void **unused)
{
	for (int i = 0; i <= STATES; i++)
		free(base_take_ptr(state[i].data));
	unlink(path);
	*strrchr(path, '/') = '\0';
	rmdir(path);
	free(path);
	return 0;
}

static void put(struct cli_record *r, struct cli_save *save, const char *text)
{
	assert_int_equal(cli_record_stream(r, save, text, strlen(text), NULL),
			 0);
}

/* The state with that number, whose open() comes from the caller. */
static int finish(struct cli_record *r, struct cli_save *save, int number)
{
	json_t *json = json_pack("{s:i}", "number", number);
	struct pollfd done;
	int fd = -1;

	assert_int_equal(cli_record_state(r, save, json, 8, NULL), 0);
	assert_int_equal(cli_save_write(save, "contents", 8, NULL), 0);
	assert_int_equal(cli_record_end(r, save, NULL), 0);
	json_decref(json);
	assert_int_equal(cli_save_sync(save, &volumes, NULL), 0);
	done = (struct pollfd){ .fd = save->done.fd, .events = POLLIN };
	assert_int_equal(poll(&done, 1, 10000), 1);
	assert_int_equal(cli_save_result(save, &fd, NULL), 0);
	assert_true(fd >= 0);
	return fd;
}

static void keep_file(int number)
{
	assert_int_equal(base_read_file(path, FILE_MAX, &state[number].data,
					&state[number].len, NULL),
			 0);
}

/* STATES states in one file, each with what the one before had kept. */
static void write_states(bool pack)
{
	struct cli_save save = { .done.fd = -1 };
	struct cli_record r;
	char kept[512] = "";
	int fd = -1;

	for (int i = 1; i <= STATES; i++) {
		char more[64], rest[64];

		snprintf(more, sizeof(more), "what state %d adds. ", i);
		snprintf(rest, sizeof(rest), "the end of state %d", i);
		if (i == 1) {
			assert_int_equal(cli_save_open(&save, path, NULL), 0);
			assert_int_equal(cli_record_begin(&r, &save, pack,
							  NULL),
					 0);
		} else {
			assert_int_equal(cli_save_grow(&save, path, fd,
						       state[i - 1].len, NULL),
					 0);
			cli_record_more(&r, &save);
		}
		put(&r, &save, more);
		assert_int_equal(cli_record_keep(&r, &save, NULL), 0);
		put(&r, &save, rest);
		fd = finish(&r, &save, i);
		strcat(kept, more);
		snprintf(state[i].stream, sizeof(state[i].stream), "%s%s", kept,
			 rest);
		keep_file(i);
	}
	close(fd);
	cli_record_close(&r);
}

/* Which state these bytes of a file are read as, 0: none. All of it is as it
 * was written then. */
static int read_state(const void *data, size_t len, bool *damaged)
{
	cleanup_close int fd = memfd_create("broken", MFD_CLOEXEC);
	cleanup_free char *name = base_printf("/proc/self/fd/%d", fd);
	struct cli_checkpoint c;
	struct hexo_error err = { 0 }, why = { 0 };
	char text[1024] = "", contents[8];
	uint64_t number = 0;
	FILE *stream;

	assert_int_equal(base_write_all(fd, data, len), 0);
	if (cli_checkpoint_open(&c, name, &err) < 0) {
		assert_true(err.code < 0 && strlen(err.text) > 10);
		cli_checkpoint_close(&c);
		return 0;
	}
	assert_int_equal(cli_checkpoint_number(c.state, "number", &number,
					       NULL),
			 0);
	assert_in_range(number, 1, STATES);
	stream = cli_checkpoint_stream(&c, &why);
	assert_non_null(stream);
	(void)!fread(text, 1, sizeof(text) - 1, stream);
	assert_false(ferror(stream));
	fclose(stream);
	assert_string_equal(text, state[number].stream);
	assert_int_equal(pread(c.fd, contents, 8, (off_t)c.head.data_at), 8);
	assert_memory_equal(contents, "contents", 8);
	*damaged = c.damaged;
	cli_checkpoint_close(&c);
	return (int)number;
}

static void each_state_is_read(bool pack)
{
	bool damaged;

	write_states(pack);
	for (int i = 1; i <= STATES; i++) {
		assert_int_equal(read_state(state[i].data, state[i].len,
					    &damaged),
				 i);
		assert_false(damaged);
	}
}

static void test_states(void **unused)
{
	each_state_is_read(false);
}

static void test_states_packed(void **unused)
{
	each_state_is_read(true);
}

/* A crash before a new head is on the disk: of what it speaks of any part may
 * be there. */
static void test_crash_before_head(void **unused)
{
	char *data = malloc(FILE_MAX);
	bool damaged;

	write_states(true);
	for (int i = 1; i < STATES; i++) {
		memcpy(data, state[i + 1].data, state[i + 1].len);
		memcpy(data, state[i].data, HEXO_CHECKPOINT_BEGIN);
		for (size_t n = state[i].len; n <= state[i + 1].len; n++) {
			assert_int_equal(read_state(data, n, &damaged), i);
			assert_false(damaged);
		}
	}
	free(data);
}

/* A crash while it is written: any part of it may be there. */
static void test_crash_in_head(void **unused)
{
	const size_t head = sizeof(struct hexo_checkpoint_head);
	char *data = malloc(FILE_MAX);
	bool damaged;

	write_states(false);
	for (int i = 1; i < STATES; i++) {
		size_t at = i % 2 ? HEXO_CHECKPOINT_SECOND : 0;

		memcpy(data, state[i + 1].data, state[i + 1].len);
		for (size_t n = 0; n <= head; n++) {
			int is;

			memcpy(data, state[i].data, HEXO_CHECKPOINT_BEGIN);
			memcpy(data + at, state[i + 1].data + at, n);
			is = read_state(data, state[i + 1].len, &damaged);
			assert_in_range(is, i, n < head ? i : i + 1);
			if (n == head)
				assert_int_equal(is, i + 1);
		}
	}
	free(data);
}

/* Cut off, its last whole state is found, as long as the file has it. */
static void test_cut(void **unused)
{
	bool damaged;

	write_states(false);
	for (int i = 2; i <= STATES; i++)
		for (size_t n = 0; n < state[i].len; n++) {
			int is = read_state(state[i].data, n, &damaged);

			assert_int_equal(is, n >= state[i - 1].len ? i - 1 : 0);
			assert_true(!is || damaged);
		}
}

/* Each byte of head, state and index counts. */
static void test_damaged(void **unused)
{
	const int last = STATES;
	struct hexo_checkpoint_head head;
	size_t slot = last % 2 ? 0 : HEXO_CHECKPOINT_SECOND, at;
	struct {
		size_t at, len;
	} part[3];
	bool damaged;

	write_states(false);
	memcpy(&head, state[last].data + slot, sizeof(head));
	part[0].at = slot;
	part[0].len = sizeof(head);
	part[1].at = head.state_at;
	part[1].len = head.state_len;
	part[2].at = head.index_at;
	part[2].len = head.pieces * sizeof(struct hexo_checkpoint_piece);
	for (int i = 0; i < 3; i++)
		for (at = part[i].at; at < part[i].at + part[i].len; at++) {
			state[last].data[at] ^= 0x40;
			assert_int_equal(read_state(state[last].data,
						    state[last].len, &damaged),
					 last - 1);
			assert_true(damaged);
			state[last].data[at] ^= 0x40;
		}
}

/* What is written of a state that fails is gone, and the one before is there;
 * so is the file's old content when a new one fails. */
static void test_given_up(void **unused)
{
	struct cli_save save = { .done.fd = -1 };
	char *data = NULL;
	size_t len = 0;
	int fd;

	write_states(false);
	fd = open(path, O_WRONLY | O_CLOEXEC);
	assert_int_equal(cli_save_grow(&save, path, fd, state[STATES].len,
				       NULL),
			 0);
	assert_int_equal(cli_save_write(&save, "something", 9, NULL), 0);
	cli_save_close(&save);
	assert_int_equal(cli_save_open(&save, path, NULL), 0);
	assert_int_equal(cli_save_write(&save, "something", 9, NULL), 0);
	cli_save_close(&save);
	assert_int_equal(base_read_file(path, FILE_MAX, &data, &len, NULL), 0);
	assert_int_equal(len, state[STATES].len);
	assert_memory_equal(data, state[STATES].data, len);
	free(data);
}

/* It grows until it would come to twice its first state, or its index is
 * full. */
static void test_bounds(void **unused)
{
	struct cli_record r = { .whole = 1000, .added = 100, .kept = 1 };

	assert_true(cli_record_may_grow(&r, 1000));
	assert_true(cli_record_may_grow(&r, 1900));
	assert_false(cli_record_may_grow(&r, 1901));
	r.kept = HEXO_CHECKPOINT_PIECES - 2;
	assert_true(cli_record_may_grow(&r, 1000));
	r.kept++;
	assert_false(cli_record_may_grow(&r, 1000));
	r.kept = 0;
	assert_false(cli_record_may_grow(&r, 1000));
}

/* ---- packed pieces that are not what they claim ---- */

/* Has the one piece of a packed file be these bytes, of a stream that is said
 * to have len bytes, and reads it. What comes of that is left in *err. */
static size_t read_piece(const void *piece, size_t size, uint64_t len,
			 struct hexo_error *err)
{
	struct cli_save save = { .done.fd = -1 };
	cleanup_free char *data = malloc(1 << 20);
	struct cli_record r;
	struct cli_checkpoint c;
	struct hexo_error why;
	size_t all = 0, n;
	FILE *stream;

	assert_int_equal(cli_save_open(&save, path, NULL), 0);
	assert_int_equal(cli_record_begin(&r, &save, false, NULL), 0);
	assert_int_equal(cli_record_stream(&r, &save, piece, size, NULL), 0);
	r.head.flags = HEXO_CHECKPOINT_ZSTD;
	r.piece[0].len = len;
	close(finish(&r, &save, 1));
	cli_record_close(&r);
	if (cli_checkpoint_open(&c, path, &why) < 0)
		fail_msg("%s", why.text);
	stream = cli_checkpoint_stream(&c, err);
	while ((n = fread(data, 1, 1 << 20, stream)) > 0)
		all += n;
	assert_int_equal(ferror(stream) != 0, err->code < 0);
	fclose(stream);
	cli_checkpoint_close(&c);
	return all;
}

/* Zeros, packed with that window; returns their size. */
static size_t pack_zeros(char *to, size_t room, size_t count, int window)
{
	ZSTD_CCtx *zstd = ZSTD_createCCtx();
	char *zeros = calloc(1, count);
	size_t size;

	ZSTD_CCtx_setParameter(zstd, ZSTD_c_windowLog, window);
	ZSTD_CCtx_setParameter(zstd, ZSTD_c_contentSizeFlag, 0);
	size = ZSTD_compress2(zstd, to, room, zeros, count);
	assert_false(ZSTD_isError(size));
	free(zeros);
	ZSTD_freeCCtx(zstd);
	return size;
}

static void test_bomb(void **unused)
{
	static char piece[64 << 10];
	const size_t count = 200 << 20;
	size_t size = pack_zeros(piece, sizeof(piece), count, 20);
	struct hexo_error err = { 0 };

	assert_int_equal(read_piece(piece, size, count, &err), count);
	assert_int_equal(err.code, 0);
	/* No more comes out of it than the index says. */
	assert_true(read_piece(piece, size, 4096, &err) <= 4096);
	assert_non_null(strstr(err.text, "longer than its index says"));
	err = (struct hexo_error){ 0 };
	assert_true(read_piece(piece, size, count + 1, &err) <= count);
	assert_non_null(strstr(err.text, "shorter than its index says"));
}

static void test_window(void **unused)
{
	static char piece[64 << 10];
	struct hexo_error err = { 0 };
	size_t size = pack_zeros(piece, sizeof(piece), 20 << 20, 24);

	assert_int_equal(read_piece(piece, size, 20 << 20, &err), 0);
	assert_non_null(strstr(err.text, "too much memory"));
}

static void test_not_packed(void **unused)
{
	static char piece[64 << 10];
	struct hexo_error err = { 0 };
	size_t size = pack_zeros(piece, sizeof(piece), 1 << 20, 20);

	assert_int_equal(read_piece("no frame at all", 15, 15, &err), 0);
	assert_int_equal(err.code, -EBADMSG);
	err = (struct hexo_error){ 0 };
	read_piece(piece, size - 1, 1 << 20, &err);
	assert_non_null(strstr(err.text, "cut off"));
	err = (struct hexo_error){ 0 };
	read_piece(piece, size + 1, 1 << 20, &err);
	assert_non_null(strstr(err.text, "bytes behind its end"));
}

int main(void)
{
#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
	const struct CMUnitTest tests[] = {
		TEST(test_states),
		TEST(test_states_packed),
		TEST(test_crash_before_head),
		TEST(test_crash_in_head),
		TEST(test_cut),
		TEST(test_damaged),
		TEST(test_given_up),
		TEST(test_bounds),
		TEST(test_bomb),
		TEST(test_window),
		TEST(test_not_packed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
