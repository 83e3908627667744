/* SPDX-License-Identifier: Apache-2.0 */
/* Options for the linker: -Wl, and -Xlinker. */
#ifndef HEXO_TOOLCHAIN_LINKERWORDS_H
#define HEXO_TOOLCHAIN_LINKERWORDS_H

#include "toolchain/options.h"

/* What earlier words say of later ones. Zero-initialise. */
struct tc_linker_words {
	bool whole; /* --whole-archive: of all inputs that follow */
	bool root;  /* the last word was -u */
};

/* One word; what only tunes a usual link is dropped. */
int tc_linker_word(struct tc_options *o, struct tc_linker_words *l,
		   const char *word, struct hexo_error *err);
/* Words with commas between them. */
int tc_linker_list(struct tc_options *o, struct tc_linker_words *l,
		   const char *list, struct hexo_error *err);

#endif
