/* SPDX-License-Identifier: Apache-2.0 */
/* Compiles LIBC_FILE, a file of musl, with all its functions marked as
 * HEXO_NO_POLL marks one. */
#pragma clang attribute push(__attribute__((annotate("hexo.nopoll"))), \
			     apply_to = function)
#include LIBC_FILE
#pragma clang attribute pop
