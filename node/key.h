/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who a peer is: the SHA-256 of its public key (the SubjectPublicKeyInfo of
 * its certificate). People see and type it as base32 in groups of four:
 * ABCD-EFGH-..., 13 groups.
 */
#ifndef HEXO_NODE_KEY_H
#define HEXO_NODE_KEY_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/error.h"

enum {
	NODE_KEY_SIZE = 32,
	NODE_KEY_DIGITS = 52, /* of base32, 5 bits each */
	NODE_KEY_GROUP = 4,
	NODE_KEY_TEXT = NODE_KEY_DIGITS + NODE_KEY_DIGITS / NODE_KEY_GROUP,
};

struct node_key {
	uint8_t hash[NODE_KEY_SIZE];
};

/* As people see it, with a NUL. */
void node_key_text(const struct node_key *key, char text[NODE_KEY_TEXT]);

/* The whole of it; case and dashes do not matter. -EINVAL. */
int node_key_parse(const char *text, struct node_key *key,
		   struct hexo_error *err);

bool node_key_equal(const struct node_key *a, const struct node_key *b);

#endif
