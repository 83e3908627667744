/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/image.c cli/isa.c base/base.c base/error.c
// LINK: ; -lzip -ljansson -lxxhash
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include <xxhash.h>
#include <zip.h>

#include "base/base.h"
#include "cli/image.h"
#include "hexo/image.h"

static const char elf_text[] = "not really an ELF, which is hexo-vm's matter";

/* A manifest whose parts a test replaces. */
struct manifest {
	const char *format, *abi, *build_id, *isas;
};

static char *dir, *path;

static int set_up(void **state)
{
	dir = base_strdup("/tmp/hexo-image-XXXXXX");
	assert_non_null(mkdtemp(dir));
	path = base_printf("%s/job", dir);
	return 0;
}

static int tear_down(void **state)
{
	cleanup_free char *command = base_printf("rm -rf %s", dir);
	int r = system(command);

	free(path);
	free(dir);
	return r;
}

static char *manifest_text(const struct manifest *m)
{
	cleanup_free char *isas = base_printf(
		"[{\"name\":\"x86-64\",\"file\":\"x86-64.elf\",\"size\":%zu,"
		"\"xxh64\":\"%016" PRIx64 "\"},"
		"{\"name\":\"sparc\",\"file\":\"sparc.elf\",\"size\":1,"
		"\"xxh64\":\"0000000000000000\"}]",
		sizeof(elf_text), XXH64(elf_text, sizeof(elf_text), 0));

	return base_printf(
		"{\"format\":%s,\"name\":\"job\",\"build_id\":\"%s\","
		"\"layout_hash\":\"00000000000000ff\",\"layout_version\":1,"
		"\"abi_version\":%s,\"frame_version\":2,\"isas\":%s}",
		m->format ? m->format : "2",
		m->build_id ? m->build_id : "000000000000000100000000000000ab",
		m->abi ? m->abi : "3", m->isas ? m->isas : isas);
}

/* A zip with a line before it, its offsets counted from the file's start:
 * libzip writes the zip, this adds the length of the line to them. */
static void prepend_line(const char *zip_path, const char *line)
{
	cleanup_free char *data = NULL;
	cleanup_file FILE *f = NULL;
	size_t len, shift = strlen(line);
	unsigned char *end;
	uint32_t at, count;

	assert_int_equal(base_read_file(zip_path, 1 << 20, &data, &len, NULL),
			 0);
	end = (unsigned char *)data + len - 22;
	assert_memory_equal(end, "PK\5\6", 4);
	memcpy(&at, end + 16, 4);
	count = end[10];
	for (unsigned char *e = (unsigned char *)data + at; count; count--) {
		uint32_t offset;
		uint16_t name, extra, comment;

		memcpy(&offset, e + 42, 4);
		offset += (uint32_t)shift;
		memcpy(e + 42, &offset, 4);
		memcpy(&name, e + 28, 2);
		memcpy(&extra, e + 30, 2);
		memcpy(&comment, e + 32, 2);
		e += 46 + name + extra + comment;
	}
	at += (uint32_t)shift;
	memcpy(end + 16, &at, 4);
	f = fopen(path, "w");
	fwrite(line, 1, shift, f);
	fwrite(data, 1, len, f);
}

static void add_entry(zip_t *zip, const char *name, const void *data,
		      size_t len, int method)
{
	zip_source_t *source = zip_source_buffer(zip, data, len, 0);
	zip_int64_t index = zip_file_add(zip, name, source, 0);

	assert_true(index >= 0);
	zip_set_file_compression(zip, (zip_uint64_t)index, method, 0);
}

static void write_image(const struct manifest *m, int method)
{
	cleanup_free char *text = manifest_text(m);
	cleanup_free char *zip_path = base_printf("%s.zip", path);
	zip_t *zip = zip_open(zip_path, ZIP_CREATE | ZIP_TRUNCATE, NULL);

	add_entry(zip, HEXO_IMAGE_MANIFEST, text, strlen(text), ZIP_CM_STORE);
	add_entry(zip, "x86-64.elf", elf_text, sizeof(elf_text), method);
	assert_int_equal(zip_close(zip), 0);
	prepend_line(zip_path, HEXO_IMAGE_LINE);
}

/* Opens the image and loads all it has; the first error. */
static int try(struct hexo_error *err)
{
	struct cli_image image;
	int r = cli_image_open(&image, path, err);

	for (int i = 0; r == 0 && i < image.count; i++)
		r = cli_image_load(&image, &image.elf[i], err);
	cli_image_close(&image);
	return r;
}

static void refuses(const char *text)
{
	struct hexo_error err = { 0 };

	assert_int_equal(try(&err), -ENOEXEC);
	if (!strstr(err.text, text))
		fail_msg("'%s' is not in: %s", text, err.text);
}

static void reads_a_good_image(void **state)
{
	const struct manifest good = { 0 };
	struct cli_image image;
	struct hexo_error err;
	char data[sizeof(elf_text)];

	write_image(&good, ZIP_CM_STORE);
	assert_int_equal(cli_image_open(&image, path, &err), 0);
	assert_string_equal(image.name, "job");
	assert_int_equal(image.build_id[0], 1);
	assert_int_equal(image.build_id[1], 0xab);
	assert_int_equal(image.layout_hash, 0xff);
	/* The ISA that nobody knows is left out. */
	assert_int_equal(image.count, 1);
	assert_null(cli_image_find(&image, HEXO_ISA_aarch64));
	assert_int_equal(cli_image_load(&image, &image.elf[0], &err), 0);
	assert_int_equal(pread(image.elf[0].fd, data, sizeof(data), 0),
			 sizeof(data));
	assert_memory_equal(data, elf_text, sizeof(data));
	assert_int_equal(ftruncate(image.elf[0].fd, 0), -1);
	assert_int_equal(pwrite(image.elf[0].fd, "x", 1, 0), -1);
	cli_image_close(&image);
}

/* The same text serves as line tables, once with another hash. */
static void reads_line_tables(void **state)
{
	static const char row[] =
		"[{\"name\":\"x86-64\",\"file\":\"x86-64.elf\",\"size\":%zu,"
		"\"xxh64\":\"%016lx\",\"debug\":{\"file\":\"%s\","
		"\"size\":%zu,\"xxh64\":\"%016lx\"}}]";
	const uint64_t hash = XXH64(elf_text, sizeof(elf_text), 0);
	const struct {
		const char *file;
		uint64_t hash;
		int result;
	} cases[] = { { "x86-64.elf", hash, 0 },
		      { "x86-64.elf", hash + 1, -ENOEXEC },
		      { "x86-64.debug", hash, -ENOEXEC } };

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		cleanup_free char *isas =
			base_printf(row, sizeof(elf_text), hash, cases[i].file,
				    sizeof(elf_text), cases[i].hash);
		const struct manifest m = { .isas = isas };
		struct cli_image image;
		struct hexo_error err;
		int fd;

		write_image(&m, ZIP_CM_STORE);
		assert_int_equal(cli_image_open(&image, path, &err), 0);
		fd = cli_image_lines(&image, &image.elf[0], &err);
		assert_int_equal(fd < 0 ? fd : 0, cases[i].result);
		if (fd >= 0)
			close(fd);
		cli_image_close(&image);
	}
}

static void an_image_without_line_tables(void **state)
{
	const struct manifest good = { 0 };
	struct cli_image image;
	struct hexo_error err;

	write_image(&good, ZIP_CM_STORE);
	assert_int_equal(cli_image_open(&image, path, &err), 0);
	assert_int_equal(cli_image_lines(&image, &image.elf[0], &err), -ENOENT);
	cli_image_close(&image);
}

static void refuses_what_is_no_image(void **state)
{
	struct hexo_error err;
	FILE *f;

	assert_int_equal(try(&err), -ENOENT);
	assert_int_equal(mkdir(path, 0755), 0);
	refuses("is a directory");
	assert_int_equal(rmdir(path), 0);
	assert_int_equal(mkfifo(path, 0600), 0);
	refuses("not a regular file");
	assert_int_equal(unlink(path), 0);
	f = fopen(path, "w");
	fclose(f);
	refuses("first line");
	f = fopen(path, "w");
	fputs("#!/bin/sh\nexit 0\n", f);
	fclose(f);
	refuses("first line");
	f = fopen(path, "w");
	fputs(HEXO_IMAGE_LINE "PK but no zip", f);
	fclose(f);
	refuses("archive");
}

static void refuses_other_versions(void **state)
{
	const struct manifest format = { .format = "3" };
	const struct manifest text = { .format = "\"1\"" };
	const struct manifest abi = { .abi = "7" };

	write_image(&format, ZIP_CM_STORE);
	refuses("format 3");
	write_image(&text, ZIP_CM_STORE);
	refuses("no format");
	write_image(&abi, ZIP_CM_STORE);
	refuses("abi_version 7");
}

static void refuses_bad_manifests(void **state)
{
	static const char *const isas[] = {
		"[]",
		"{}",
		"3",
		"[3]",
		"[{\"name\":\"x86-64\"}]",
		/* size, hash and file name that cannot be */
		"[{\"name\":\"x86-64\",\"file\":\"x86-64.elf\",\"size\":-1,"
		"\"xxh64\":\"0000000000000000\"}]",
		"[{\"name\":\"x86-64\",\"file\":\"x86-64.elf\",\"size\":45,"
		"\"xxh64\":\"000000000000000\"}]",
		"[{\"name\":\"x86-64\",\"file\":\"../x\",\"size\":45,"
		"\"xxh64\":\"0000000000000000\"}]",
		"[{\"name\":\"x86-64\",\"file\":\"a\",\"size\":45,"
		"\"xxh64\":\"0000000000000000\",\"debug\":3}]",
		"[{\"name\":\"x86-64\",\"file\":\"a\",\"size\":45,"
		"\"xxh64\":\"0000000000000000\",\"debug\":{\"file\":"
		"\"../x\",\"size\":45,\"xxh64\":\"0000000000000000\"}}]",
		"[{\"name\":\"x86-64\",\"file\":\"a\",\"size\":45,"
		"\"xxh64\":\"0000000000000000\"},"
		"{\"name\":\"x86-64\",\"file\":\"b\",\"size\":45,"
		"\"xxh64\":\"0000000000000000\"}]",
	};
	const struct manifest id = { .build_id = "0x000000000000010000000000000"
						 "0ab" };
	const struct manifest broken = { .isas = "[" };

	for (size_t i = 0; i < sizeof(isas) / sizeof(isas[0]); i++) {
		const struct manifest m = { .isas = isas[i] };

		write_image(&m, ZIP_CM_STORE);
		refuses("not a usable image");
	}
	write_image(&id, ZIP_CM_STORE);
	refuses("build_id");
	write_image(&broken, ZIP_CM_STORE);
	refuses("not JSON");
}

static void refuses_other_methods(void **state)
{
	const struct manifest good = { 0 };

	write_image(&good, ZIP_CM_BZIP2);
	refuses("not stored");
}

/* Has both heads of the ELF in the archive say that it unpacks to size. */
static void claim_size(uint32_t size)
{
	cleanup_free char *data = NULL;
	cleanup_file FILE *f = NULL;
	size_t len;
	char *at;

	assert_int_equal(base_read_file(path, 1 << 20, &data, &len, NULL), 0);
	at = data + len - 22; /* the end record */
	while (at-- > data) {
		bool local = !memcmp(at, "PK\3\4", 4);

		if (!local && memcmp(at, "PK\1\2", 4))
			continue;
		if (!memcmp(at + (local ? 30 : 46), "x86-64.elf", 10))
			memcpy(at + (local ? 22 : 24), &size, 4);
	}
	f = fopen(path, "w");
	assert_int_equal(fwrite(data, 1, len, f), len);
}

/* No memory is taken for what a small file cannot hold. */
static void refuses_sizes_that_cannot_be(void **state)
{
	const struct manifest good = { 0 };

	write_image(&good, ZIP_CM_STORE);
	claim_size(sizeof(elf_text));
	assert_int_equal(try(NULL), 0);
	claim_size(1 << 29);
	refuses("not stored");
	write_image(&good, ZIP_CM_DEFLATE);
	claim_size(1 << 29);
	refuses("not stored");
}

/* Cuts the file at every length, and turns a bit of every byte. */
static void refuses_damage_anywhere(void **state)
{
	const struct manifest good = { 0 };
	cleanup_free char *data = NULL;
	struct cli_image image;
	struct hexo_error err;
	unsigned accepted = 0;
	size_t len;

	write_image(&good, ZIP_CM_STORE);
	assert_int_equal(base_read_file(path, 1 << 20, &data, &len, NULL), 0);
	for (size_t i = 0; i < len; i++) {
		cleanup_close int fd = open(path, O_RDWR);
		char turned = (char)(data[i] ^ 1);

		assert_int_equal(pwrite(fd, &turned, 1, (off_t)i), 1);
		accepted += try(&err) == 0;
		/* Whatever was changed, the ELF is what it was. */
		if (cli_image_open(&image, path, &err) == 0 &&
		    cli_image_load(&image, &image.elf[0], &err) == 0)
			assert_memory_equal(image.elf[0].data, elf_text,
					    sizeof(elf_text));
		cli_image_close(&image);
		assert_int_equal(pwrite(fd, data + i, 1, (off_t)i), 1);
	}
	/* Fields that say nothing, like times and versions of zip. */
	assert_true(accepted < len / 8);
	for (size_t i = 0; i < len; i++) {
		assert_int_equal(truncate(path, (off_t)(len - 1 - i)), 0);
		assert_int_equal(try(&err), -ENOEXEC);
	}
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(reads_a_good_image),
		TEST(reads_line_tables),
		TEST(an_image_without_line_tables),
		TEST(refuses_what_is_no_image),
		TEST(refuses_other_versions),
		TEST(refuses_bad_manifests),
		TEST(refuses_other_methods),
		TEST(refuses_sizes_that_cannot_be),
		TEST(refuses_damage_anywhere),
	};

	return cmocka_run_group_tests_name("cli_image", tests, NULL, NULL);
}
