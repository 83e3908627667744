/* SPDX-License-Identifier: Apache-2.0 */
/* Streams on disk, to start a job from: `hexo run --resume`. */
#ifndef HEXO_CLI_RESUME_H
#define HEXO_CLI_RESUME_H

#include "cli/checkpoint.h"
#include "cli/image.h"
#include "hexo/stream.h"

/*
 * Reads and checks the stream that a file is, or has in it if it is that of
 * the checkpoint. It must be of this image. Gives the state of its VM; of a
 * checkpoint's the first, as only the begin is looked at: hexo-vm checks all
 * of it before the job runs.
 */
int cli_resume_check(const char *path, const struct cli_checkpoint *checkpoint,
		     const struct cli_image *image, struct hexo_section_vm *vm,
		     struct hexo_error *err);

#endif
