/* SPDX-License-Identifier: Apache-2.0 */
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/print.c migrate/hash.c base/base.c base/error.c; -llz4
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "hexo/isa.h"
#include "migrate/stream.h"

#define MEMORY HEXO_MEMORY_MIN
#define STACK  HEXO_STACK_MIN

static const struct migrate_identity identity = {
	.build_id = { 0x1122334455667788, 0x99aabbccddeeff00 },
	.layout_hash = 0x0123456789abcdef,
};

/* What a reader has handed on. */
struct seen {
	unsigned heads, vms, sections;
	uint64_t pages, zeros, last;
	unsigned char fill;
};

static int see_head(void *ctx, const struct hexo_stream_head *h,
		    struct hexo_error *err)
{
	((struct seen *)ctx)->heads++;
	return 0;
}

static int see_vm(void *ctx, const struct hexo_section_vm *vm, uint64_t offset,
		  struct hexo_error *err)
{
	((struct seen *)ctx)->vms++;
	return 0;
}

static int see_zero(void *ctx, uint64_t addr, uint32_t count, uint64_t offset,
		    struct hexo_error *err)
{
	((struct seen *)ctx)->zeros += count;
	return 0;
}

static int see_pages(void *ctx, uint64_t addr, uint32_t count, const void *data,
		     uint64_t offset, struct hexo_error *err)
{
	const unsigned char *bytes = data;
	struct seen *s = ctx;

	for (size_t i = 0; i < (size_t)count * HEXO_PAGE_SIZE; i++)
		assert_int_equal(bytes[i], bytes[0]);
	s->sections++;
	s->pages += count;
	s->last = addr;
	s->fill = bytes[0];
	return 0;
}

static const struct migrate_visitor seeing = {
	.head = see_head,
	.vm = see_vm,
	.pages = see_pages,
	.zero = see_zero,
};

static int put_buffer(void *ctx, const struct iovec *parts, int count,
		      struct hexo_error *err)
{
	for (int i = 0; i < count; i++)
		base_buffer_add(ctx, parts[i].iov_base, parts[i].iov_len);
	return 0;
}

static struct hexo_section_vm a_vm(void)
{
	return (struct hexo_section_vm){
		.memory = MEMORY,
		.stack = STACK,
		.frames = 3,
		.frame_bytes = 96,
		.source_isa = HEXO_ISA_x86_64,
	};
}

static void begin(struct migrate_writer *w, struct base_buffer *b,
		  const struct hexo_section_vm *vm)
{
	assert_int_equal(migrate_writer_begin(w, &identity, put_buffer, b,
					      NULL),
			 0);
	if (vm)
		assert_int_equal(migrate_writer_vm(w, vm, NULL), 0);
}

static void pages(struct migrate_writer *w, uint64_t addr, uint32_t count,
		  int fill)
{
	char *data = malloc((size_t)count * HEXO_PAGE_SIZE);

	memset(data, fill, (size_t)count * HEXO_PAGE_SIZE);
	assert_int_equal(migrate_writer_pages(w, addr, count, data, NULL), 0);
	free(data);
}

/* A whole small stream: pages in each part of portable memory. */
static void whole(struct base_buffer *b)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	const struct hexo_section_vm vm = a_vm();
	struct migrate_writer w;

	begin(&w, b, &vm);
	pages(&w, l.portable_low, 1, 1);
	pages(&w, l.pstack_high - 2 * HEXO_PAGE_SIZE, 2, 2);
	pages(&w, l.frames_low, 1, 3);
	assert_int_equal(migrate_writer_end(&w, NULL), 0);
	assert_int_equal(w.bytes, b->len);
}

/* Feeds all of it in pieces; what feeding or, in the end, finishing says. */
static int read_in(const struct base_buffer *b, size_t len, size_t piece,
		   const struct migrate_identity *id, struct seen *seen,
		   struct hexo_error *err)
{
	struct migrate_reader r;
	size_t at = 0;
	int e = 0;

	*seen = (struct seen){ 0 };
	assert_int_equal(migrate_reader_init(&r, id, &seeing, seen, NULL), 0);
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

static void round_trip_in_pieces_of_any_size(void **state)
{
	static const size_t sizes[] = { 1, 7, 48, 4096, 100000 };
	struct base_buffer b = { 0 };
	struct hexo_error err;
	struct seen s;

	whole(&b);
	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		assert_int_equal(read_in(&b, b.len, sizes[i], &identity, &s,
					 &err),
				 0);
		assert_int_equal(s.heads, 1);
		assert_int_equal(s.vms, 1);
		assert_int_equal(s.sections, 3);
		assert_int_equal(s.pages, 4);
		assert_int_equal(s.fill, 3);
	}
	base_buffer_free(&b);
}

static void every_truncation_is_refused(void **state)
{
	struct base_buffer b = { 0 };
	struct hexo_error err;
	struct seen s;

	whole(&b);
	for (size_t cut = 0; cut < b.len; cut += cut < 200 ? 1 : 61) {
		assert_int_equal(read_in(&b, cut, b.len, &identity, &s, &err),
				 -EPIPE);
		assert_non_null(strstr(err.text, "ends at byte"));
	}
	base_buffer_free(&b);
}

static void every_altered_bit_is_refused(void **state)
{
	struct base_buffer b = { 0 };
	struct hexo_error err;
	struct seen s;

	whole(&b);
	/* All bits of the first sections' heads, then a sample. */
	for (size_t bit = 0; bit < 8 * b.len; bit += bit < 8 * 200 ? 1 : 1009) {
		b.data[bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(read_in(&b, b.len, b.len, &identity, &s,
					     &err),
				     0);
		b.data[bit / 8] ^= 1 << bit % 8;
	}
	/* The last section's head is END's. */
	for (size_t bit = 8 * (b.len - 16); bit < 8 * b.len; bit++) {
		b.data[bit / 8] ^= 1 << bit % 8;
		assert_int_not_equal(read_in(&b, b.len, b.len, &identity, &s,
					     &err),
				     0);
		b.data[bit / 8] ^= 1 << bit % 8;
	}
	base_buffer_free(&b);
}

static void nothing_may_follow_the_end(void **state)
{
	struct base_buffer b = { 0 };
	struct hexo_error err;
	struct seen s;

	whole(&b);
	base_buffer_add(&b, "", 1);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_non_null(strstr(err.text, "after END"));
	base_buffer_free(&b);
}

static void another_image_is_refused(void **state)
{
	struct migrate_identity other = identity;
	struct base_buffer b = { 0 };
	struct hexo_error err;
	struct seen s;

	whole(&b);
	other.build_id[1]++;
	assert_int_equal(read_in(&b, b.len, b.len, &other, &s, &err), -EPROTO);
	assert_non_null(strstr(err.text, "another build"));
	assert_int_equal(s.heads, 0);
	other = identity;
	other.layout_hash++;
	assert_int_equal(read_in(&b, b.len, b.len, &other, &s, &err), -EPROTO);
	assert_non_null(strstr(err.text, "layout"));
	/* Who only prints takes any. */
	assert_int_equal(read_in(&b, b.len, b.len, NULL, &s, &err), 0);
	base_buffer_free(&b);
}

/* A stream with these pages must be refused before they are handed on. */
static void refuse_pages(uint64_t addr, uint32_t count, const char *why)
{
	const struct hexo_section_vm vm = a_vm();
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	struct hexo_error err;
	struct seen s;

	begin(&w, &b, &vm);
	pages(&w, addr, count, 1);
	migrate_writer_end(&w, NULL);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_non_null(strstr(err.text, why));
	assert_int_equal(s.sections, 0);
	base_buffer_free(&b);
}

static void pages_lie_in_portable_memory_only(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	static const char not_there[] = "not portable memory";

	refuse_pages(0, 1, "or more is due");
	refuse_pages(HEXO_CONTROL_BASE, 1, "or more is due");
	refuse_pages(l.portable_low - HEXO_PAGE_SIZE, 2, "or more is due");
	refuse_pages(l.portable_low + 1, 1, "page boundary");
	refuse_pages(l.portable_high - HEXO_PAGE_SIZE, 2, not_there);
	refuse_pages(l.portable_high, 1, not_there);
	refuse_pages(l.pstack_high - HEXO_PAGE_SIZE, 2, not_there);
	/* The records in use fill less than a page. */
	refuse_pages(l.frames_low, 2, not_there);
	refuse_pages(l.frames_low + HEXO_PAGE_SIZE, 1, not_there);
	refuse_pages(l.nstack_low, 1, not_there);
	refuse_pages(-(uint64_t)HEXO_PAGE_SIZE, 2, not_there);
}

static void pages_ascend(void **state)
{
	const struct hexo_section_vm vm = a_vm();
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	struct hexo_error err;
	struct seen s;

	begin(&w, &b, &vm);
	pages(&w, l.portable_low, 4, 1);
	pages(&w, l.portable_low + 3 * HEXO_PAGE_SIZE, 1, 1);
	migrate_writer_end(&w, NULL);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_int_equal(s.sections, 1);
	base_buffer_free(&b);
}

static void sections_come_in_order(void **state)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	const struct hexo_section_vm vm = a_vm();
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	struct hexo_error err;
	struct seen s;

	begin(&w, &b, NULL);
	pages(&w, l.portable_low, 1, 1);
	migrate_writer_end(&w, NULL);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_non_null(strstr(err.text, "VM section must stand"));
	base_buffer_free(&b);
	begin(&w, &b, &vm);
	migrate_writer_vm(&w, &vm, NULL);
	migrate_writer_end(&w, NULL);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_non_null(strstr(err.text, "one VM section too many"));
	base_buffer_free(&b);
}

static void refuse_vm(const struct hexo_section_vm *vm)
{
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	struct hexo_error err;
	struct seen s;

	begin(&w, &b, vm);
	migrate_writer_end(&w, NULL);
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &s, &err),
			 -EPROTO);
	assert_int_equal(s.vms, 0);
	base_buffer_free(&b);
}

static void vm_sizes_are_bounded(void **state)
{
	struct hexo_section_vm vm;

#define REFUSE(field, value)        \
	do {                        \
		vm = a_vm();        \
		vm.field = (value); \
		refuse_vm(&vm);     \
	} while (0)
	REFUSE(memory, 0);
	REFUSE(memory, HEXO_MEMORY_MIN + HEXO_PAGE_SIZE);
	REFUSE(memory, HEXO_MEMORY_MAX + HEXO_HUGE_SIZE);
	REFUSE(memory, -(uint64_t)HEXO_HUGE_SIZE);
	REFUSE(stack, 0);
	REFUSE(stack, HEXO_STACK_MAX + HEXO_HUGE_SIZE);
	REFUSE(frame_bytes, 4 * STACK + 16);
	REFUSE(frame_bytes, 97);
	REFUSE(frames, 7);
	REFUSE(source_isa, 0);
	REFUSE(source_isa, 99);
#undef REFUSE
}

static void lengths_are_bounded(void **state)
{
	struct hexo_section s = { .type = HEXO_SECTION_VM,
				  .length = HEXO_SECTION_MAX + 1 };
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	struct hexo_error err;
	struct seen seen;
	static char page[HEXO_PAGE_SIZE];

	begin(&w, &b, NULL);
	base_buffer_add(&b, &s, sizeof(s));
	assert_int_equal(read_in(&b, b.len, b.len, &identity, &seen, &err),
			 -EPROTO);
	assert_non_null(strstr(err.text, "at most"));
	assert_int_equal(migrate_writer_pages(&w, HEXO_PORTABLE_BASE, 0, page,
					      &err),
			 -EINVAL);
	assert_int_equal(migrate_writer_pages(&w, HEXO_PORTABLE_BASE,
					      MIGRATE_PAGES_MAX + 1, page,
					      &err),
			 -EINVAL);
	base_buffer_free(&b);
}

/* What printing the stream gives; *result is its return. */
static char *printed(const struct base_buffer *b, bool json, int *result)
{
	struct hexo_error err;
	char *text = NULL;
	size_t len;
	FILE *in = fmemopen(b->data, b->len, "r");
	FILE *out = open_memstream(&text, &len);

	*result = migrate_stream_print(in, out, json, &err);
	fclose(in);
	fclose(out);
	return text;
}

static void prints_text_and_json(void **state)
{
	struct base_buffer b = { 0 };
	char *text;
	int r;

	whole(&b);
	text = printed(&b, false, &r);
	assert_int_equal(r, 0);
	assert_non_null(strstr(text, "from x86-64"));
	assert_non_null(strstr(text, "4 pages"));
	free(text);
	text = printed(&b, true, &r);
	assert_int_equal(r, 0);
	assert_int_equal(text[0], '{');
	assert_non_null(strstr(text, "\"layout_hash\": \"0123456789abcdef\""));
	assert_non_null(strstr(text, "\"pages\": 4"));
	free(text);
	b.len--;
	free(printed(&b, true, &r));
	assert_int_equal(r, -EPIPE);
	base_buffer_free(&b);
}

/* A stream of rounds; broken says what is wrong with it, 0: nothing. */
static int read_rounds(int broken, struct seen *seen, struct hexo_error *err)
{
	const struct hexo_layout l = hexo_layout_make(MEMORY, STACK);
	struct hexo_section_vm vm = a_vm();
	struct base_buffer b = { 0 };
	struct migrate_writer w;
	int r;

	vm.frames = vm.frame_bytes = 0;
	begin(&w, &b, &vm);
	pages(&w, l.portable_low, 3, 1);
	if (broken == 1)
		pages(&w, l.portable_low, 1, 2);
	migrate_writer_round(&w, NULL);
	pages(&w, l.portable_low, 1, 2);
	migrate_writer_zero(&w, l.portable_low + HEXO_PAGE_SIZE, 2, NULL);
	if (broken == 2)
		pages(&w, l.frames_low, 1, 3);
	if (broken == 3)
		migrate_writer_zero(&w, l.portable_high - HEXO_PAGE_SIZE, 2,
				    NULL);
	migrate_writer_round(&w, NULL);
	vm = a_vm();
	if (broken == 4)
		vm.memory *= 2;
	if (broken != 5)
		migrate_writer_vm(&w, &vm, NULL);
	if (broken == 6)
		migrate_writer_round(&w, NULL);
	if (broken == 7)
		migrate_writer_vm(&w, &vm, NULL);
	pages(&w, l.portable_low, 1, 4);
	if (broken != 5)
		pages(&w, l.frames_low, 1, 5);
	migrate_writer_end(&w, NULL);
	r = read_in(&b, b.len, 1000, &identity, seen, err);
	base_buffer_free(&b);
	return r;
}

static void rounds_send_pages_again(void **state)
{
	struct hexo_error err;
	struct seen s;

	assert_int_equal(read_rounds(0, &s, &err), 0);
	assert_int_equal(s.vms, 2);
	assert_int_equal(s.pages, 3 + 1 + 1 + 1);
	assert_int_equal(s.zeros, 2);
}

static void rounds_keep_their_order(void **state)
{
	struct hexo_error err;
	struct seen s;

	for (int broken = 1; broken <= 7; broken++)
		assert_int_equal(read_rounds(broken, &s, &err), -EPROTO);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(round_trip_in_pieces_of_any_size),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(every_altered_bit_is_refused),
		cmocka_unit_test(nothing_may_follow_the_end),
		cmocka_unit_test(another_image_is_refused),
		cmocka_unit_test(pages_lie_in_portable_memory_only),
		cmocka_unit_test(pages_ascend),
		cmocka_unit_test(sections_come_in_order),
		cmocka_unit_test(vm_sizes_are_bounded),
		cmocka_unit_test(lengths_are_bounded),
		cmocka_unit_test(prints_text_and_json),
		cmocka_unit_test(rounds_send_pages_again),
		cmocka_unit_test(rounds_keep_their_order),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
