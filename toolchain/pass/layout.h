/* SPDX-License-Identifier: Apache-2.0 */
#ifndef HEXO_PASS_LAYOUT_H
#define HEXO_PASS_LAYOUT_H

/* The function table's entry of f is the symbol "hexo.entry.f". */
#define LAYOUT_ENTRY_PREFIX "hexo.entry."

#endif
