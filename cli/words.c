/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

static bool words_is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Copies one word from *from to *to, without quoting; both move on. */
static int words_copy_one(const char **from, char **to)
{
	char quote = '\0';

	for (; **from; ++*from) {
		char c = **from;

		if (!quote && words_is_blank(c))
			break;
		if (quote ? c == quote : c == '\'' || c == '"') {
			quote = quote ? '\0' : c;
			continue;
		}
		if (c == '\\' && quote != '\'' && (*from)[1])
			c = *++*from;
		*(*to)++ = c;
	}
	*(*to)++ = '\0';
	return quote ? -EINVAL : 0;
}

int cli_split_words(const char *text, char ***words, struct hexo_error *err)
{
	/* At most every second character begins a word; their text with NULs
	 * is never longer than the text with its own. */
	size_t most = strlen(text) / 2 + 1;
	cleanup_free char **list =
		base_alloc(most * sizeof(*list) + strlen(text) + 1);
	char *to = (char *)(list + most);
	int count = 0;

	for (;;) {
		while (words_is_blank(*text))
			text++;
		if (!*text)
			break;
		list[count++] = to;
		if (words_copy_one(&text, &to) < 0)
			return hexo_fail(err, -EINVAL,
					 "a quotation mark is not closed");
	}
	*words = base_take_ptr(list);
	return count;
}
