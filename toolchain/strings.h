/* SPDX-License-Identifier: Apache-2.0 */
/* Growing lists of strings: command lines, search paths. */
#ifndef HEXO_TOOLCHAIN_STRINGS_H
#define HEXO_TOOLCHAIN_STRINGS_H

#include <stddef.h>

/* Zero-initialise. at[] always ends in a NULL once something was added, so
 * that it can be an argv. Owns copies of its strings. */
struct tc_strings {
	char **at;
	size_t n;
};

#define cleanup_strings __attribute__((cleanup(tc_strings_free)))

void tc_strings_add(struct tc_strings *l, const char *s);
void tc_strings_printf(struct tc_strings *l, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void tc_strings_add_all(struct tc_strings *l, const struct tc_strings *from);
void tc_strings_free(struct tc_strings *l);

#endif
