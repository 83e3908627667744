/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/symbols.h"

#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/base.h"

static size_t *find_slot(const struct tc_symbols *t, const char *name)
{
	size_t k = (size_t)XXH3_64bits(name, strlen(name));

	for (;; k++) {
		size_t *slot = &t->slots[k & (t->n_slots - 1)];

		if (!*slot || strcmp(t->at[*slot - 1].name, name) == 0)
			return slot;
	}
}

static void grow(struct tc_symbols *t)
{
	t->n_slots = t->n_slots ? t->n_slots * 2 : 4096;
	free(t->slots);
	t->slots = base_alloc(t->n_slots * sizeof(*t->slots));
	for (size_t k = 0; k < t->n; k++)
		*find_slot(t, t->at[k].name) = k + 1;
}

struct tc_symbol *tc_symbols_get(struct tc_symbols *t, const char *name)
{
	size_t *slot;

	if (t->n * 2 >= t->n_slots)
		grow(t);
	slot = find_slot(t, name);
	if (!*slot) {
		if (t->n == t->room) {
			t->room = t->room ? t->room * 2 : 1024;
			t->at = base_realloc(t->at, t->room * sizeof(*t->at));
		}
		t->at[t->n] = (struct tc_symbol){ .name = base_strdup(name) };
		*slot = ++t->n;
	}
	return &t->at[*slot - 1];
}

struct tc_symbol *tc_symbols_find(const struct tc_symbols *t, const char *name)
{
	size_t *slot = t->n_slots ? find_slot(t, name) : NULL;

	return slot && *slot ? &t->at[*slot - 1] : NULL;
}

void tc_symbols_free(struct tc_symbols *t)
{
	for (size_t k = 0; k < t->n; k++)
		free(t->at[k].name);
	free(t->at);
	free(t->slots);
	*t = (struct tc_symbols){ 0 };
}
