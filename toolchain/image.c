/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/image.h"

#include <errno.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zip.h>

#include "base/base.h"
#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "hexo/image.h"
#include "hexo/layout.h"

/*
 * What libzip writes to: a file that has the leading line already. libzip
 * takes offsets from where we say that we are, so they count from the start
 * of the file, as the format wants.
 */
struct sink {
	FILE *file;
	zip_error_t error;
};

static zip_int64_t sink_failed(struct sink *s)
{
	zip_error_set(&s->error, ZIP_ER_WRITE, errno);
	return -1;
}

static zip_int64_t sink_command(void *user, void *data, zip_uint64_t len,
				zip_source_cmd_t command)
{
	struct sink *s = user;

	switch (command) {
	case ZIP_SOURCE_SUPPORTS:
		return zip_source_make_command_bitmap(
			ZIP_SOURCE_OPEN, ZIP_SOURCE_READ, ZIP_SOURCE_CLOSE,
			ZIP_SOURCE_STAT, ZIP_SOURCE_ERROR, ZIP_SOURCE_FREE,
			ZIP_SOURCE_SEEK, ZIP_SOURCE_TELL,
			ZIP_SOURCE_BEGIN_WRITE, ZIP_SOURCE_COMMIT_WRITE,
			ZIP_SOURCE_ROLLBACK_WRITE, ZIP_SOURCE_WRITE,
			ZIP_SOURCE_SEEK_WRITE, ZIP_SOURCE_TELL_WRITE,
			ZIP_SOURCE_REMOVE, -1);
	case ZIP_SOURCE_STAT:
		/* there is no archive yet */
		zip_error_set(&s->error, ZIP_ER_READ, ENOENT);
		return -1;
	case ZIP_SOURCE_WRITE:
		return fwrite(data, 1, len, s->file) == len ? (zip_int64_t)len
							    : sink_failed(s);
	case ZIP_SOURCE_SEEK_WRITE: {
		zip_source_args_seek_t *args =
			ZIP_SOURCE_GET_ARGS(zip_source_args_seek_t, data, len,
					    &s->error);

		if (!args)
			return -1;
		return fseeko(s->file, args->offset, args->whence) == 0
			       ? 0
			       : sink_failed(s);
	}
	case ZIP_SOURCE_TELL_WRITE:
		return ftello(s->file);
	case ZIP_SOURCE_COMMIT_WRITE:
		return fflush(s->file) == 0 ? 0 : sink_failed(s);
	case ZIP_SOURCE_ERROR:
		return zip_error_to_data(&s->error, data, len);
	case ZIP_SOURCE_BEGIN_WRITE:
	case ZIP_SOURCE_ROLLBACK_WRITE:
	case ZIP_SOURCE_FREE:
		return 0;
	default:
		/* there is nothing to read, yet libzip insists that a source
		 * which can be written can be read */
		zip_error_set(&s->error, ZIP_ER_OPNOTSUPP, 0);
		return -1;
	}
}

/* What the manifest says of an entry, its name without the suffix aside. */
static json_t *describe_file(const char *isa, const char *suffix,
			     const char *data, size_t len)
{
	char hash[17];

	snprintf(hash, sizeof(hash), "%016" PRIx64,
		 (uint64_t)XXH64(data, len, 0));
	return json_pack("{s:o, s:I, s:s}", "file",
			 json_sprintf("%s.%s", isa, suffix), "size",
			 (json_int_t)len, "xxh64", hash);
}

static json_t *describe_isas(const struct tc_image *image)
{
	json_t *list = json_array();

	for (size_t k = 0; k < image->n_elfs; k++) {
		const struct tc_image_elf *e = &image->elfs[k];
		json_t *row = json_pack("{s:s}", "name", e->isa);

		json_object_update_new(row, describe_file(e->isa, "elf",
							  e->data, e->len));
		if (e->lines)
			json_object_set_new(row, "debug",
					    describe_file(e->isa, "debug",
							  e->lines,
							  e->lines_len));
		json_array_append_new(list, row);
	}
	return list;
}

/* The caller frees it. */
static char *make_manifest(const struct tc_image *image)
{
	char id[33], layout[17];
	json_t *root;
	char *text;

	snprintf(id, sizeof(id), "%016" PRIx64 "%016" PRIx64,
		 image->build_id[0], image->build_id[1]);
	snprintf(layout, sizeof(layout), "%016" PRIx64, image->layout_hash);
	root = json_pack("{s:i, s:s, s:s, s:s, s:i, s:i, s:i, s:o,"
			 " s:{s:i, s:i, s:i, s:i}}",
			 "format", HEXO_IMAGE_FORMAT, "name", image->name,
			 "build_id", id, "layout_hash", layout,
			 "layout_version", HEXO_LAYOUT_VERSION, "abi_version",
			 HEXO_ABI_VERSION, "frame_version", HEXO_FRAME_VERSION,
			 "isas", describe_isas(image), "features", "functions",
			 (int)image->features.functions, "migratable",
			 (int)image->features.migratable, "polls",
			 (int)image->features.polls, "sites",
			 (int)image->features.sites);
	text = root ? json_dumps(root, JSON_INDENT(2)) : NULL;
	json_decref(root);
	return text;
}

static int add_entry(zip_t *zip, const char *name, const void *data, size_t len,
		     int method)
{
	zip_source_t *source = zip_source_buffer(zip, data, len, 0);
	zip_int64_t index;

	if (!source)
		return -1;
	index = zip_file_add(zip, name, source, ZIP_FL_ENC_UTF_8);
	if (index < 0) {
		zip_source_free(source);
		return -1;
	}
	/* Always the same time, so that the same program gives the same
	 * image. */
	if (zip_file_set_dostime(zip, (zip_uint64_t)index, 0, 0x21, 0) < 0)
		return -1;
	return zip_set_file_compression(zip, (zip_uint64_t)index, method, 9);
}

static int add_entries(zip_t *zip, const struct tc_image *image,
		       const char *manifest)
{
	if (add_entry(zip, HEXO_IMAGE_MANIFEST, manifest, strlen(manifest),
		      ZIP_CM_STORE))
		return -1;
	for (size_t k = 0; k < image->n_elfs; k++) {
		const struct tc_image_elf *e = &image->elfs[k];
		cleanup_free char *name = base_printf("%s.elf", e->isa);

		if (add_entry(zip, name, e->data, e->len, ZIP_CM_DEFLATE))
			return -1;
	}
	for (size_t k = 0; k < image->n_elfs; k++) {
		const struct tc_image_elf *e = &image->elfs[k];
		cleanup_free char *name = base_printf("%s.debug", e->isa);

		if (e->lines && add_entry(zip, name, e->lines, e->lines_len,
					  ZIP_CM_DEFLATE))
			return -1;
	}
	return 0;
}

static int write_zip(const struct tc_image *image, const char *manifest,
		     struct sink *sink, const char *path,
		     struct hexo_error *err)
{
	zip_source_t *source;
	zip_error_t why;
	zip_t *zip = NULL;
	int r;

	zip_error_init(&why);
	source = zip_source_function_create(sink_command, sink, &why);
	if (source)
		zip = zip_open_from_source(source, ZIP_CREATE | ZIP_TRUNCATE,
					   &why);
	if (!zip) {
		zip_source_free(source);
		r = hexo_fail(err, -EIO, "writing %s: %s", path,
			      zip_error_strerror(&why));
		zip_error_fini(&why);
		return r;
	}
	if (add_entries(zip, image, manifest) < 0 || zip_close(zip) < 0) {
		r = hexo_fail(err, -EIO, "writing %s: %s", path,
			      zip_strerror(zip));
		zip_discard(zip);
		return r;
	}
	return 0;
}

static mode_t usual_mode(void)
{
	mode_t mask = umask(0);

	umask(mask);
	return 0777 & ~mask;
}

static int write_file(const struct tc_image *image, const char *temporary,
		      int fd, struct hexo_error *err)
{
	cleanup_free char *manifest = make_manifest(image);
	cleanup_file FILE *file = fdopen(fd, "w+");
	struct sink sink = { .file = file };
	int r;

	if (!file) {
		close(fd);
		return hexo_fail_errno(err, "writing %s", temporary);
	}
	if (!manifest)
		return hexo_fail(err, -EINVAL,
				 "the manifest cannot be written: is the name "
				 "%s UTF-8?",
				 image->name);
	zip_error_init(&sink.error);
	fputs(HEXO_IMAGE_LINE, file);
	r = write_zip(image, manifest, &sink, temporary, err);
	zip_error_fini(&sink.error);
	if (r == 0 &&
	    (fflush(file) || ferror(file) || fchmod(fd, usual_mode()) < 0))
		r = hexo_fail_errno(err, "writing %s", temporary);
	return r;
}

int tc_image_write(const struct tc_image *image, const char *path,
		   struct hexo_error *err)
{
	cleanup_free char *temporary = base_printf("%s.XXXXXX", path);
	int fd = mkstemp(temporary);
	int r;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot write %s", path);
	r = write_file(image, temporary, fd, err);
	if (r == 0 && rename(temporary, path) < 0)
		r = hexo_fail_errno(err, "renaming %s to %s", temporary, path);
	if (r < 0)
		unlink(temporary);
	return r;
}
