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
	cleanup_file FILE *file = NULL;
	struct resume found = { .vm = vm };
	struct hexo_error why = { 0 };
	struct migrate_reader reader;
	size_t n;
	int r;

	file = checkpoint ? cli_checkpoint_stream(checkpoint, &why)
			  : fopen(path, "re");
	if (!file)
		return hexo_fail_errno(err, "cannot open %s", path);
	r = migrate_reader_init(&reader, &identity, &visitor, &found, err);
	if (r < 0)
		return r;
	while (r == 0 && (!checkpoint || !found.found) &&
	       (n = fread(data, 1, RESUME_PIECE, file)) > 0)
		r = migrate_reader_feed(&reader, data, n, err);
	if (r == 0 && ferror(file))
		r = hexo_fail(err, -EIO, "%s",
			      checkpoint ? why.text : "cannot read it");
	if (r == 0 && !(found.found && checkpoint))
		r = migrate_reader_finish(&reader, err);
	migrate_reader_free(&reader);
	return r < 0 ? hexo_fail_context(err, "%s", path) : 0;
}
