/* SPDX-License-Identifier: Apache-2.0 */
#include "node/key.h"

#include <ctype.h>
#include <errno.h>
#include <string.h>

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

enum { DIGIT_BITS = 5, PAD_BITS = NODE_KEY_DIGITS * 5 - NODE_KEY_SIZE * 8 };

void node_key_text(const struct node_key *key, char text[NODE_KEY_TEXT])
{
	unsigned bits = 0, have = 0, at = 0;
	char *to = text;

	for (int i = 0; i < NODE_KEY_DIGITS; i++) {
		if (have < DIGIT_BITS) {
			bits = bits << 8 |
			       (at < NODE_KEY_SIZE ? key->hash[at] : 0);
			at++;
			have += 8;
		}
		if (i && i % NODE_KEY_GROUP == 0)
			*to++ = '-';
		have -= DIGIT_BITS;
		*to++ = digits[bits >> have & 31];
	}
	*to = '\0';
}

static int digit_value(char c)
{
	const char *at = strchr(digits, toupper((unsigned char)c));

	return c && at ? (int)(at - digits) : -1;
}

int node_key_parse(const char *text, struct node_key *key,
		   struct hexo_error *err)
{
	unsigned bits = 0, have = 0, at = 0, count = 0;

	for (const char *c = text; *c; c++) {
		int value = digit_value(*c);

		if (*c == '-')
			continue;
		if (value < 0 || count == NODE_KEY_DIGITS)
			goto wrong;
		count++;
		bits = bits << DIGIT_BITS | (unsigned)value;
		have += DIGIT_BITS;
		if (have >= 8 && at < NODE_KEY_SIZE) {
			have -= 8;
			key->hash[at++] = (uint8_t)(bits >> have);
		}
	}
	/* One key has one text only: the last digit's spare bits are 0. */
	if (count == NODE_KEY_DIGITS && !(bits & ((1u << PAD_BITS) - 1)))
		return 0;
wrong:
	return hexo_fail(err, -EINVAL,
			 "'%.80s' is not a key's fingerprint: 13 groups of 4 "
			 "letters and digits, like ABCD-EFGH-...",
			 text);
}

bool node_key_equal(const struct node_key *a, const struct node_key *b)
{
	return !memcmp(a->hash, b->hash, sizeof(a->hash));
}
