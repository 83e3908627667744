/* SPDX-License-Identifier: Apache-2.0 */
/* A migration stream as text for people, or as one JSON document. */
#include "migrate/stream.h"

#include <errno.h>
#include <inttypes.h>

#include "base/base.h"
#include "hexo/isa.h"

struct print {
	FILE *out;
	const struct migrate_reader *reader;
	bool json;
	uint64_t pages;
	unsigned vms;
};

static const char *isa_name(uint32_t isa)
{
	switch (isa) {
#define X(number, id, name, machine) \
	case number:                 \
		return name;
		HEXO_ISA_LIST(X)
#undef X
	default:
		return "unknown";
	}
}

static int print_head(void *ctx, const struct hexo_stream_head *h,
		      struct hexo_error *err)
{
	struct print *p = ctx;

	fprintf(p->out,
		p->json ? "{\"version\": %u, \"layout_version\": %u, "
			  "\"build_id\": \"%016" PRIx64 "%016" PRIx64 "\", "
			  "\"layout_hash\": \"%016" PRIx64 "\", "
			  "\"sections\": ["
			: "head     version %u, address map %u\n"
			  "         build %016" PRIx64 "%016" PRIx64 "\n"
			  "         layout %016" PRIx64 "\n",
		h->version, h->layout_version, h->build_id[0], h->build_id[1],
		h->layout_hash);
	return 0;
}

static int print_vm(void *ctx, const struct hexo_section_vm *vm,
		    uint64_t offset, struct hexo_error *err)
{
	struct print *p = ctx;

	if (p->json && p->vms++)
		fputs(", ", p->out);
	fprintf(p->out,
		p->json ? "{\"type\": \"vm\", \"offset\": %" PRIu64
			  ", \"source\": \"%s\", \"hops\": %u, "
			  "\"memory\": %" PRIu64 ", \"stack\": %" PRIu64
			  ", \"frames\": %" PRIu64 ", \"frame_bytes\": %" PRIu64
			  ", \"polls\": %" PRIu64 ", \"monotonic_ns\": %" PRIu64
			  ", \"cpu_ns\": %" PRIu64 "}"
			: "%08" PRIx64 " VM  from %s, after %u hops\n"
			  "         memory %" PRIu64 ", stack %" PRIu64
			  " bytes\n"
			  "         %" PRIu64 " frames in %" PRIu64 " bytes\n"
			  "         %" PRIu64 " polls\n"
			  "         clock %" PRIu64 " ns, CPU %" PRIu64 " ns\n",
		offset, isa_name(vm->source_isa), vm->hops, vm->memory,
		vm->stack, vm->frames, vm->frame_bytes, vm->polls,
		vm->monotonic_ns, vm->cpu_ns);
	return 0;
}

static void print_range(struct print *p, const char *type, uint64_t addr,
			uint32_t count, uint64_t offset)
{
	uint32_t length = p->reader->section.length;

	if (p->json)
		fprintf(p->out,
			", {\"type\": \"%s\", \"offset\": %" PRIu64
			", \"addr\": %" PRIu64
			", \"count\": %u, \"length\": %u}",
			type, offset, addr, count, length);
	else
		fprintf(p->out,
			"%08" PRIx64 " %-6s 0x%010" PRIx64 " .. 0x%010" PRIx64
			"  %u pages in %u bytes\n",
			offset, type, addr,
			addr + (uint64_t)count * HEXO_PAGE_SIZE, count, length);
}

static int print_pages(void *ctx, uint64_t addr, uint32_t count,
		       const void *data, uint64_t offset,
		       struct hexo_error *err)
{
	struct print *p = ctx;
	bool packed = p->reader->section.type == HEXO_SECTION_PACKED;

	p->pages += count;
	print_range(p,
		    p->json  ? packed ? "packed" : "pages"
		    : packed ? "PACKED"
			     : "PAGES",
		    addr, count, offset);
	return 0;
}

static int print_zero(void *ctx, uint64_t addr, uint32_t count, uint64_t offset,
		      struct hexo_error *err)
{
	struct print *p = ctx;

	print_range(p, p->json ? "zero" : "ZERO", addr, count, offset);
	return 0;
}

static void print_mark(struct print *p, const char *type, uint64_t offset)
{
	fprintf(p->out,
		p->json ? ", {\"type\": \"%2$s\", \"offset\": %1$" PRIu64 "}"
			: "%1$08" PRIx64 " %2$s\n",
		offset, type);
}

static int print_round(void *ctx, uint64_t offset, struct hexo_error *err)
{
	struct print *p = ctx;

	print_mark(p, p->json ? "round" : "ROUND", offset);
	return 0;
}

static int print_later(void *ctx, uint64_t offset, struct hexo_error *err)
{
	struct print *p = ctx;

	print_mark(p, p->json ? "later" : "LATER", offset);
	return 0;
}

static int print_all(struct migrate_reader *r, FILE *in, struct hexo_error *err)
{
	char data[16384];
	size_t n;

	while ((n = fread(data, 1, sizeof(data), in)) > 0) {
		int e = migrate_reader_feed(r, data, n, err);

		if (e < 0)
			return e;
	}
	if (ferror(in))
		return hexo_fail(err, -EIO, "cannot read the stream");
	return migrate_reader_finish(r, err);
}

int migrate_stream_print(FILE *in, FILE *out, bool json, struct hexo_error *err)
{
	static const struct migrate_visitor visitor = {
		.head = print_head,
		.vm = print_vm,
		.pages = print_pages,
		.zero = print_zero,
		.round = print_round,
		.later = print_later,
	};
	struct migrate_reader r;
	struct print p = { .out = out, .reader = &r, .json = json };
	int e;

	e = migrate_reader_init(&r, NULL, &visitor, &p, err);
	if (e < 0)
		return e;
	e = print_all(&r, in, err);
	/* A document cut short by an error stays one that cannot be parsed:
	 * better than one that looks whole. */
	if (e == 0)
		fprintf(out,
			json ? "], \"pages\": %" PRIu64 ", \"bytes\": %" PRIu64
			       "}\n"
			     : "END      %" PRIu64 " pages, %" PRIu64
			       " bytes in all\n",
			p.pages, r.offset);
	migrate_reader_free(&r);
	return e;
}
