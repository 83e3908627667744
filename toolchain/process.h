/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that the driver runs: the compiler proper and the linker. */
#ifndef HEXO_TOOLCHAIN_PROCESS_H
#define HEXO_TOOLCHAIN_PROCESS_H

#include <stdbool.h>

#include "hexo/error.h"

/* Runs argv[0], found in PATH, with our standard streams and waits. show
 * prints the command line first. Returns its exit status, 128 + N if signal
 * N ended it, or -errno if it could not be run. */
int tc_process_run(char *const *argv, bool show, struct hexo_error *err);

#endif
