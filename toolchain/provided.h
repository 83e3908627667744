/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_TOOLCHAIN_PROVIDED_H
#define HEXO_TOOLCHAIN_PROVIDED_H

#include "hexo/error.h"
#include "toolchain/symbols.h"

/* Adds what portable code may leave undefined: what native code has, and what
 * the link makes. home is build/lib/hexo. */
int tc_provided_find(struct tc_symbols *provided, const char *home,
		     struct hexo_error *err);

#endif
