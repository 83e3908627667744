/* SPDX-License-Identifier: Apache-2.0 */
/* usage: pack IMAGE ISA=ELF...
 *
 * Writes an image with these ELFs, whose notes have build 1,2 and layout 3. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/image.h"

enum { ELFS_MAX = 4 };

static int read_elf(char *word, struct tc_image_elf *elf)
{
	char *path = strchr(word, '=');
	cleanup_file FILE *file = NULL;
	char *data;

	if (!path)
		return -1;
	*path++ = '\0';
	file = fopen(path, "r");
	if (!file)
		return -1;
	data = malloc(1 << 20);
	*elf = (struct tc_image_elf){ .isa = word, .data = data };
	elf->len = data ? fread(data, 1, 1 << 20, file) : 0;
	return elf->len ? 0 : -1;
}

int main(int argc, char **argv)
{
	struct tc_image_elf elfs[ELFS_MAX];
	struct tc_image image = {
		.name = "hostile",
		.build_id = { 1, 2 },
		.layout_hash = 3,
		.elfs = elfs,
	};
	struct hexo_error err = { 0 };

	if (argc < 3 || argc - 2 > ELFS_MAX) {
		fprintf(stderr, "usage: pack IMAGE ISA=ELF...\n");
		return 2;
	}
	for (; image.n_elfs < (size_t)argc - 2; image.n_elfs++) {
		char *word = argv[2 + image.n_elfs];

		if (read_elf(word, &elfs[image.n_elfs]) == 0)
			continue;
		fprintf(stderr, "pack: cannot read %s\n", word);
		return 1;
	}
	if (tc_image_write(&image, argv[1], &err) == 0)
		return 0;
	fprintf(stderr, "pack: %s\n", err.text);
	return 1;
}
