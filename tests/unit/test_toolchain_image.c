/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/image.c base/base.c base/error.c; -lzip -ljansson -lxxhash
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <zip.h>

#include "base/base.h"
#include "hexo/image.h"
#include "toolchain/image.h"

static char directory[] = "/tmp/test_image.XXXXXX";
static char *path;

static const struct tc_image_elf elfs[] = {
	{ .isa = "x86-64", .data = "first", .len = 5 },
	{ .isa = "aarch64", .data = "second!", .len = 7 },
};

static const struct tc_image image = {
	.name = "job",
	.build_id = { 0x1122334455667788, 0x99aabbccddeeff00 },
	.layout_hash = 0xabc,
	.features = { .functions = 4, .migratable = 3, .polls = 2, .sites = 1 },
	.elfs = elfs,
	.n_elfs = 2,
};

static int make_directory(void **unused)
{
	if (!mkdtemp(directory))
		return -1;
	path = base_printf("%s/job", directory);
	return 0;
}

static int remove_directory(void **unused)
{
	unlink(path);
	free(path);
	return rmdir(directory);
}

static void write_image(void)
{
	struct hexo_error err = { 0 };

	if (tc_image_write(&image, path, &err) < 0)
		fail_msg("%s", err.text);
}

/* The entry's contents, NUL-terminated; the caller frees. */
static char *read_entry(zip_t *zip, zip_uint64_t index, const char *name)
{
	zip_stat_t st;
	zip_file_t *f;
	char *text;

	assert_int_equal(zip_stat_index(zip, index, 0, &st), 0);
	assert_string_equal(st.name, name);
	f = zip_fopen_index(zip, index, 0);
	assert_non_null(f);
	text = base_alloc(st.size + 1);
	assert_int_equal(zip_fread(f, text, st.size), st.size);
	assert_int_equal(zip_fclose(f), 0); /* the CRC is right */
	return text;
}

static void entries_read_back(void **unused)
{
	char *manifest, *text;
	json_t *root;
	zip_t *zip;

	write_image();
	zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
	assert_non_null(zip);
	assert_int_equal(zip_get_num_entries(zip, 0), 3);
	manifest = read_entry(zip, 0, HEXO_IMAGE_MANIFEST);
	root = json_loads(manifest, 0, NULL);
	assert_int_equal(json_integer_value(json_object_get(root, "format")),
			 HEXO_IMAGE_FORMAT);
	assert_string_equal(json_string_value(
				    json_object_get(root, "build_id")),
			    "112233445566778899aabbccddeeff00");
	assert_string_equal(json_string_value(
				    json_object_get(root, "layout_hash")),
			    "0000000000000abc");
	assert_int_equal(json_array_size(json_object_get(root, "isas")), 2);
	json_decref(root);
	free(manifest);
	text = read_entry(zip, 1, "x86-64.elf");
	assert_string_equal(text, "first");
	free(text);
	text = read_entry(zip, 2, "aarch64.elf");
	assert_string_equal(text, "second!");
	free(text);
	zip_discard(zip);
}

/* Line tables follow the ELFs, each with its size and hash. */
static void line_tables_read_back(void **unused)
{
	struct tc_image_elf with[2] = { elfs[0], elfs[1] };
	struct tc_image lines = image;
	struct hexo_error err;
	json_t *root, *isas, *debug;
	char *text;
	zip_t *zip;

	with[1].lines = "a line";
	with[1].lines_len = 6;
	lines.elfs = with;
	assert_int_equal(tc_image_write(&lines, path, &err), 0);
	zip = zip_open(path, ZIP_RDONLY | ZIP_CHECKCONS, NULL);
	assert_non_null(zip);
	assert_int_equal(zip_get_num_entries(zip, 0), 4);
	text = read_entry(zip, 0, HEXO_IMAGE_MANIFEST);
	root = json_loads(text, 0, NULL);
	free(text);
	isas = json_object_get(root, "isas");
	assert_null(json_object_get(json_array_get(isas, 0), "debug"));
	debug = json_object_get(json_array_get(isas, 1), "debug");
	assert_string_equal(json_string_value(json_object_get(debug, "file")),
			    "aarch64.debug");
	assert_int_equal(json_integer_value(json_object_get(debug, "size")), 6);
	json_decref(root);
	text = read_entry(zip, 3, "aarch64.debug");
	assert_string_equal(text, "a line");
	free(text);
	zip_discard(zip);
}

/* Offsets count from the start of the file, line included. */
static void offsets_are_absolute(void **unused)
{
	size_t line = strlen(HEXO_IMAGE_LINE), len;
	const char *directory_entry;
	uint32_t offset;
	char *data;

	write_image();
	assert_int_equal(base_read_file(path, 1 << 20, &data, &len, NULL), 0);
	assert_memory_equal(data, HEXO_IMAGE_LINE, line);
	assert_memory_equal(data + line, "PK\3\4", 4);
	directory_entry = memmem(data, len, "PK\1\2", 4);
	assert_non_null(directory_entry);
	memcpy(&offset, directory_entry + 42, 4);
	assert_int_equal(offset, line);
	free(data);
}

static void is_executable_and_reproducible(void **unused)
{
	char *first, *second;
	size_t n, m;
	struct stat st;

	write_image();
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 0500, 0500);
	assert_int_equal(base_read_file(path, 1 << 20, &first, &n, NULL), 0);
	write_image();
	assert_int_equal(base_read_file(path, 1 << 20, &second, &m, NULL), 0);
	assert_int_equal(n, m);
	assert_memory_equal(first, second, n);
	free(first);
	free(second);
}

static void failure_leaves_nothing(void **unused)
{
	cleanup_free char *nowhere = base_printf("%s/no/job", directory);
	struct hexo_error err;
	struct tc_image bad = image;

	assert_true(tc_image_write(&image, nowhere, &err) < 0);
	bad.name = "\xff";
	write_image();
	assert_true(tc_image_write(&bad, path, &err) < 0);
	/* the old image is still there; remove_directory sees to the rest */
	assert_int_equal(access(path, X_OK), 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(entries_read_back),
		cmocka_unit_test(line_tables_read_back),
		cmocka_unit_test(offsets_are_absolute),
		cmocka_unit_test(is_executable_and_reproducible),
		cmocka_unit_test(failure_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, make_directory, remove_directory);
}
