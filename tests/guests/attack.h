/* SPDX-License-Identifier: Apache-2.0 */
/* What a hostile guest tries; arch/<isa>/attacks.c has those of its ISA. */
#ifndef HEXO_TESTS_GUESTS_ATTACK_H
#define HEXO_TESTS_GUESTS_ATTACK_H

#include <stdint.h>

enum attack_kind {
	ATTACK_MEMORY,     /* of pages, or by a hypercall */
	ATTACK_PRIVILEGED, /* what no code of its level may do */
	ATTACK_CPU,        /* would tell of the host, or is not baseline */
	ATTACK_TELLS,      /* is allowed, and prints what it sees */
};

struct attack {
	const char *name;
	enum attack_kind kind;
	void (*run)(uint64_t arg);
};

/* Ended by one without a name. */
extern const struct attack arch_attacks[];

/* A line to standard error: the name and n numbers. */
void tell(const char *name, const uint32_t *numbers, unsigned n);

#endif
