/* SPDX-License-Identifier: Apache-2.0 */
/* The other ends of a session, in the fuzzer's hands. */
#ifndef HEXO_TESTS_FUZZ_LINK_H
#define HEXO_TESTS_FUZZ_LINK_H

#include "node/session.h"
#include "tests/fuzz/shared/fuzz.h"

struct fuzz_link {
	int near, link;     /* -1: closed */
	uint64_t put;       /* bytes given to the near end */
	uint64_t delivered; /* bytes that came out there */
};

/* Bytes of the input's to the near end; to the link; a frame to the link whose
 * type, length and how far it is off are the input's. */
void fuzz_link_near(struct fuzz_link *l, struct fuzz_input *in, size_t len);
void fuzz_link_raw(struct fuzz_link *l, struct fuzz_input *in, size_t len);
void fuzz_link_frame(struct fuzz_link *l, const struct node_session *s,
		     struct fuzz_input *in);

/* Reads what has come, and checks what must hold. */
void fuzz_link_check(struct fuzz_link *l, const struct node_session *s);

#endif
