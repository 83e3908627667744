/* SPDX-License-Identifier: Apache-2.0 */
/*
 * This side's own key, Ed25519, in the file key.pem of a directory, and the
 * certificate that shows it to a peer. The certificate is made anew from the
 * key whenever it is needed: nothing in it counts but the public key.
 */
#ifndef HEXO_NODE_IDENTITY_H
#define HEXO_NODE_IDENTITY_H

#include <openssl/ssl.h>

#include "node/key.h"

struct node_identity {
	EVP_PKEY *pkey;
	X509 *certificate;
	struct node_key key; /* what peers know it by */
};

/* Loads the key, and makes it first if there is none. Refuses a file that
 * others can read. */
int node_identity_open(const char *directory, struct node_identity *identity,
		       struct hexo_error *err);
void node_identity_close(struct node_identity *identity);

/* The key of a certificate. */
int node_identity_of(X509 *certificate, struct node_key *key);

/* Whose key a peer's has to be, and what it was. */
struct node_check {
	bool any;                 /* the caller decides afterwards */
	struct node_key expected; /* else it must be this one */
	struct node_key seen;
	bool wrong; /* it was another */
};

/* TLS 1.3 with that identity, for either side; no resumption, no early data.
 * A peer without a certificate with an Ed25519 key is refused, and one whose
 * key is not the expected one, before it learns anything of this side. The
 * check must live as long as the context. NULL on failure. */
SSL_CTX *node_identity_context(const struct node_identity *identity,
			       struct node_check *check,
			       struct hexo_error *err);

/* What OpenSSL last complained of, for messages; forgets it. */
const char *node_identity_error(void);

#endif
