/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lines of resume clones. A line belongs to one subprogram, and a subprogram
 * to one function, so each clone gets a subprogram of its own, which says of
 * itself what the original's does, and its lines are made anew. Nothing is
 * done where the original has no lines.
 */
#ifndef HEXO_PASS_LINES_H
#define HEXO_PASS_LINES_H

#include <llvm-c/DebugInfo.h>

#include "toolchain/pass/ir.h"

/* Zero-initialise, but for m; lines_free() in the end. */
struct lines {
	LLVMModuleRef m;
	struct ir_map units; /* a compile unit to its builder's place */
	LLVMDIBuilderRef *builders;
	unsigned n;
};

/* Gives clone a subprogram like that of f and returns it; NULL if f has
 * none. */
LLVMMetadataRef lines_clone(struct lines *l, LLVMValueRef f,
			    LLVMValueRef clone);

/* The line of a copy in a clone with this subprogram; NULL if there is
 * none. */
LLVMMetadataRef lines_move(struct lines *l, LLVMMetadataRef subprogram,
			   LLVMMetadataRef line);

void lines_free(struct lines *l);

#endif
