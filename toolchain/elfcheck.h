/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The proof that an image is portable: the executables of all ISAs obey the
 * address map and agree on everything that a move takes along.
 */
#ifndef HEXO_TOOLCHAIN_ELFCHECK_H
#define HEXO_TOOLCHAIN_ELFCHECK_H

#include "hexo/image.h"
#include "toolchain/elf.h"

/* One executable: machine, segments in their ranges of <hexo/layout.h>, none
 * writable and executable. */
int tc_elfcheck_segments(const struct tc_elf *e, unsigned machine,
			 struct hexo_error *err);

/* Two executables: the same portable symbols at the same addresses with the
 * same sizes, the same bytes of portable constants and data. */
int tc_elfcheck_same(const struct tc_elf *a, const struct tc_elf *b,
		     struct hexo_error *err);

/* XXH64, seed 0, over "ADDRESS NAME\n" of all portable symbols, by address,
 * then name; ADDRESS in 16 lower-case hex digits. */
uint64_t tc_elfcheck_layout_hash(const struct tc_elf *e);

/* Fills in the build note, in memory. */
int tc_elfcheck_set_note(struct tc_elf *e, const struct hexo_note *note,
			 struct hexo_error *err);

#endif
