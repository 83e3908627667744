/* SPDX-License-Identifier: Apache-2.0 */
/* The other ends of a home's VMs, in the fuzzer's hands. */
#ifndef HEXO_TESTS_FUZZ_ENDS_H
#define HEXO_TESTS_FUZZ_ENDS_H

#include "base/base.h"
#include "migrate/channel.h"
#include "tests/fuzz/shared/fuzz.h"

enum { FUZZ_ENDS_MAX = 12 };

/* What this VM says in the messages that it makes up. */
struct fuzz_hello {
	uint32_t isa;
	uint64_t build_id[2], layout_hash;
};

struct fuzz_end {
	int fd;      /* -1: closed, by whichever side */
	bool honest; /* answers as a hexo-vm does */
	bool stuck;  /* does not read */
	bool committed;
	unsigned tag; /* its own: last argument of each IO message */
	struct fuzz_hello hello;
	struct migrate_inbox in;
	struct base_buffer out; /* what has not been sent */
};

/* Takes fd over. */
void fuzz_end_open(struct fuzz_end *e, int fd, unsigned tag,
		   const struct fuzz_hello *hello);
void fuzz_end_close(struct fuzz_end *e);

/* A message of the input's: type, and what of it is not as it should be. */
void fuzz_end_message(struct fuzz_end *e, struct fuzz_input *in);
/* Many large ones; or bytes that are no message. */
void fuzz_end_bulk(struct fuzz_end *e, struct fuzz_input *in);
void fuzz_end_raw(struct fuzz_end *e, struct fuzz_input *in);

/* Sends what is left, and reads: what comes must be well-formed. */
void fuzz_end_turn(struct fuzz_end *e);

#endif
