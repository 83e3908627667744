/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on disk, to start a job from: `hexo run --resume`. */
#ifndef HEXO_CLI_RESUME_H
#define HEXO_CLI_RESUME_H

#include <stdbool.h>

#include "cli/image.h"
#include "hexo/stream.h"

/*
 * Reads and checks the stream, which begins at a byte of the file and must be
 * of this image. Gives the state of its VM. Of a long stream only begin and
 * end are looked at, unless whole is set: hexo-vm checks all of it before the
 * job runs.
 */
int cli_resume_check(const char *path, uint64_t from, bool whole,
		     const struct cli_image *image, struct hexo_section_vm *vm,
		     struct hexo_error *err);

#endif
