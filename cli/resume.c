/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/resume.h"

#include <errno.h>
#include <stdio.h>

#include "base/base.h"
#include "migrate/stream.h"

enum { RESUME_PIECE = 256 << 10 };

struct resume {
	struct hexo_section_vm *vm;
	bool found;
};

static int resume_vm(void *ctx, const struct hexo_section_vm *vm,
		     uint64_t offset, struct hexo_error *err)
{
	struct resume *r = ctx;

	*r->vm = *vm;
	r->found = true;
	return 0;
}

/* A stream that was cut off does not end with its END section. */
static int resume_check_end(FILE *file, uint64_t at, struct hexo_error *err)
{
	struct hexo_section end;

	if (fseeko(file, (off_t)(at - sizeof(end)), SEEK_SET) < 0 ||
	    fread(&end, sizeof(end), 1, file) != 1)
		return hexo_fail_errno(err, "cannot read its end");
	if (end.type != HEXO_SECTION_END || end.length)
		return hexo_fail(err, -EPIPE,
				 "migration stream ends before its END "
				 "section");
	return 0;
}

int cli_resume_check(const char *path, const struct cli_checkpoint *checkpoint,
		     const struct cli_image *image, struct hexo_section_vm *vm,
		     struct hexo_error *err)
{
	static const struct migrate_visitor visitor = { .vm = resume_vm };
	const struct migrate_identity identity = {
		.build_id = { image->build_id[0], image->build_id[1] },
		.layout_hash = image->layout_hash,
	};
	cleanup_free char *data = base_alloc(RESUME_PIECE);
	cleanup_file FILE *file = fopen(path, "re");
	struct resume found = { .vm = vm };
	uint64_t left = checkpoint ? checkpoint->stream_len : UINT64_MAX;
	struct migrate_reader reader;
	size_t n;
	int r;

	if (!file || fseeko(file, checkpoint ? (off_t)checkpoint->stream_at : 0,
			    SEEK_SET) < 0)
		return hexo_fail_errno(err, "cannot open %s", path);
	r = migrate_reader_init(&reader, &identity, &visitor, &found, err);
	if (r < 0)
		return r;
	while (r == 0 && (!checkpoint || !found.found) &&
	       (n = fread(data, 1, left < RESUME_PIECE ? left : RESUME_PIECE,
			  file)) > 0) {
		r = migrate_reader_feed(&reader, data, n, err);
		left -= n;
	}
	if (r == 0 && ferror(file))
		r = hexo_fail_errno(err, "cannot read it");
	if (r == 0 && found.found && checkpoint)
		r = resume_check_end(file,
				     checkpoint->stream_at +
					     checkpoint->stream_len,
				     err);
	else if (r == 0)
		r = migrate_reader_finish(&reader, err);
	migrate_reader_free(&reader);
	return r < 0 ? hexo_fail_context(err, "%s", path) : 0;
}
