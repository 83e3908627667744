/* SPDX-License-Identifier: Apache-2.0 */
/* What to do about the compiler's errors that come from what is not
 * portable: the compiler names file, line and construct, not the way out. */
#ifndef HEXO_TOOLCHAIN_HINTS_H
#define HEXO_TOOLCHAIN_HINTS_H

/* Says so on stderr if line, one of the compiler's messages without its end,
 * is such an error. Each hint is given once. */
void tc_hints_line(char *line);

#endif
