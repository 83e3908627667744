/* SPDX-License-Identifier: Apache-2.0 */
/* The symbols of a program while it is put together. */
#ifndef HEXO_TOOLCHAIN_SYMBOLS_H
#define HEXO_TOOLCHAIN_SYMBOLS_H

#include <stddef.h>

enum tc_symbol_state {
	TC_UNKNOWN,  /* only just entered */
	TC_WANTED,   /* referred to, not found */
	TC_OPTIONAL, /* the same, but may stay so (weak) */
	TC_LAZY,     /* an archive has it */
	TC_WEAK,     /* defined; a later strong definition wins */
	TC_COMMON,
	TC_DEFINED,
};

struct tc_symbol {
	char *name;
	enum tc_symbol_state state;
	size_t unit;    /* that defines it, or wanted it first */
	size_t archive; /* TC_LAZY: where it is */
	size_t member;
};

/* Zero-initialise. A symbol's pointer stays valid until the next get. */
struct tc_symbols {
	struct tc_symbol *at;
	size_t n, room;
	size_t *slots; /* hash table: index + 1 */
	size_t n_slots;
};

/* The symbol of that name, entered if need be. */
struct tc_symbol *tc_symbols_get(struct tc_symbols *t, const char *name);
/* NULL if there is none. */
struct tc_symbol *tc_symbols_find(const struct tc_symbols *t, const char *name);
void tc_symbols_free(struct tc_symbols *t);

#endif
