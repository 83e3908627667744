/* SPDX-License-Identifier: Apache-2.0 */
// LINK: migrate/stream.c migrate/stream_write.c migrate/pack.c
// LINK: migrate/print.c migrate/hash.c base/base.c base/error.c; -llz4
// OPTIONS: -max_len=131072 -malloc_limit_mb=64
/*
 * The migration stream: read at once and in pieces, with and without the
 * identity that its head claims, it must come to the same, and be printed.
 */
#include <stdio.h>
#include <string.h>

#include "migrate/stream.h"
#include "tests/fuzz/shared/fuzz.h"

enum {
	HEAD = sizeof(struct hexo_stream_head),
	SECTION = sizeof(struct hexo_section),
	SECTIONS_MAX = 64,
};

/* ---- reading ---- */

/* What the visitor was given. */
struct seen {
	struct migrate_hash_state hash;
	struct hexo_layout layout;
	uint64_t memory, pages;
};

static void see(struct seen *s, const void *data, size_t len)
{
	migrate_hash_add(&s->hash, data, len);
}

static int see_vm(void *ctx, const struct hexo_section_vm *vm, uint64_t offset,
		  struct hexo_error *err)
{
	struct seen *s = ctx;

	s->layout = hexo_layout_make(vm->memory, vm->stack);
	see(s, vm, sizeof(*vm));
	see(s, &offset, sizeof(offset));
	return 0;
}

/* What a monitor would write to. */
static void check_range(const struct seen *s, uint64_t addr, uint64_t len)
{
	const struct hexo_layout *l = &s->layout;

	fuzz_check(len && addr % HEXO_PAGE_SIZE == 0);
	fuzz_check(
		(addr >= l->portable_low && addr + len <= l->portable_high) ||
		(addr >= l->pstack_low && addr + len <= l->pstack_high) ||
		(addr >= l->frames_low && addr + len <= l->frames_high));
}

static int see_pages(void *ctx, uint64_t addr, uint32_t count, const void *data,
		     uint64_t offset, struct hexo_error *err)
{
	struct seen *s = ctx;

	check_range(s, addr, (uint64_t)count * HEXO_PAGE_SIZE);
	see(s, &addr, sizeof(addr));
	see(s, data, (size_t)count * HEXO_PAGE_SIZE);
	return 0;
}

static int see_zero(void *ctx, uint64_t addr, uint32_t count, uint64_t offset,
		    struct hexo_error *err)
{
	struct seen *s = ctx;

	check_range(s, addr, (uint64_t)count * HEXO_PAGE_SIZE);
	see(s, &addr, sizeof(addr));
	see(s, &count, sizeof(count));
	return 0;
}

static int see_mark(void *ctx, uint64_t offset, struct hexo_error *err)
{
	see(ctx, &offset, sizeof(offset));
	return 0;
}

static const struct migrate_visitor visitor = {
	.vm = see_vm,
	.pages = see_pages,
	.zero = see_zero,
	.round = see_mark,
	.later = see_mark,
};

/* piece: how many bytes at a time, 0 for all; else up to that many. */
static int read_stream(const uint8_t *data, size_t size,
		       const struct migrate_identity *id, uint32_t piece,
		       uint64_t *digest, struct hexo_error *err)
{
	uint64_t random = size;
	struct migrate_reader r;
	struct seen seen = { 0 };
	int e = 0;

	migrate_hash_begin(&seen.hash, 0);
	fuzz_check(migrate_reader_init(&r, id, &visitor, &seen, err) == 0);
	for (size_t at = 0; e == 0 && at < size;) {
		size_t n = piece ? fuzz_random(&random) % piece + 1 : size;

		n = n < size - at ? n : size - at;
		e = migrate_reader_feed(&r, data + at, n, err);
		at += n;
	}
	if (e == 0)
		e = migrate_reader_finish(&r, err);
	migrate_reader_free(&r);
	*digest = migrate_hash_end(&seen.hash);
	return e;
}

static void print_stream(const uint8_t *data, size_t size, bool json, bool good)
{
	FILE *in = fmemopen((void *)data, size, "r");
	FILE *out = fopen("/dev/null", "w");
	struct hexo_error err;

	fuzz_check(in && out);
	fuzz_check((migrate_stream_print(in, out, json, &err) == 0) == good);
	fclose(in);
	fclose(out);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct migrate_identity other = { { 1, 2 }, 3 };
	struct migrate_identity id = { 0 };
	struct hexo_stream_head head = { 0 };
	struct hexo_error whole = { 0 }, pieces = { 0 }, none = { 0 };
	uint64_t at_once, by_piece, nothing;
	int r;

	memcpy(&head, data, size < sizeof(head) ? size : sizeof(head));
	memcpy(id.build_id, head.build_id, sizeof(id.build_id));
	id.layout_hash = head.layout_hash;
	r = read_stream(data, size, NULL, 0, &at_once, &whole);
	fuzz_check(read_stream(data, size, &id, 1 + size % 5000, &by_piece,
			       &pieces) == r);
	fuzz_check(at_once == by_piece && !strcmp(whole.text, pieces.text));
	if (memcmp(&id, &other, sizeof(id)))
		fuzz_check(read_stream(data, size, &other, 0, &nothing, &none) <
			   0);
	if (size) {
		print_stream(data, size, false, r == 0);
		print_stream(data, size, true, r == 0);
	}
	return 0;
}

/* ---- changing ---- */

/* Where the sections begin; n: how many. Lengths that cannot be are cut. */
static unsigned find_sections(uint8_t *data, size_t size,
			      size_t at[SECTIONS_MAX])
{
	unsigned n = 0;

	for (size_t to = HEAD; n < SECTIONS_MAX && to + SECTION <= size;) {
		struct hexo_section s;

		memcpy(&s, data + to, sizeof(s));
		if (s.length > size - to - SECTION) {
			s.length = (uint32_t)(size - to - SECTION);
			memcpy(data + to, &s, sizeof(s));
		}
		at[n++] = to;
		to += SECTION + s.length;
	}
	return n;
}

/* Makes all checksums right. */
static void repair(uint8_t *data, size_t size)
{
	struct migrate_hash_state sections;
	struct hexo_stream_head head;
	size_t at[SECTIONS_MAX];
	unsigned n = size < HEAD ? 0 : find_sections(data, size, at);

	if (size < HEAD)
		return;
	memcpy(&head, data, sizeof(head));
	head.magic = HEXO_STREAM_MAGIC;
	head.version = HEXO_STREAM_VERSION;
	head.layout_version = HEXO_LAYOUT_VERSION;
	head.checksum =
		migrate_hash(&head, offsetof(struct hexo_stream_head, checksum),
			     0);
	memcpy(data, &head, sizeof(head));
	migrate_hash_begin(&sections, 0);
	for (unsigned i = 0; i < n; i++) {
		struct hexo_section s;

		memcpy(&s, data + at[i], sizeof(s));
		s.checksum = migrate_hash(data + at[i] + SECTION, s.length, 0);
		if (s.type == HEXO_SECTION_END)
			s.checksum = migrate_hash_end(&sections);
		else
			migrate_hash_add(&sections, &s.checksum,
					 sizeof(s.checksum));
		memcpy(data + at[i], &s, sizeof(s));
	}
}

/* Puts len bytes before `to`, if there is room. */
static size_t insert(uint8_t *data, size_t size, size_t max, size_t to,
		     const void *what, size_t len)
{
	if (len > max - size)
		return size;
	memmove(data + to + len, data + to, size - to);
	memcpy(data + to, what, len);
	return size + len;
}

static size_t change_section(uint8_t *data, size_t size, size_t max,
			     uint64_t *random)
{
	const struct hexo_section mark = {
		.type = fuzz_random(random) % 2 ? HEXO_SECTION_ROUND
						: HEXO_SECTION_LATER
	};
	static const struct {
		struct hexo_section head;
		struct hexo_section_pages pages;
	} zero = { { .type = HEXO_SECTION_ZERO,
		     .length = sizeof(struct hexo_section_pages) },
		   { HEXO_PORTABLE_BASE, 1, 0 } };
	uint8_t copy[SECTION + sizeof(struct hexo_section_vm)];
	size_t at[SECTIONS_MAX], i, len;
	unsigned n = find_sections(data, size, at);

	if (!n)
		return LLVMFuzzerMutate(data, size, max);
	i = fuzz_random(random) % n;
	len = (i + 1 < n ? at[i + 1] : size) - at[i];
	switch (fuzz_random(random) % 7) {
	case 0:
		memmove(data + at[i], data + at[i] + len, size - at[i] - len);
		return size - len;
	case 1:
		return insert(data, size, max, at[i], &mark, sizeof(mark));
	case 2:
		return insert(data, size, max, at[i], &zero, sizeof(zero));
	case 3:
		/* The first VM section stands there once more. */
		if (size < HEAD + sizeof(copy))
			return size;
		memcpy(copy, data + HEAD, sizeof(copy));
		return insert(data, size, max, at[i], copy, sizeof(copy));
	case 4:
		/* Somewhere in what may be packed. */
		n = fuzz_random(random) % (unsigned)len;
		fuzz_mutate_part(data, at[i] + n, len - n < 16 ? len - n : 16);
		return size;
	default:
		fuzz_mutate_part(data, at[i], len < 96 ? len : 96);
		return size;
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	uint64_t random = seed;

	if (size < HEAD || fuzz_random(&random) % 4 == 0)
		size = LLVMFuzzerMutate(data, size, max);
	else
		size = change_section(data, size, max, &random);
	if (fuzz_random(&random) % 16)
		repair(data, size);
	return size;
}
