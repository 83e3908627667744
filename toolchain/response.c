/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/response.h"

#include <ctype.h>
#include <errno.h>
#include <unistd.h>

#include "base/base.h"

enum { RESPONSE_MAX = 16 << 20, DEPTH_MAX = 8 };

static int add(struct tc_strings *l, const char *arg, int depth,
	       struct hexo_error *err);

/* Reads one word, unquoted into word (room for all of the text). */
static const char *next_word(const char *p, char *word)
{
	char quote = 0;

	for (; *p && (quote || !isspace((unsigned char)*p)); p++) {
		if (*p == '\\' && p[1])
			*word++ = *++p;
		else if (quote ? *p == quote : *p == '"' || *p == '\'')
			quote = quote ? 0 : *p;
		else
			*word++ = *p;
	}
	*word = '\0';
	return p;
}

static int add_file(struct tc_strings *l, const char *path, int depth,
		    struct hexo_error *err)
{
	cleanup_free char *text = NULL, *word = NULL;
	size_t len;
	int r;

	if (depth == DEPTH_MAX)
		return hexo_fail(err, -ELOOP, "@%s: response files too deep",
				 path);
	r = base_read_file(path, RESPONSE_MAX, &text, &len, err);
	if (r < 0)
		return r;
	word = base_alloc(len + 1);
	for (const char *p = text;;) {
		while (isspace((unsigned char)*p))
			p++;
		if (!*p)
			return 0;
		p = next_word(p, word);
		r = add(l, word, depth + 1, err);
		if (r < 0)
			return r;
	}
}

static int add(struct tc_strings *l, const char *arg, int depth,
	       struct hexo_error *err)
{
	if (arg[0] == '@' && access(arg + 1, R_OK) == 0)
		return add_file(l, arg + 1, depth, err);
	tc_strings_add(l, arg);
	return 0;
}

int tc_response_add(struct tc_strings *l, const char *arg,
		    struct hexo_error *err)
{
	return add(l, arg, 0, err);
}
