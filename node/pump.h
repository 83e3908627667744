/* SPDX-License-Identifier: Apache-2.0 */
/* What a tunnel does once its handshake is over. */
#ifndef HEXO_NODE_PUMP_H
#define HEXO_NODE_PUMP_H

#include <openssl/ssl.h>

#include "hexo/error.h"

/* Moves bytes between a TLS connection over the non-blocking socket tcp and
 * a plain one, no faster than the receiver takes them, until either side
 * closes. */
void node_pump(SSL *ssl, int tcp, int plain);

/* Says goodbye: nothing more is sent, and what still comes is thrown away
 * until the peer closes, for a moment at most. */
void node_pump_end(SSL *ssl, int tcp);

/* From now on this process can only use the descriptors it has. */
int node_pump_sandbox(struct hexo_error *err);

#endif
