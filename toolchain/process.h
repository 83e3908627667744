/* SPDX-License-Identifier: Apache-2.0 */
/* Programs that the driver runs: the compiler proper and the linker. */
#ifndef HEXO_TOOLCHAIN_PROCESS_H
#define HEXO_TOOLCHAIN_PROCESS_H

#include <stdbool.h>

#include "hexo/error.h"

/* Prints a command line on stderr. */
void tc_process_show(char *const *argv);

/* Runs argv[0], found in PATH, with our standard streams and waits. show
 * prints the command line first. Returns its exit status, 128 + N if signal
 * N ended it, or -errno if it could not be run. */
int tc_process_run(char *const *argv, bool show, struct hexo_error *err);

/* The same; what it writes to stderr is passed on as it comes, and each line
 * of it goes to on_line after the program has ended. */
int tc_process_watch(char *const *argv, bool show, void (*on_line)(char *line),
		     struct hexo_error *err);

#endif
