/* SPDX-License-Identifier: Apache-2.0 */
/* Writing an image; <hexo/image.h> has the format. */
#ifndef HEXO_TOOLCHAIN_IMAGE_H
#define HEXO_TOOLCHAIN_IMAGE_H

#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"

struct tc_image_elf {
	const char *isa; /* its name */
	const char *data;
	size_t len;
	const char *lines; /* its line tables; NULL: there are none */
	size_t lines_len;
};

/* What the image's code looks like, for predictions. */
struct tc_image_features {
	unsigned functions, migratable, polls, sites;
};

struct tc_image {
	const char *name; /* of the program */
	uint64_t build_id[2];
	uint64_t layout_hash;
	struct tc_image_features features;
	const struct tc_image_elf *elfs;
	size_t n_elfs;
};

/* Writes beside path under another name, then renames: path is either the
 * whole image or what it was before. */
int tc_image_write(const struct tc_image *image, const char *path,
		   struct hexo_error *err);

#endif
