/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The passes that make a program portable. The driver runs them on a module
 * (the program's, or an object of the runtime's, which is compiled once for
 * all programs; or both linked to one), in this order, with optimisation
 * between:
 *
 *   pass_refuse   what cannot be made portable: file, line, construct, way out
 *                 (before undefined symbols are reported)
 *   pass_lower    C constructs that have no portable form become ones that
 *                 do
 *   default<O2>   target-independent optimisation, no vectoriser
 *   pass_polls    polls in loops and recursion
 *   pass_frames   calls that may reach a poll capture their frame; resume
 *                 clones; escaping locals move to the portable stack
 *   pass_layout   sections, function table: the portable addresses
 *   then for each ISA, on a copy with that ISA's triple and data layout:
 *   function passes and vectorisers only
 *   pass_isa      what only the code generator may see; last before it
 *
 * After pass_frames nothing may change a call's semantics or a portable
 * global. All return 0, or -errno with err filled; on failure the module is
 * to be thrown away.
 */
#ifndef HEXO_PASS_H
#define HEXO_PASS_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "hexo/error.h"
#include "toolchain/pass/ir.h"

/* What the longest way of a function does not count. */
enum pass_unknown {
	PASS_UNKNOWN_OUTSIDE = 1, /* functions that are compiled apart */
	PASS_UNKNOWN_POINTER = 2, /* calls through pointers */
	PASS_UNKNOWN_DEPTH = 4,   /* recursion, of any depth */
	PASS_UNKNOWN_LOOP = 8,    /* loops without polls and without bound */
	PASS_UNKNOWN_COPY = 16,   /* copies of a size that varies */
};

/* A place where a function may be captured. */
struct pass_site {
	LLVMValueRef call; /* if it is a poll, of hexo_poll_park */
	uint64_t record;   /* bytes that are saved */
	unsigned values;
};

/* One function, after its polls are placed and before they are cut up. */
struct pass_function {
	const char *name;
	bool migratable;      /* may reach a poll; else the rest is 0 */
	struct ir_list polls; /* calls that park */
	const struct pass_site *site;
	unsigned sites;
	unsigned live_values;
	uint64_t longest; /* way without a poll, in instructions; see pathlen */
	unsigned unknown; /* what that leaves out: enum pass_unknown, or-ed */
};

struct pass_stats {
	/* If set: called for each function. */
	void (*on_function)(const struct pass_function *f);
	unsigned functions;   /* defined */
	unsigned migratable;  /* of these, that may reach a poll */
	unsigned polls;       /* placed */
	unsigned sites;       /* calls that may reach a poll */
	unsigned live_values; /* over all sites */
	/* With on_function: the longest way of all, and the function. */
	uint64_t longest;
	LLVMValueRef longest_in;
};

/* Functions that the passes call or that native code calls: the linker must
 * find them and nothing may remove them before pass_frames. NULL-ended. */
extern const char *const pass_roots[];

/* What part of a program a module is. */
enum pass_scope {
	PASS_WHOLE,   /* all of it */
	PASS_PROGRAM, /* all but the runtime; what the runtime defines is
			 declared with the runtime's types */
	PASS_RUNTIME, /* an object of the runtime */
};

/* What is known of functions that a module does not define. */
struct pass_outside {
	bool (*reaches)(const void *context, const char *name); /* a poll */
	const void *context;
	bool indirect; /* calls through pointers may reach one, always */
};

int pass_refuse(LLVMModuleRef m, struct hexo_error *err);
int pass_lower(LLVMModuleRef m, enum pass_scope scope, struct hexo_error *err);
/* outside is NULL for a whole program. */
int pass_polls(LLVMModuleRef m, const struct pass_outside *outside,
	       struct pass_stats *stats, struct hexo_error *err);
int pass_frames(LLVMModuleRef m, const struct pass_outside *outside,
		struct pass_stats *stats, struct hexo_error *err);
int pass_layout(LLVMModuleRef m, struct hexo_error *err);

/* What pass_isa must know of an ISA. */
struct pass_isa {
	const char *jump;    /* mnemonic of a direct jump */
	bool division_traps; /* integer division by zero faults by itself */
};

int pass_isa(LLVMModuleRef m, const struct pass_isa *isa,
	     struct hexo_error *err);

#endif
