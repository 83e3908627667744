/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/image.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zip.h>

#include "base/base.h"
#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "hexo/image.h"
#include "hexo/layout.h"

static int image_fail(const struct cli_image *image, struct hexo_error *err,
		      const char *why)
{
	return hexo_fail(err, -ENOEXEC, "%s is not a usable image: %s",
			 image->path, why);
}

/* Opens the file, sees that it begins as images do, and gives it to libzip,
 * which then owns the descriptor: what was checked is what is read. */
static int image_open_zip(struct cli_image *image, struct hexo_error *err)
{
	char line[sizeof(HEXO_IMAGE_LINE) - 1];
	/* Without O_NONBLOCK a FIFO would hold us up. */
	cleanup_close int fd =
		open(image->path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	FILE *file;
	zip_source_t *source;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot open %s", image->path);
	if (fstat(fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat %s", image->path);
	if (S_ISDIR(st.st_mode))
		return image_fail(image, err, "it is a directory");
	if (!S_ISREG(st.st_mode))
		return image_fail(image, err, "it is not a regular file");
	if (pread(fd, line, sizeof(line), 0) != (ssize_t)sizeof(line) ||
	    memcmp(line, HEXO_IMAGE_LINE, sizeof(line)))
		return image_fail(image, err,
				  "its first line is not that of a Hexo image "
				  "(build it with hexo-cc)");
	file = fdopen(fd, "rb");
	if (!file)
		return hexo_fail_errno(err, "cannot read %s", image->path);
	base_take_fd(fd);
	source = zip_source_filep_create(file, 0, -1, NULL);
	if (!source) {
		fclose(file);
		return hexo_fail(err, -ENOMEM, "no memory to read %s",
				 image->path);
	}
	image->zip =
		zip_open_from_source(source, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
	if (!image->zip) {
		zip_source_free(source);
		return image_fail(image, err, "its archive is damaged or cut");
	}
	return 0;
}

/* Whether that many bytes can have become comp_size bytes. Deflate's longest
 * match is 258 bytes from 2 bits. */
static bool image_size_ok(const zip_stat_t *st)
{
	const zip_uint64_t ratio = 258 * 8 / 2;

	if (st->comp_method == ZIP_CM_STORE)
		return st->size == st->comp_size;
	return st->comp_method == ZIP_CM_DEFLATE &&
	       st->size / ratio <= st->comp_size;
}

/* Reads an entry of at most max bytes; a NUL follows its data, which is the
 * caller's to free(). libzip checks the CRC at the end. */
static int image_read_entry(struct cli_image *image, const char *name,
			    size_t max, char **data, size_t *len,
			    struct hexo_error *err)
{
	const zip_uint64_t need = ZIP_STAT_SIZE | ZIP_STAT_COMP_SIZE |
				  ZIP_STAT_COMP_METHOD | ZIP_STAT_INDEX;
	cleanup_free char *bytes = NULL;
	zip_stat_t st;
	zip_file_t *file;
	zip_int64_t got;
	char extra;

	if (zip_stat(image->zip, name, 0, &st) < 0)
		return hexo_fail(err, -ENOEXEC,
				 "%s is not a usable image: it has no %s",
				 image->path, name);
	if ((st.valid & need) != need || !image_size_ok(&st) || st.size > max)
		return hexo_fail(err, -ENOEXEC,
				 "%s is not a usable image: its %s is not "
				 "stored as it should be",
				 image->path, name);
	bytes = malloc(st.size + 1);
	if (!bytes)
		return hexo_fail(err, -ENOMEM, "no memory to read %s of %s",
				 name, image->path);
	file = zip_fopen_index(image->zip, st.index, 0);
	if (!file)
		return hexo_fail(err, -ENOEXEC,
				 "cannot read %s of image %s: %s", name,
				 image->path, zip_strerror(image->zip));
	got = zip_fread(file, bytes, st.size);
	/* The CRC is compared when the end of the entry is met. */
	if (got == (zip_int64_t)st.size && zip_fread(file, &extra, 1) != 0)
		got = -1;
	zip_fclose(file);
	if (got != (zip_int64_t)st.size)
		return hexo_fail(err, -ENOEXEC,
				 "image %s is damaged: %s cannot be read whole",
				 image->path, name);
	bytes[st.size] = '\0';
	*len = (size_t)st.size;
	*data = base_take_ptr(bytes);
	return 0;
}

/* Exactly 16 hexadecimal digits. */
static int image_parse_hash(const char *text, uint64_t *value)
{
	char digits[17];
	char *end;

	if (strnlen(text, 16) < 16 || strspn(text, "0123456789abcdef") < 16)
		return -EINVAL;
	memcpy(digits, text, 16);
	digits[16] = '\0';
	*value = strtoull(digits, &end, 16);
	return 0;
}

/* Whether name can stand in messages, socket names and listings. */
static bool image_is_plain(const char *name)
{
	if (!*name || *name == '.' || *name == '-')
		return false;
	for (; *name; name++)
		if (*name <= ' ' || *name > '~' || *name == '/')
			return false;
	return true;
}

static int image_check_version(const struct cli_image *image, const char *key,
			       int known, struct hexo_error *err)
{
	const json_t *value = json_object_get(image->manifest, key);

	if (json_is_integer(value) && json_integer_value(value) == known)
		return 0;
	if (!json_is_integer(value))
		return hexo_fail(err, -ENOEXEC,
				 "%s is not a usable image: its manifest has "
				 "no %s",
				 image->path, key);
	return hexo_fail(err, -ENOEXEC,
			 "image %s has %s %" JSON_INTEGER_FORMAT
			 ", this hexo knows %d: build it anew",
			 image->path, key, json_integer_value(value), known);
}

/* What a row says of a file. */
static int image_add_entry(const struct cli_image *image, json_t *row,
			   struct cli_entry *entry, struct hexo_error *err)
{
	const char *file, *hash;
	json_int_t size;

	if (json_unpack(row, "{s:s, s:I, s:s}", "file", &file, "size", &size,
			"xxh64", &hash) < 0)
		return image_fail(image, err,
				  "its manifest lists an ISA without name, "
				  "file, size or xxh64");
	if (size <= 0 || size > CLI_ELF_MAX || !image_is_plain(file) ||
	    strlen(hash) != 16 || image_parse_hash(hash, &entry->hash) < 0)
		return image_fail(image, err,
				  "a size, file or xxh64 of its manifest is "
				  "not valid");
	entry->size = (size_t)size;
	entry->file = base_strdup(file);
	return 0;
}

/* One row of "isas". An ISA that this hexo does not know is left out. */
static int image_add_isa(struct cli_image *image, json_t *row,
			 struct hexo_error *err)
{
	struct cli_elf *elf = &image->elf[image->count];
	json_t *lines = json_object_get(row, "debug");
	const char *name;
	enum hexo_isa isa;
	int r;

	if (json_unpack(row, "{s:s}", "name", &name) < 0)
		return image_fail(image, err,
				  "its manifest lists an ISA without name, "
				  "file, size or xxh64");
	isa = cli_isa_by_name(name);
	if (isa == HEXO_ISA_NONE)
		return 0;
	if (cli_image_find(image, isa))
		return image_fail(image, err,
				  "its manifest lists an ISA twice");
	elf->isa = isa;
	elf->fd = -1;
	image->count++;
	r = image_add_entry(image, row, &elf->entry, err);
	if (r == 0 && lines)
		r = image_add_entry(image, lines, &elf->lines, err);
	return r;
}

static int image_read_manifest(struct cli_image *image, struct hexo_error *err)
{
	cleanup_free char *text = NULL;
	const char *name, *build_id, *layout;
	json_t *isas, *row;
	json_error_t why;
	size_t len, i;
	int r;

	r = image_read_entry(image, HEXO_IMAGE_MANIFEST, CLI_MANIFEST_MAX,
			     &text, &len, err);
	if (r < 0)
		return r;
	image->manifest = json_loadb(text, len, JSON_REJECT_DUPLICATES, &why);
	if (!json_is_object(image->manifest))
		return image_fail(image, err, "its manifest is not JSON");
	if ((r = image_check_version(image, "format", HEXO_IMAGE_FORMAT, err)))
		return r;
	if ((r = image_check_version(image, "layout_version",
				     HEXO_LAYOUT_VERSION, err)))
		return r;
	if ((r = image_check_version(image, "abi_version", HEXO_ABI_VERSION,
				     err)))
		return r;
	if ((r = image_check_version(image, "frame_version", HEXO_FRAME_VERSION,
				     err)))
		return r;
	if (json_unpack(image->manifest, "{s:s, s:s, s:s, s:o}", "name", &name,
			"build_id", &build_id, "layout_hash", &layout, "isas",
			&isas) < 0 ||
	    !json_is_array(isas))
		return image_fail(image, err,
				  "its manifest lacks name, build_id, "
				  "layout_hash or isas");
	if (!image_is_plain(name) || strlen(build_id) != 32 ||
	    strlen(layout) != 16 ||
	    image_parse_hash(build_id, &image->build_id[0]) < 0 ||
	    image_parse_hash(build_id + 16, &image->build_id[1]) < 0 ||
	    image_parse_hash(layout, &image->layout_hash) < 0)
		return image_fail(image, err,
				  "the name, build_id or layout_hash of its "
				  "manifest is not valid");
	snprintf(image->name, sizeof(image->name), "%s", name);
	json_array_foreach(isas, i, row)
	{
		r = image_add_isa(image, row, err);
		if (r < 0)
			return r;
	}
	if (!image->count)
		return image_fail(image, err,
				  "it has no ISA that this hexo knows");
	return 0;
}

int cli_image_open(struct cli_image *image, const char *path,
		   struct hexo_error *err)
{
	int r;

	*image = (struct cli_image){ .path = base_strdup(path) };
	r = image_open_zip(image, err);
	if (r < 0)
		return r;
	return image_read_manifest(image, err);
}

void cli_image_close(struct cli_image *image)
{
	for (int i = 0; i < image->count; i++) {
		free(image->elf[i].entry.file);
		free(image->elf[i].lines.file);
		free(image->elf[i].data);
		if (image->elf[i].fd >= 0)
			close(image->elf[i].fd);
	}
	json_decref(image->manifest);
	if (image->zip)
		zip_discard(image->zip);
	free(image->path);
	*image = (struct cli_image){ 0 };
}

struct cli_elf *cli_image_find(struct cli_image *image, enum hexo_isa isa)
{
	for (int i = 0; i < image->count; i++)
		if (image->elf[i].isa == isa)
			return &image->elf[i];
	return NULL;
}

/* hexo-vm gets the ELF this way: without a path, and unchangeable. */
static int image_seal(const char *data, size_t size, struct hexo_error *err)
{
	const int seals =
		F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE;
	cleanup_close int fd =
		memfd_create("hexo-elf", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	int r;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a memory file");
	r = base_write_all(fd, data, size);
	if (r < 0)
		return hexo_fail(err, r, "cannot fill a memory file: %s",
				 strerror(-r));
	if (fcntl(fd, F_ADD_SEALS, seals) < 0)
		return hexo_fail_errno(err, "cannot seal a memory file");
	return base_take_fd(fd);
}

/* The caller frees *data. */
static int image_read_checked(struct cli_image *image,
			      const struct cli_entry *entry, char **data,
			      struct hexo_error *err)
{
	cleanup_free char *bytes = NULL;
	size_t len;
	int r = image_read_entry(image, entry->file, CLI_ELF_MAX, &bytes, &len,
				 err);

	if (r < 0)
		return r;
	if (len != entry->size || XXH64(bytes, len, 0) != entry->hash)
		return hexo_fail(err, -ENOEXEC,
				 "image %s is damaged: size or hash of "
				 "%s is not that of its manifest",
				 image->path, entry->file);
	*data = base_take_ptr(bytes);
	return 0;
}

int cli_image_load(struct cli_image *image, struct cli_elf *elf,
		   struct hexo_error *err)
{
	int r;

	if (elf->fd >= 0)
		return 0;
	if (!elf->data) {
		r = image_read_checked(image, &elf->entry, &elf->data, err);
		if (r < 0)
			return r;
	}
	r = image_seal(elf->data, elf->entry.size, err);
	if (r < 0)
		return r;
	elf->fd = r;
	return 0;
}

int cli_image_lines(struct cli_image *image, const struct cli_elf *elf,
		    struct hexo_error *err)
{
	cleanup_free char *data = NULL;
	int r;

	if (!elf->lines.file)
		return hexo_fail(err, -ENOENT, "%s has no line tables",
				 image->path);
	r = image_read_checked(image, &elf->lines, &data, err);
	return r < 0 ? r : image_seal(data, elf->lines.size, err);
}

char *cli_image_isas(const struct cli_image *image)
{
	struct base_buffer text = { 0 };

	for (int i = 0; i < image->count; i++)
		base_buffer_printf(&text, "%s%s", i ? ", " : "",
				   cli_isa_name(image->elf[i].isa));
	return text.data;
}
