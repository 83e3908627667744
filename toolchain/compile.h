/* SPDX-License-Identifier: Apache-2.0 */
/* Compiling one C file with clang, to portable bitcode. */
#ifndef HEXO_TOOLCHAIN_COMPILE_H
#define HEXO_TOOLCHAIN_COMPILE_H

#include "toolchain/options.h"

/* Compiles in as o says (action, options) to output; NULL leaves the choice
 * to clang. Returns clang's exit status, or -errno. */
int tc_compile(const struct tc_options *o, const struct tc_input *in,
	       const char *output, struct hexo_error *err);

/* Lets clang answer a question (TC_QUERY). */
int tc_query(const struct tc_options *o, struct hexo_error *err);

#endif
