/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/linkerwords.h"

#include <errno.h>
#include <string.h>

#include "base/base.h"

/* What must not be dropped silently, and the way out. */
static const struct {
	const char *name, *reason;
} refused[] = {
	{ "--wrap", "rename the function in the source" },
	{ "-wrap", "rename the function in the source" },
	{ "--defsym", "the layout of an image is fixed; define it in C" },
	{ "-defsym", "the layout of an image is fixed; define it in C" },
	{ "--section-start", "the layout of an image is fixed; leave it out" },
	{ "--script", "the layout of an image is fixed; leave it out" },
	{ "-T", "the layout of an image is fixed; leave it out" },
	{ "-Ttext", "the layout of an image is fixed; leave it out" },
	{ "-Tdata", "the layout of an image is fixed; leave it out" },
	{ "-Tbss", "the layout of an image is fixed; leave it out" },
	{ "--entry", "a program starts with main()" },
	{ "-e", "a program starts with main()" },
	{ "--shared", "make a static library (ar) instead" },
	{ "-shared", "make a static library (ar) instead" },
	{ "--relocatable", "make a static library (ar) instead" },
	{ "-r", "make a static library (ar) instead" },
};

int tc_linker_word(struct tc_options *o, struct tc_linker_words *l,
		   const char *word, struct hexo_error *err)
{
	bool root = l->root;

	l->root = strcmp(word, "-u") == 0 || strcmp(word, "--undefined") == 0;
	for (size_t k = 0; k < sizeof(refused) / sizeof(*refused); k++) {
		size_t n = strlen(refused[k].name);

		if (strncmp(word, refused[k].name, n) == 0 &&
		    (word[n] == '\0' || word[n] == '='))
			return hexo_fail(err, -ENOTSUP, "linker option %s: %s",
					 word, refused[k].reason);
	}
	if (root)
		tc_strings_add(&o->roots, word);
	else if (strncmp(word, "--undefined=", 12) == 0)
		tc_strings_add(&o->roots, word + 12);
	else if (strcmp(word, "--whole-archive") == 0)
		l->whole = true;
	else if (strcmp(word, "--no-whole-archive") == 0)
		l->whole = false;
	else if (strncmp(word, "-l", 2) == 0 && word[2])
		tc_options_add_input(o, TC_INPUT_LIBRARY, word + 2, NULL,
				     l->whole);
	else if (strncmp(word, "-L", 2) == 0 && word[2])
		tc_strings_add(&o->libraries, word + 2);
	return 0;
}

int tc_linker_list(struct tc_options *o, struct tc_linker_words *l,
		   const char *list, struct hexo_error *err)
{
	cleanup_free char *copy = base_strdup(list);
	char *rest, *word = strtok_r(copy, ",", &rest);
	int r = 0;

	for (; word && r == 0; word = strtok_r(NULL, ",", &rest))
		r = tc_linker_word(o, l, word, err);
	return r;
}
