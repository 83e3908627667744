/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_PASS_LAYOUT_H
#define HEXO_PASS_LAYOUT_H

/* The function table's entry of f is the symbol "hexo.entry.f"; that of its
 * resume clone, in the part of the table that only records refer to,
 * "hexo.resume.f". */
#define LAYOUT_ENTRY_PREFIX  "hexo.entry."
#define LAYOUT_RESUME_PREFIX "hexo.resume."
#define LAYOUT_RESUME_SUFFIX ".resume" /* the clone of f is f.resume */

#endif
