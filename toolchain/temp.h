/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One private directory for what a link makes on the way. It goes, with the
 * files named here, when the process exits or a signal ends it.
 */
#ifndef HEXO_TOOLCHAIN_TEMP_H
#define HEXO_TOOLCHAIN_TEMP_H

#include "hexo/error.h"

/* Makes the directory, once. keep, if not NULL, names one to use instead,
 * which then stays. */
int tc_temp_make(const char *keep, struct hexo_error *err);

/* Path of a file in it, to be removed with it. Lives as long as the process.
 * The directory must have been made. */
const char *tc_temp_path(const char *name);

#endif
