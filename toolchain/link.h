/* SPDX-License-Identifier: Apache-2.0 */
/* Linking: from C files, objects and archives to an image. */
#ifndef HEXO_TOOLCHAIN_LINK_H
#define HEXO_TOOLCHAIN_LINK_H

#include "toolchain/options.h"

/* Returns 0, -errno, or the exit status of a compiler that failed. */
int tc_link(const struct tc_options *o, struct hexo_error *err);

#endif
