/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading an image, see <hexo/image.h>. Nothing of it is believed before it
 * was checked: the first line, the archive, the manifest's versions and
 * fields, and of each ELF that is used its size, its CRC and its hash.
 */
#ifndef HEXO_CLI_IMAGE_H
#define HEXO_CLI_IMAGE_H

#include <jansson.h>
#include <stddef.h>
#include <stdint.h>

#include "cli/isa.h"
#include "hexo/error.h"

enum {
	CLI_MANIFEST_MAX = 1 << 20,
	CLI_ELF_MAX = 1 << 30,
};

/* A file of the image, by the manifest. */
struct cli_entry {
	char *file;    /* entry of the archive; NULL: there is none */
	size_t size;   /* bytes */
	uint64_t hash; /* XXH64 of it */
};

struct cli_elf {
	enum hexo_isa isa;
	struct cli_entry entry, lines;
	char *data; /* the ELF; NULL until cli_image_load() */
	int fd;     /* sealed memory file with the ELF; -1 as before */
};

struct cli_image {
	char *path;
	struct zip *zip;
	json_t *manifest;
	char name[64]; /* of the program; printable */
	uint64_t build_id[2];
	uint64_t layout_hash;
	int count; /* ISAs this program knows; others are left out */
	struct cli_elf elf[CLI_ISA_END];
};

/*
 * Opens and checks all but the ELFs. -ENOENT if there is no such file; any
 * other error means that it is no image that can run here. cli_image_close()
 * afterwards in either case.
 */
int cli_image_open(struct cli_image *image, const char *path,
		   struct hexo_error *err);
void cli_image_close(struct cli_image *image);

/* The ELF for an ISA, not loaded; NULL if the image has none. */
struct cli_elf *cli_image_find(struct cli_image *image, enum hexo_isa isa);

/* Reads and checks the ELF and makes its sealed memory file, once. */
int cli_image_load(struct cli_image *image, struct cli_elf *elf,
		   struct hexo_error *err);

/* Reads and checks the ELF's line tables: a sealed memory file, the caller's
 * to close. -ENOENT if there are none. */
int cli_image_lines(struct cli_image *image, const struct cli_elf *elf,
		    struct hexo_error *err);

/* Names of the image's ISAs for messages, "x86-64, aarch64"; the caller's
 * to free(). */
char *cli_image_isas(const struct cli_image *image);

#endif
