/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How long a program may run without a poll, in instructions of the portable
 * IR: an estimate from above for what is known, by the longest way through
 * each function, with the proven bounds of loops that hold no poll, and the
 * ways through what it calls. After pass_polls, before frames are made.
 */
#ifndef HEXO_PASS_PATHLEN_H
#define HEXO_PASS_PATHLEN_H

#include <stdint.h>

#include "toolchain/pass/callgraph.h"

#define PATHLEN_NONE (-1) /* there is no such way */

/* Ways through one function, with what it calls. */
struct pathlen {
	int64_t whole;    /* from its entry to its return, without a poll */
	int64_t head;     /* from its entry to the first poll */
	int64_t tail;     /* from the last poll to its return */
	int64_t longest;  /* of these, and from a poll to the next */
	unsigned unknown; /* enum pass_unknown: what they leave out */
};

/* By the functions' index in the call graph; the caller frees it. */
struct pathlen *pathlen_find(const struct callgraph *g);

#endif
