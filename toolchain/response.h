/* SPDX-License-Identifier: Apache-2.0 */
/* Response files: `@FILE` stands for the arguments in FILE. */
#ifndef HEXO_TOOLCHAIN_RESPONSE_H
#define HEXO_TOOLCHAIN_RESPONSE_H

#include "hexo/error.h"
#include "toolchain/strings.h"

/* Adds arg, or the arguments in the file it names. In the file they stand
 * between white space; quotes and backslashes as in GCC. A file that cannot
 * be read leaves the argument as it is, as in GCC. */
int tc_response_add(struct tc_strings *l, const char *arg,
		    struct hexo_error *err);

#endif
