/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whom a hexod lets in: the keys in its state directory, and those that it
 * has turned away, so that one can be accepted by its fingerprint.
 */
#ifndef HEXO_NODE_CLIENTS_H
#define HEXO_NODE_CLIENTS_H

#include <stdio.h>

#include "node/key.h"

/* Whether the key may come in. If not it is noted, with the address that it
 * came from, and the message says what to do on this machine. */
int node_clients_admit(const char *directory, const struct node_key *key,
		       const char *address, struct hexo_error *err);

/* From now on the key may come in. name NULL: one made of the key. Returns
 * whether it had been turned away before. */
int node_clients_accept(const char *directory, const char *fingerprint,
			const char *name, struct hexo_error *err);

/* By its fingerprint or name. */
int node_clients_remove(const char *directory, const char *which,
			struct hexo_error *err);

/* Both lists, for people. */
int node_clients_print(const char *directory, FILE *to, struct hexo_error *err);

/*
 * What hexod does as a command of its own, where there is no `hexo`:
 * "accept FINGERPRINT [NAME]", "remove FINGERPRINT|NAME", "clients", "key".
 */
int node_clients_command(const char *directory, int argc, char **argv,
			 struct hexo_error *err);

#endif
