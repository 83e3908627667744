/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on disk, to start a job from: `hexo run --resume`. */
#ifndef HEXO_CLI_RESUME_H
#define HEXO_CLI_RESUME_H

#include "cli/image.h"
#include "hexo/stream.h"

/* Reads and checks the whole stream, which must be of this image. Gives the
 * state of its VM. */
int cli_resume_check(const char *path, const struct cli_image *image,
		     struct hexo_section_vm *vm, struct hexo_error *err);

#endif
