/* SPDX-License-Identifier: Apache-2.0 */
#include <stdlib.h>
#include <string.h>

#include "trace/trace.h"

/* Where a program begins, outermost last; and its ends, innermost first. */
static const char *const starts[] = { "__libc_start_main", "kernel_start",
				      "native_enter" };
static const char *const ends[] = { "hexo_hypercall", "raise" };

static bool is_one_of(const struct trace_frame *f, const char *const *names,
		      size_t n)
{
	for (size_t k = 0; f->function && k < n; k++)
		if (strcmp(f->function, names[k]) == 0)
			return true;
	return false;
}

static void drop(struct trace *t, size_t from, size_t to)
{
	for (size_t k = from; k < to; k++) {
		free(t->frames[k].function);
		free(t->frames[k].file);
	}
	memmove(&t->frames[from], &t->frames[to],
		(t->n - to) * sizeof(t->frames[0]));
	t->n -= to - from;
}

/* What is above main(); of a trace that does not reach it, what is above the
 * program if it reaches that. */
static void drop_start(struct trace *t)
{
	static const char *const program[] = { "main" };

	for (size_t k = t->n; k-- > 0;) {
		if (is_one_of(&t->frames[k], program, 1)) {
			drop(t, k + 1, t->n);
			return;
		}
	}
	for (size_t k = 0; k < t->n; k++) {
		if (is_one_of(&t->frames[k], starts,
			      sizeof(starts) / sizeof(starts[0]))) {
			drop(t, k, t->n);
			return;
		}
	}
	/* the stack went on beyond what was sent */
	t->more |= t->fault.stack_len == HEXO_FAULT_STACK;
}

/* What the kernel did when the program raised a signal. */
static void drop_end(struct trace *t)
{
	size_t k = 0;

	if (!t->n || !is_one_of(&t->frames[0], ends, 1))
		return;
	while (k < t->n && !t->frames[k].file &&
	       !is_one_of(&t->frames[k], ends + 1, 1))
		k++;
	if (k < t->n)
		drop(t, 0, k);
}

void trace_select(struct trace *t)
{
	drop_start(t);
	drop_end(t);
}
