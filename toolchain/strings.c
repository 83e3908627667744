/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/strings.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/base.h"

/* Takes ownership of s. */
static void add_owned(struct tc_strings *l, char *s)
{
	l->at = base_realloc(l->at, (l->n + 2) * sizeof(*l->at));
	l->at[l->n++] = s;
	l->at[l->n] = NULL;
}

void tc_strings_add(struct tc_strings *l, const char *s)
{
	add_owned(l, base_strdup(s));
}

void tc_strings_printf(struct tc_strings *l, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	add_owned(l, base_vprintf(fmt, ap));
	va_end(ap);
}

void tc_strings_add_all(struct tc_strings *l, const struct tc_strings *from)
{
	for (size_t k = 0; k < from->n; k++)
		tc_strings_add(l, from->at[k]);
}

void tc_strings_free(struct tc_strings *l)
{
	for (size_t k = 0; k < l->n; k++)
		free(l->at[k]);
	free(l->at);
	*l = (struct tc_strings){ 0 };
}
