/* SPDX-License-Identifier: Apache-2.0 */
/* capture_gen: its parts. */
#ifndef HEXO_TORTURE_CAPTURE_GEN_H
#define HEXO_TORTURE_CAPTURE_GEN_H

#include <stdbool.h>

enum { FUNCTIONS_MAX = 6, PARAMS_MAX = 9 };

struct type {
	const char *name;
	unsigned can; /* CAN_PASS and what else random statements need */
};

/* Through an ellipsis, as it is. Not the widest vectors: clang itself misreads
 * them on x86-64. */
enum { CAN_PASS = 8 };

struct function {
	const struct type *result, *params[PARAMS_MAX];
	unsigned n_params;
	/* what its variadic companion is passed */
	const struct type *passed[PARAMS_MAX];
	unsigned n_passed;
};

/* What statements may call. */
extern struct function functions[FUNCTIONS_MAX];
extern unsigned n_functions;

/* Random numbers: the same for the same seed. */
void seed(unsigned long value);
unsigned long next(void);
unsigned below(unsigned n);
/* A type that can do this. */
const struct type *pick(unsigned can);

/* A line, indented as its block is. */
__attribute__((format(printf, 1, 2))) void line(const char *f, ...);
/* (depth - 1, h, ...) with a value for each type of the list. */
void print_values(const struct type *const *list, unsigned n);

/* A function's body: random statements, at most `most` if they nest, over the
 * parameters a0, a1, ...; then it returns a value of its type. */
void print_body(const struct function *f, unsigned most);

#endif
