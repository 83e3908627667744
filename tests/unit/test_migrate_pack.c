/* SPDX-License-Identifier: Apache-2.0 */
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/print.c migrate/hash.c base/base.c base/error.c; -llz4
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <lz4.h>

#include "base/base.h"
#include "hexo/isa.h"
#include "migrate/stream.h"

#define MEMORY HEXO_MEMORY_MIN
#define STACK  HEXO_STACK_MIN

enum { PAGES = 5, SIZE = PAGES * HEXO_PAGE_SIZE };

static const struct migrate_identity identity = { { 1, 2 }, 3 };
static const struct hexo_section_vm vm = {
	.memory = MEMORY,
	.stack = STACK,
	.source_isa = HEXO_ISA_x86_64,
};
static struct migrate_packer packer;

/* What memory has: words that look alike, and others that do not. */
static void fill(void *to, size_t size, bool alike)
{
	uint64_t *words = to, random = 1;

	for (size_t i = 0; i < size / 8; i++) {
		random = random * 6364136223846793005u + 1;
		words[i] = alike ? i * 7919 : random ^ random >> 29;
	}
}

/* ---- streams ---- */

static int put_buffer(void *ctx, const struct iovec *parts, int count,
		      struct hexo_error *err)
{
	for (int i = 0; i < count; i++)
		base_buffer_add(ctx, parts[i].iov_base, parts[i].iov_len);
	return 0;
}

static void begin(struct migrate_writer *w, struct base_buffer *b)
{
	migrate_packer_begin(&packer, HEXO_COMPRESS_ALWAYS);
	assert_int_equal(migrate_writer_begin(w, &identity, put_buffer, b,
					      NULL),
			 0);
	w->packer = &packer;
	assert_int_equal(migrate_writer_vm(w, &vm, NULL), 0);
}

static int see_pages(void *ctx, uint64_t addr, uint32_t count, const void *data,
		     uint64_t offset, struct hexo_error *err)
{
	base_buffer_add(ctx, data, (size_t)count * HEXO_PAGE_SIZE);
	return 0;
}

static int read_in(const struct base_buffer *b, size_t len, size_t piece,
		   struct base_buffer *pages, struct hexo_error *err)
{
	static const struct migrate_visitor visitor = { .pages = see_pages };
	struct migrate_reader r;
	size_t at = 0;
	int e = 0;

	pages->len = 0;
	assert_int_equal(migrate_reader_init(&r, &identity, &visitor, pages,
					     NULL),
			 0);
	while (e == 0 && at < len) {
		size_t n = len - at < piece ? len - at : piece;

		e = migrate_reader_feed(&r, b->data + at, n, err);
		at += n;
	}
	if (e == 0)
		e = migrate_reader_finish(&r, err);
	migrate_reader_free(&r);
	return e;
}

/* A stream with pages that shrink, and others that do not. */
static void whole(struct base_buffer *b, char data[2 * SIZE])
{
	struct migrate_writer w;

	fill(data, SIZE, true);
	fill(data + SIZE, SIZE, false);
	begin(&w, b);
	for (int i = 0; i < 2; i++)
		assert_int_equal(
			migrate_writer_pages(&w, HEXO_PORTABLE_BASE + i * SIZE,
					     PAGES, data + i * SIZE, NULL),
			0);
	assert_int_equal(migrate_writer_end(&w, NULL), 0);
	assert_int_equal(w.bytes, b->len);
	assert_true(w.bytes < w.plain - SIZE / 8);
	assert_int_equal(w.plain,
			 sizeof(struct hexo_stream_head) + sizeof(vm) +
				 4 * sizeof(struct hexo_section) +
				 2 * sizeof(struct hexo_section_pages) +
				 2 * SIZE);
}

static void pages_come_out_as_they_went_in(void **state)
{
	static const size_t pieces[] = { 1, 7, 4096, 100000 };
	struct base_buffer b = { 0 }, pages = { 0 };
	static char data[2 * SIZE];
	struct hexo_error err;

	whole(&b, data);
	for (size_t i = 0; i < sizeof(pieces) / sizeof(pieces[0]); i++) {
		assert_int_equal(read_in(&b, b.len, pieces[i], &pages, &err),
				 0);
		assert_int_equal(pages.len, sizeof(data));
		assert_memory_equal(pages.data, data, sizeof(data));
	}
	base_buffer_free(&b);
	base_buffer_free(&pages);
}

static void cut_or_altered_it_is_refused(void **state)
{
	struct base_buffer b = { 0 }, pages = { 0 };
	static char data[2 * SIZE];
	struct hexo_error err;

	whole(&b, data);
	for (size_t cut = 0; cut < b.len; cut += 61)
		assert_int_equal(read_in(&b, cut, b.len, &pages, &err), -EPIPE);
	for (size_t bit = 0; bit < 8 * b.len; bit += bit < 8 * 256 ? 1 : 1009) {
		b.data[bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(read_in(&b, b.len, b.len, &pages, &err),
				     0);
		b.data[bit / 8] ^= 1 << bit % 8;
	}
	base_buffer_free(&b);
	base_buffer_free(&pages);
}

/* A section that says count pages in these bytes, with the right checksum, is
 * refused, and none of it is handed on. */
static void refuse(uint32_t count, const void *block, size_t len,
		   const char *why)
{
	const struct hexo_section_pages p = { HEXO_PORTABLE_BASE, count, 0 };
	const struct iovec parts[] = { { (void *)&p, sizeof(p) },
				       { (void *)block, len } };
	const struct hexo_section s = {
		.type = HEXO_SECTION_PACKED,
		.length = (uint32_t)(sizeof(p) + len),
		.checksum = migrate_hash_parts(parts, 2, 0),
	};
	struct base_buffer b = { 0 }, pages = { 0 };
	struct migrate_writer w;
	struct hexo_error err;

	begin(&w, &b);
	base_buffer_add(&b, &s, sizeof(s));
	base_buffer_add(&b, &p, sizeof(p));
	base_buffer_add(&b, block, len);
	assert_int_equal(read_in(&b, b.len, b.len, &pages, &err), -EPROTO);
	if (!strstr(err.text, why))
		fail_msg("%s", err.text);
	assert_int_equal(pages.len, 0);
	base_buffer_free(&b);
	base_buffer_free(&pages);
}

static void what_does_not_unpack_is_refused(void **state)
{
	static const char never[] = "do not unpack";
	char data[SIZE], block[LZ4_COMPRESSBOUND(SIZE)], wrong[SIZE];
	size_t len;

	fill(data, SIZE, true);
	len = (size_t)LZ4_compress_default(data, block, SIZE, sizeof(block));
	/* More or less than is said. */
	refuse(PAGES + 1, block, len, never);
	refuse(PAGES - 1, block, len, never);
	refuse(MIGRATE_PAGES_MAX, block, len, never);
	refuse(MIGRATE_PAGES_MAX + 1, block, len, "section says");
	refuse(UINT32_MAX, block, len, "section says");
	refuse(0, block, len, "section says");
	/* Its end is missing, or more follows; something else altogether. */
	refuse(PAGES, block, len - 1, never);
	block[len] = 0;
	refuse(PAGES, block, len + 1, never);
	refuse(PAGES, block, 0, "PACKED section of");
	fill(wrong, SIZE, false);
	refuse(PAGES, wrong, SIZE, never);
}

static void a_bomb_is_no_larger_than_a_section(void **state)
{
	const int size = 64 << 20;
	char *zeros = calloc(1, (size_t)size), *block = malloc((size_t)size);
	int len = LZ4_compress_default(zeros, block, size, size);

	assert_true(len > 0 && len < (int)HEXO_SECTION_MAX);
	refuse(MIGRATE_PAGES_MAX, block, (size_t)len, "do not unpack");
	refuse((uint32_t)size / HEXO_PAGE_SIZE, block, (size_t)len,
	       "section says");
	free(zeros);
	free(block);
}

static void packed_pages_are_printed_as_such(void **state)
{
	struct base_buffer b = { 0 };
	static char data[2 * SIZE];
	struct hexo_error err;
	char *text = NULL;
	size_t len;

	whole(&b, data);
	for (int json = 0; json < 2; json++) {
		FILE *in = fmemopen(b.data, b.len, "r");
		FILE *out = open_memstream(&text, &len);

		assert_int_equal(migrate_stream_print(in, out, json, &err), 0);
		fclose(in);
		fclose(out);
		assert_non_null(strstr(text, json ? "\"packed\"" : "PACKED"));
		assert_non_null(strstr(text, json ? "\"pages\"" : "PAGES"));
		free(text);
	}
	base_buffer_free(&b);
}

/* ---- whether it pays ---- */

enum { MIB = 1 << 20 };

/* A section of 1 MiB over a channel that takes so many MB a second, by a
 * processor that packs 500 of them to half. Returns the bytes sent. */
static uint32_t send_mib(unsigned channel)
{
	uint32_t wire = packer.off ? MIB : MIB / 2;
	uint64_t put_ns = UINT64_C(1000) * wire / channel;

	packer.pack_ns = packer.off ? 0 : UINT64_C(1000) * MIB / 500;
	/* It has time to take some while the processor packs. */
	put_ns -= put_ns < packer.pack_ns ? put_ns : packer.pack_ns;
	migrate_packer_note(&packer, MIB, wire, put_ns);
	return wire;
}

/* How much of mib MiB goes unpacked, in per cent. */
static unsigned unpacked(unsigned mib, unsigned channel)
{
	uint64_t sent = 0;

	for (unsigned i = 0; i < mib; i++)
		sent += send_mib(channel);
	return (unsigned)(100 * (sent - mib * (uint64_t)MIB / 2) /
			  (mib * (uint64_t)MIB / 2));
}

static void a_slow_channel_gets_it_packed(void **state)
{
	migrate_packer_begin(&packer, HEXO_COMPRESS_AUTO);
	assert_int_equal(unpacked(512, 12), 0);
	/* Here packing is what takes its time: that is tried out. */
	migrate_packer_begin(&packer, HEXO_COMPRESS_AUTO);
	assert_in_range(unpacked(2048, 300), 1, 5);
	assert_false(packer.off);
}

static void a_fast_channel_does_not(void **state)
{
	migrate_packer_begin(&packer, HEXO_COMPRESS_AUTO);
	assert_in_range(unpacked(512, 1500), 80, 99);
	assert_int_equal(unpacked(512, 1500), 100);
	assert_true(packer.off);
}

static void a_channel_that_becomes_slow_is_noticed(void **state)
{
	migrate_packer_begin(&packer, HEXO_COMPRESS_AUTO);
	unpacked(512, 1500);
	assert_in_range(unpacked(128, 100), 0, 99);
	assert_int_equal(unpacked(128, 100), 0);
}

static void never_and_always_are_just_that(void **state)
{
	static char data[MIB];

	fill(data, MIB, true);
	migrate_packer_begin(&packer, HEXO_COMPRESS_NEVER);
	assert_int_equal(migrate_pack(&packer, data, MIB), 0);
	migrate_packer_begin(&packer, HEXO_COMPRESS_ALWAYS);
	assert_int_equal(unpacked(512, 1500), 0);
	assert_in_range(migrate_pack(&packer, data, MIB), 1, MIB / 8 * 7);
}

/* Its pages are tried again and again, but few of them. */
static void what_does_not_shrink_is_skipped(void **state)
{
	static char random[MIB], alike[MIB];
	unsigned tried = 0, until = 0;

	fill(random, MIB, false);
	fill(alike, MIB, true);
	migrate_packer_begin(&packer, HEXO_COMPRESS_AUTO);
	for (int i = 0; i < 100; i++) {
		tried += packer.skip == 0;
		assert_int_equal(migrate_pack(&packer, random, MIB), 0);
	}
	assert_in_range(tried, 5, 15);
	while (until <= 32 && !migrate_pack(&packer, alike, MIB))
		until++;
	assert_in_range(until, 0, 32);
	assert_int_not_equal(migrate_pack(&packer, alike, MIB), 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pages_come_out_as_they_went_in),
		cmocka_unit_test(cut_or_altered_it_is_refused),
		cmocka_unit_test(what_does_not_unpack_is_refused),
		cmocka_unit_test(a_bomb_is_no_larger_than_a_section),
		cmocka_unit_test(packed_pages_are_printed_as_such),
		cmocka_unit_test(a_slow_channel_gets_it_packed),
		cmocka_unit_test(a_fast_channel_does_not),
		cmocka_unit_test(a_channel_that_becomes_slow_is_noticed),
		cmocka_unit_test(never_and_always_are_just_that),
		cmocka_unit_test(what_does_not_shrink_is_skipped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
