/* SPDX-License-Identifier: Apache-2.0 */
/* Which functions may reach a poll, over all of a module. */
#ifndef HEXO_PASS_CALLGRAPH_H
#define HEXO_PASS_CALLGRAPH_H

#include "hexo/error.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/pass.h"

struct callgraph {
	struct ir_list functions; /* defined ones, in module order */
	struct ir_map index;
	bool *taken;   /* by index: its address is used as a value */
	bool *reaches; /* by index: may reach a poll */
	bool indirect; /* some function whose address is taken may */
	const struct pass_outside *outside; /* NULL: nothing is */
};

void callgraph_make(struct callgraph *g, LLVMModuleRef m,
		    const struct pass_outside *outside);
void callgraph_free(struct callgraph *g);

/* Fills reaches: those that call a poll, and their callers. A call through a
 * pointer may reach any function whose address is taken. Functions marked
 * hexo-nopoll never do; it is an error if one calls one that does. */
int callgraph_find_reaching(struct callgraph *g, struct hexo_error *err);

/* May this function, defined here or outside, reach a poll? */
bool callgraph_may_poll(const struct callgraph *g, LLVMValueRef f);

/* May this instruction reach a poll? */
bool callgraph_is_site(const struct callgraph *g, LLVMValueRef inst);

/* Functions to poll at entry, by index, so that no recursion is without a
 * poll; a call through a pointer counts as reaching the functions of its
 * type. The caller frees the result. */
bool *callgraph_find_recursion(const struct callgraph *g);

/* Is f used other than as the callee of a call? */
bool function_is_taken(LLVMValueRef f);

/* The entries into the runtime that unwind. */
bool function_is_poll(LLVMValueRef f);

/* setjmp(), unless the program has one of its own. A call of it is a site,
 * although it reaches no poll: it needs a record. */
bool function_is_setjmp(LLVMValueRef f);

#endif
