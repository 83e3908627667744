/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/image.c cli/isa.c base/base.c base/error.c
// LINK: ; -lzip -lz -ljansson -lxxhash
// OPTIONS: -max_len=32768 -malloc_limit_mb=64
/* Images: the zip archive and its manifest. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>
#include <zip.h>
#include <zlib.h>

#include "cli/image.h"
#include "hexo/image.h"
#include "tests/fuzz/shared/fuzz.h"

enum { ENTRIES_MAX = 8, ENTRY_MAX = 16 << 10 };

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = fuzz_descriptors();
	struct cli_image image;
	struct hexo_error err;
	char path[FUZZ_PATH_MAX];
	int fd = fuzz_memory_file(data, size, path);

	if (cli_image_open(&image, path, &err) == 0) {
		fuzz_check(image.count > 0 && image.count <= CLI_ISA_END);
		for (int i = 0; i < image.count; i++) {
			struct cli_elf *elf = &image.elf[i];
			int lines = cli_image_lines(&image, elf, &err);

			fuzz_check(cli_image_find(&image, elf->isa) == elf);
			if (lines >= 0)
				close(lines);
			if (cli_image_load(&image, elf, &err) == 0)
				fuzz_check(lseek(elf->fd, 0, SEEK_END) ==
					   (off_t)elf->entry.size);
		}
		free(cli_image_isas(&image));
	}
	cli_image_close(&image);
	close(fd);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}

/* ---- changing: takes the archive apart and puts it together again ---- */

struct entry {
	char name[64];
	uint8_t data[ENTRY_MAX];
	size_t len;
	uint32_t claims;  /* its size, if that is a lie; else 0 */
	uint8_t deflated; /* is said to be */
};

static unsigned unpack(const uint8_t *data, size_t size, struct entry *entries)
{
	zip_source_t *source = zip_source_buffer_create(data, size, 0, NULL);
	zip_t *zip =
		source ? zip_open_from_source(source, ZIP_RDONLY, NULL) : NULL;
	unsigned n = 0;

	for (zip_int64_t i = 0;
	     zip && n < ENTRIES_MAX && i < zip_get_num_entries(zip, 0); i++) {
		zip_file_t *file = zip_fopen_index(zip, (zip_uint64_t)i, 0);
		const char *name = zip_get_name(zip, (zip_uint64_t)i, 0);
		struct entry *e = &entries[n];
		zip_int64_t got;

		if (!file)
			continue;
		got = zip_fread(file, e->data, sizeof(e->data));
		zip_fclose(file);
		if (got < 0 || !name)
			continue;
		snprintf(e->name, sizeof(e->name), "%s", name);
		e->len = (size_t)got;
		e->claims = e->deflated = 0;
		n++;
	}
	if (zip)
		zip_discard(zip);
	else if (source)
		zip_source_free(source);
	return n;
}

/* Numbers of an archive: little-endian, not aligned. */
static void put(uint8_t **to, uint32_t value, int bytes)
{
	while (bytes--) {
		*(*to)++ = (uint8_t)value;
		value >>= 8;
	}
}

/* What an entry's own head and the directory's have in common. */
static void put_head(uint8_t **to, const struct entry *e)
{
	put(to, 0, 2); /* flags */
	put(to, e->deflated ? ZIP_CM_DEFLATE : ZIP_CM_STORE, 2);
	put(to, 0, 2);  /* time */
	put(to, 33, 2); /* 1 January 1980 */
	put(to, (uint32_t)crc32(0, e->data, (uInt)e->len), 4);
	put(to, (uint32_t)e->len, 4);
	put(to, e->claims ? e->claims : (uint32_t)e->len, 4);
	put(to, (uint32_t)strlen(e->name), 2);
	put(to, 0, 2);
}

static size_t pack(uint8_t *data, size_t max, const struct entry *entries,
		   unsigned n)
{
	size_t need = sizeof(HEXO_IMAGE_LINE) + 22;
	uint32_t at[ENTRIES_MAX], directory;
	uint8_t *to = data;

	for (unsigned i = 0; i < n; i++)
		need += 76 + 2 * strlen(entries[i].name) + entries[i].len;
	if (need > max)
		return 0;
	memcpy(to, HEXO_IMAGE_LINE, sizeof(HEXO_IMAGE_LINE) - 1);
	to += sizeof(HEXO_IMAGE_LINE) - 1;
	for (unsigned i = 0; i < n; i++) {
		const struct entry *e = &entries[i];

		at[i] = (uint32_t)(to - data);
		put(&to, 0x04034b50, 4);
		put(&to, 20, 2);
		put_head(&to, e);
		memcpy(to, e->name, strlen(e->name));
		to += strlen(e->name);
		memcpy(to, e->data, e->len);
		to += e->len;
	}
	directory = (uint32_t)(to - data);
	for (unsigned i = 0; i < n; i++) {
		put(&to, 0x02014b50, 4);
		put(&to, 20, 2);
		put(&to, 20, 2);
		put_head(&to, &entries[i]);
		put(&to, 0, 2); /* comment */
		put(&to, 0, 2); /* disk */
		put(&to, 0, 2);
		put(&to, 0, 4);
		put(&to, at[i], 4);
		memcpy(to, entries[i].name, strlen(entries[i].name));
		to += strlen(entries[i].name);
	}
	at[0] = (uint32_t)(to - data) - directory;
	put(&to, 0x06054b50, 4);
	put(&to, 0, 4);
	put(&to, n, 2);
	put(&to, n, 2);
	put(&to, at[0], 4);
	put(&to, directory, 4);
	put(&to, 0, 2);
	return (size_t)(to - data);
}

/* Has the manifest say the size and hash that each ELF has. */
static void repair_manifest(struct entry *manifest, const struct entry *entries,
			    unsigned n)
{
	json_t *json =
		json_loadb((char *)manifest->data, manifest->len, 0, NULL);
	json_t *row;
	char *text;
	size_t i;

	json_array_foreach(json_object_get(json, "isas"), i, row)
	{
		const char *file =
			json_string_value(json_object_get(row, "file"));
		char hash[17];

		for (unsigned k = 0; file && k < n; k++) {
			const struct entry *e = &entries[k];

			if (strcmp(e->name, file))
				continue;
			snprintf(hash, sizeof(hash), "%016llx",
				 (unsigned long long)XXH64(e->data, e->len, 0));
			json_object_set_new(row, "xxh64", json_string(hash));
			json_object_set_new(row, "size",
					    json_integer((json_int_t)e->len));
		}
	}
	text = json ? json_dumps(json, 0) : NULL;
	if (text && strlen(text) <= ENTRY_MAX) {
		manifest->len = strlen(text);
		memcpy(manifest->data, text, manifest->len);
	}
	free(text);
	json_decref(json);
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	static struct entry entries[ENTRIES_MAX];
	uint64_t random = seed;
	struct entry *e;
	size_t packed;
	unsigned n = 0;

	if (fuzz_random(&random) % 3)
		n = unpack(data, size, entries);
	if (!n)
		return LLVMFuzzerMutate(data, size, max);
	/* Mostly the manifest, which stands first. */
	e = &entries[fuzz_random(&random) % 4 ? 0 : fuzz_random(&random) % n];
	e->len = LLVMFuzzerMutate(e->data, e->len, ENTRY_MAX);
	if (fuzz_random(&random) % 4)
		repair_manifest(&entries[0], entries, n);
	if (fuzz_random(&random) % 16 == 0) {
		e->deflated = fuzz_random(&random) % 2;
		e->claims = fuzz_random(&random) >> fuzz_random(&random) % 24;
	}
	packed = pack(data, max, entries, n);
	return packed ?: LLVMFuzzerMutate(data, size, max);
}
