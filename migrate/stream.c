/* SPDX-License-Identifier: Apache-2.0 */
#include "migrate/stream.h"

#include <errno.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "hexo/isa.h"

enum {
	HEAD = sizeof(struct hexo_stream_head),
	SECTION = sizeof(struct hexo_section),
	PAGES = sizeof(struct hexo_section_pages),
};

static int reader_fail(const struct migrate_reader *r, struct hexo_error *err,
		       const char *fmt, ...)
	__attribute__((format(printf, 3, 4), cold));

static int reader_fail(const struct migrate_reader *r, struct hexo_error *err,
		       const char *fmt, ...)
{
	char text[HEXO_ERROR_MAX - 64];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	return hexo_fail(err, -EPROTO, "migration stream, byte %" PRIu64 ": %s",
			 r->offset, text);
}

int migrate_reader_init(struct migrate_reader *r,
			const struct migrate_identity *expect,
			const struct migrate_visitor *visitor, void *ctx,
			struct hexo_error *err)
{
	*r = (struct migrate_reader){
		.visitor = visitor,
		.ctx = ctx,
		.expect = expect,
		.step = MIGRATE_READ_HEAD,
		.need = HEAD,
	};
	migrate_hash_begin(&r->sections, 0);
	r->data = malloc(HEXO_SECTION_MAX);
	r->plain = malloc(HEXO_SECTION_MAX);
	if (r->data && r->plain)
		return 0;
	migrate_reader_free(r);
	return hexo_fail(err, -ENOMEM, "no memory to read a migration stream");
}

void migrate_reader_free(struct migrate_reader *r)
{
	free(r->data);
	free(r->plain);
	r->data = r->plain = NULL;
}

bool migrate_reader_done(const struct migrate_reader *r)
{
	return r->step == MIGRATE_READ_DONE;
}

static int reader_head(struct migrate_reader *r, const void *data,
		       struct hexo_error *err)
{
	const struct migrate_identity *id = r->expect;
	struct hexo_stream_head h;

	memcpy(&h, data, sizeof(h));
	if (h.magic != HEXO_STREAM_MAGIC)
		return reader_fail(r, err, "not a migration stream");
	if (h.version != HEXO_STREAM_VERSION)
		return reader_fail(r, err,
				   "format version %u; this program reads "
				   "version %d",
				   h.version, HEXO_STREAM_VERSION);
	if (h.checksum !=
	    migrate_hash(data, offsetof(struct hexo_stream_head, checksum), 0))
		return reader_fail(r, err, "the head is damaged");
	if (h.layout_version != HEXO_LAYOUT_VERSION)
		return reader_fail(r, err,
				   "address map version %u; this program has "
				   "version %d",
				   h.layout_version, HEXO_LAYOUT_VERSION);
	if (id && memcmp(h.build_id, id->build_id, sizeof(h.build_id)))
		return reader_fail(r, err,
				   "it comes from another build of the image "
				   "(%016" PRIx64 "%016" PRIx64 ")",
				   h.build_id[0], h.build_id[1]);
	if (id && h.layout_hash != id->layout_hash)
		return reader_fail(r, err,
				   "its layout hash is %016" PRIx64
				   ", the image's is %016" PRIx64,
				   h.layout_hash, id->layout_hash);
	return r->visitor->head ? r->visitor->head(r->ctx, &h, err) : 0;
}

/* A section's own head: everything in it but the checksum. */
static int reader_section(struct migrate_reader *r, const void *data,
			  struct hexo_error *err)
{
	struct hexo_section s;

	memcpy(&s, data, sizeof(s));
	r->section = s;
	if (s.length > HEXO_SECTION_MAX)
		return reader_fail(r, err, "section of %u bytes; at most %u",
				   s.length, HEXO_SECTION_MAX);
	if (!r->vms && s.type != HEXO_SECTION_VM)
		return reader_fail(r, err,
				   "section of type %u where the VM section "
				   "must stand",
				   s.type);
	switch (s.type) {
	case HEXO_SECTION_VM:
		if (r->vms > (r->rounds > 0))
			return reader_fail(r, err, "one VM section too many");
		if (s.length != sizeof(struct hexo_section_vm))
			return reader_fail(r, err, "VM section of %u bytes",
					   s.length);
		return 0;
	case HEXO_SECTION_PAGES:
		if (s.length < PAGES + HEXO_PAGE_SIZE ||
		    (s.length - PAGES) % HEXO_PAGE_SIZE)
			return reader_fail(r, err, "PAGES section of %u bytes",
					   s.length);
		return 0;
	case HEXO_SECTION_PACKED:
		if (s.length <= PAGES)
			return reader_fail(r, err, "PACKED section of %u bytes",
					   s.length);
		return 0;
	case HEXO_SECTION_ZERO:
		if (s.length != PAGES)
			return reader_fail(r, err, "ZERO section of %u bytes",
					   s.length);
		return 0;
	case HEXO_SECTION_ROUND:
		if (s.length)
			return reader_fail(r, err, "ROUND section of %u bytes",
					   s.length);
		if (r->vms > 1 || r->later)
			return reader_fail(r, err, "a round too late");
		return 0;
	case HEXO_SECTION_LATER:
		if (s.length || r->rounds || r->later)
			return reader_fail(r, err, "LATER out of place");
		if (!r->visitor->later)
			return reader_fail(r, err,
					   "post-copy, which can only be taken "
					   "in by a VM that is waiting for it");
		return 0;
	case HEXO_SECTION_END:
		if (r->vms != 1u + (r->rounds > 0))
			return reader_fail(r, err,
					   "END without the VM section that "
					   "counts");
		if (s.length)
			return reader_fail(r, err, "END section of %u bytes",
					   s.length);
		if (s.checksum != migrate_hash_end(&r->sections))
			return reader_fail(r, err,
					   "END does not match the sections "
					   "before it");
		return 0;
	default:
		return reader_fail(r, err, "section of unknown type %u",
				   s.type);
	}
}

static bool size_ok(uint64_t size, uint64_t min, uint64_t max)
{
	return size % HEXO_HUGE_SIZE == 0 && size >= min && size <= max;
}

static int reader_vm(struct migrate_reader *r, const void *data,
		     struct hexo_error *err)
{
	struct hexo_section_vm vm;

	memcpy(&vm, data, sizeof(vm));
	if (r->vms &&
	    (vm.memory != r->layout.portable_high - r->layout.portable_low ||
	     vm.stack != r->layout.pstack_high - r->layout.pstack_low))
		return reader_fail(r, err, "two VM sections disagree");
	if (!size_ok(vm.memory, HEXO_MEMORY_MIN, HEXO_MEMORY_MAX))
		return reader_fail(r, err, "memory size %" PRIu64, vm.memory);
	if (!size_ok(vm.stack, HEXO_STACK_MIN, HEXO_STACK_MAX))
		return reader_fail(r, err, "stack size %" PRIu64, vm.stack);
	r->layout = hexo_layout_make(vm.memory, vm.stack);
	if (vm.frame_bytes > r->layout.frames_high - r->layout.frames_low ||
	    vm.frame_bytes % 16 || vm.frames > vm.frame_bytes / 16)
		return reader_fail(r, err,
				   "%" PRIu64 " frame records in %" PRIu64
				   " bytes",
				   vm.frames, vm.frame_bytes);
	switch (vm.source_isa) {
#define X(number, id, name, machine) case number:
		HEXO_ISA_LIST(X)
#undef X
		break;
	default:
		return reader_fail(r, err, "unknown source ISA %u",
				   vm.source_isa);
	}
	/* The second one may stand behind pages of its round. */
	if (!r->vms++)
		r->next = r->layout.portable_low;
	r->frames_end = r->layout.frames_low + vm.frame_bytes;
	r->frames_end = (r->frames_end + HEXO_PAGE_SIZE - 1) &
			-(uint64_t)HEXO_PAGE_SIZE;
	return r->visitor->vm ? r->visitor->vm(r->ctx, &vm, r->offset, err) : 0;
}

/* Whether [addr, addr + len) lies in one part of portable memory. addr is
 * at least portable_low, so nothing wraps. Frame records come before LATER. */
static bool range_ok(const struct migrate_reader *r, uint64_t addr,
		     uint64_t len)
{
	const struct hexo_layout *l = &r->layout;
	uint64_t low, high;

	if (addr < l->portable_high) {
		low = l->portable_low;
		high = l->portable_high;
	} else if (addr < l->pstack_high) {
		low = l->pstack_low;
		high = l->pstack_high;
	} else {
		low = l->frames_low;
		high = r->later ? low : r->frames_end;
	}
	return addr >= low && addr < high && len <= high - addr;
}

/* Whether a section of its kind and length can have so many pages. */
static bool count_ok(const struct hexo_section *s, uint32_t count)
{
	switch (s->type) {
	case HEXO_SECTION_PAGES:
		return (uint64_t)count * HEXO_PAGE_SIZE == s->length - PAGES;
	case HEXO_SECTION_PACKED:
		return count <= MIGRATE_PAGES_MAX;
	default:
		return true;
	}
}

/* PAGES, PACKED and ZERO differ in what follows. */
static int reader_pages(struct migrate_reader *r, const char *data,
			struct hexo_error *err)
{
	bool zero = r->section.type == HEXO_SECTION_ZERO;
	const struct migrate_visitor *v = r->visitor;
	const char *pages = data + PAGES;
	struct hexo_section_pages p;
	uint64_t len;

	memcpy(&p, data, sizeof(p));
	len = (uint64_t)p.count * HEXO_PAGE_SIZE;
	if (!p.count || p.reserved || !count_ok(&r->section, p.count))
		return reader_fail(r, err, "section says %u pages in %u bytes",
				   p.count, r->section.length);
	if (p.addr % HEXO_PAGE_SIZE)
		return reader_fail(r, err,
				   "pages at 0x%" PRIx64
				   ", not a page boundary",
				   p.addr);
	if (!r->later && p.addr < r->next)
		return reader_fail(r, err,
				   "pages at 0x%" PRIx64 " where 0x%" PRIx64
				   " or more is due",
				   p.addr, r->next);
	if (!range_ok(r, p.addr, len))
		return reader_fail(r, err,
				   "%u pages at 0x%" PRIx64
				   " are not portable memory",
				   p.count, p.addr);
	r->next = p.addr + len;
	if (r->section.type == HEXO_SECTION_PACKED) {
		if (!migrate_unpack(pages, r->section.length - PAGES, r->plain,
				    (uint32_t)len))
			return reader_fail(r, err,
					   "%u bytes that do not unpack to %u "
					   "pages",
					   r->section.length - PAGES, p.count);
		pages = r->plain;
	}
	if (zero)
		return v->zero ? v->zero(r->ctx, p.addr, p.count, r->offset,
					 err)
			       : 0;
	return v->pages ? v->pages(r->ctx, p.addr, p.count, pages, r->offset,
				   err)
			: 0;
}

static int reader_round(struct migrate_reader *r, struct hexo_error *err)
{
	r->rounds++;
	r->next = r->layout.portable_low;
	return r->visitor->round ? r->visitor->round(r->ctx, r->offset, err)
				 : 0;
}

static int reader_later(struct migrate_reader *r, struct hexo_error *err)
{
	r->later = true;
	return r->visitor->later(r->ctx, r->offset, err);
}

static int reader_payload(struct migrate_reader *r, const void *data,
			  struct hexo_error *err)
{
	const struct hexo_section *s = &r->section;

	if (s->checksum != migrate_hash(data, s->length, 0))
		return reader_fail(r, err,
				   "section is damaged: wrong "
				   "checksum");
	migrate_hash_add(&r->sections, &s->checksum, sizeof(s->checksum));
	switch (s->type) {
	case HEXO_SECTION_VM:
		return reader_vm(r, data, err);
	case HEXO_SECTION_ROUND:
		return reader_round(r, err);
	case HEXO_SECTION_LATER:
		return reader_later(r, err);
	default:
		return reader_pages(r, data, err);
	}
}

/* One whole element came: checks it and says what comes next. */
static int reader_element(struct migrate_reader *r, const void *data,
			  struct hexo_error *err)
{
	uint32_t size = r->need;
	int e;

	r->have = 0;
	switch (r->step) {
	case MIGRATE_READ_HEAD:
		e = reader_head(r, data, err);
		r->step = MIGRATE_READ_SECTION;
		r->need = SECTION;
		break;
	case MIGRATE_READ_SECTION:
		e = reader_section(r, data, err);
		r->step = r->section.type == HEXO_SECTION_END
				  ? MIGRATE_READ_DONE
				  : MIGRATE_READ_PAYLOAD;
		r->need = r->section.length;
		break;
	default:
		e = reader_payload(r, data, err);
		r->step = MIGRATE_READ_SECTION;
		r->need = SECTION;
		break;
	}
	if (e == 0)
		r->offset += size;
	return e;
}

int migrate_reader_feed(struct migrate_reader *r, const void *data, size_t len,
			struct hexo_error *err)
{
	const char *from = data;

	while (len) {
		uint32_t want = r->need - r->have;
		int e;

		if (r->step == MIGRATE_READ_DONE)
			return reader_fail(r, err, "more bytes after END");
		if (r->have == 0 && len >= want) {
			e = reader_element(r, from, err);
		} else {
			if (want > len)
				want = (uint32_t)len;
			memcpy(r->data + r->have, from, want);
			r->have += want;
			e = r->have < r->need ? 0
					      : reader_element(r, r->data, err);
		}
		from += want;
		len -= want;
		/* Nothing more of it has to come. */
		if (e == 0 && r->step == MIGRATE_READ_PAYLOAD && !r->need)
			e = reader_element(r, r->data, err);
		if (e < 0)
			return e;
	}
	return 0;
}

int migrate_reader_finish(const struct migrate_reader *r,
			  struct hexo_error *err)
{
	if (r->step == MIGRATE_READ_DONE)
		return 0;
	return hexo_fail(err, -EPIPE,
			 "migration stream ends at byte %" PRIu64
			 ", before its END section",
			 r->offset + r->have);
}
