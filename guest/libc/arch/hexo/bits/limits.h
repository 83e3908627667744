/* SPDX-License-Identifier: Apache-2.0 */
/* HEXO_PAGE_SIZE of <hexo/layout.h>, the same on every ISA. */
#define PAGESIZE 4096
