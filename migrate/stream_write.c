/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>

#include "base/base.h"
#include "migrate/stream.h"

static int writer_put(struct migrate_writer *w, const struct iovec *parts,
		      int count, struct hexo_error *err)
{
	int i;

	for (i = 0; i < count; i++) {
		w->bytes += parts[i].iov_len;
		w->plain += parts[i].iov_len;
	}
	return w->put(w->ctx, parts, count, err);
}

/* parts[0] is free for the section's own head; the payload is the rest. */
static int writer_section(struct migrate_writer *w, uint32_t type,
			  struct iovec *parts, int count,
			  struct hexo_error *err)
{
	struct hexo_section s = { .type = type };
	int i;

	for (i = 1; i < count; i++)
		s.length += (uint32_t)parts[i].iov_len;
	if (type == HEXO_SECTION_END) {
		s.checksum = migrate_hash_end(&w->sections);
	} else {
		s.checksum = migrate_hash_parts(parts + 1, count - 1, 0);
		migrate_hash_add(&w->sections, &s.checksum, sizeof(s.checksum));
	}
	parts[0] = (struct iovec){ &s, sizeof(s) };
	return writer_put(w, parts, count, err);
}

int migrate_writer_begin(struct migrate_writer *w,
			 const struct migrate_identity *id, migrate_put *put,
			 void *ctx, struct hexo_error *err)
{
	struct hexo_stream_head head = {
		.magic = HEXO_STREAM_MAGIC,
		.version = HEXO_STREAM_VERSION,
		.layout_version = HEXO_LAYOUT_VERSION,
		.build_id = { id->build_id[0], id->build_id[1] },
		.layout_hash = id->layout_hash,
	};
	struct iovec part = { &head, sizeof(head) };

	*w = (struct migrate_writer){ .put = put, .ctx = ctx };
	migrate_hash_begin(&w->sections, 0);
	head.checksum =
		migrate_hash(&head, offsetof(struct hexo_stream_head, checksum),
			     0);
	return writer_put(w, &part, 1, err);
}

int migrate_writer_vm(struct migrate_writer *w,
		      const struct hexo_section_vm *vm, struct hexo_error *err)
{
	struct iovec parts[2] = { [1] = { (void *)vm, sizeof(*vm) } };

	return writer_section(w, HEXO_SECTION_VM, parts, 2, err);
}

/* parts[2] are the pages. */
static int writer_pack(struct migrate_writer *w, struct iovec *parts,
		       struct hexo_error *err)
{
	uint32_t plain = (uint32_t)parts[2].iov_len;
	uint32_t wire = migrate_pack(w->packer, parts[2].iov_base, plain);
	uint64_t begin = base_now_ns();
	int r;

	if (wire) {
		parts[2] = (struct iovec){ w->packer->data, wire };
		r = writer_section(w, HEXO_SECTION_PACKED, parts, 3, err);
		w->plain += plain - wire;
	} else {
		r = writer_section(w, HEXO_SECTION_PAGES, parts, 3, err);
	}
	migrate_packer_note(w->packer, plain, wire ? wire : plain,
			    base_now_ns() - begin);
	return r;
}

int migrate_writer_pages(struct migrate_writer *w, uint64_t addr,
			 uint32_t count, const void *data,
			 struct hexo_error *err)
{
	struct hexo_section_pages p = { .addr = addr, .count = count };
	struct iovec parts[3] = {
		[1] = { &p, sizeof(p) },
		[2] = { (void *)data, (size_t)count * HEXO_PAGE_SIZE },
	};

	if (!count || count > MIGRATE_PAGES_MAX)
		return hexo_fail(err, -EINVAL, "a section of %u pages", count);
	return w->packer ? writer_pack(w, parts, err)
			 : writer_section(w, HEXO_SECTION_PAGES, parts, 3, err);
}

int migrate_writer_zero(struct migrate_writer *w, uint64_t addr, uint32_t count,
			struct hexo_error *err)
{
	struct hexo_section_pages p = { .addr = addr, .count = count };
	struct iovec parts[2] = { [1] = { &p, sizeof(p) } };

	return writer_section(w, HEXO_SECTION_ZERO, parts, 2, err);
}

int migrate_writer_round(struct migrate_writer *w, struct hexo_error *err)
{
	struct iovec parts[1];

	return writer_section(w, HEXO_SECTION_ROUND, parts, 1, err);
}

int migrate_writer_later(struct migrate_writer *w, struct hexo_error *err)
{
	struct iovec parts[1];

	return writer_section(w, HEXO_SECTION_LATER, parts, 1, err);
}

int migrate_writer_end(struct migrate_writer *w, struct hexo_error *err)
{
	struct iovec parts[1];

	return writer_section(w, HEXO_SECTION_END, parts, 1, err);
}
