/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What LLVM's C API lacks: splitting blocks, calling attributes by name,
 * maps from values to numbers, bit sets; and short names for what the passes
 * use all the time. Nothing here decides anything.
 */
#ifndef HEXO_PASS_IR_H
#define HEXO_PASS_IR_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"

/* Iteration; the body may not delete the current element unless the _safe
 * form is used. */
#define ir_each_function(f, m)                            \
	for (LLVMValueRef f = LLVMGetFirstFunction(m); f; \
	     f = LLVMGetNextFunction(f))
#define ir_each_definition(f, m) \
	ir_each_function (f, m)  \
		if (!LLVMIsDeclaration(f))
#define ir_each_global(g, m)                            \
	for (LLVMValueRef g = LLVMGetFirstGlobal(m); g; \
	     g = LLVMGetNextGlobal(g))
#define ir_each_block(b, f)                                      \
	for (LLVMBasicBlockRef b = LLVMGetFirstBasicBlock(f); b; \
	     b = LLVMGetNextBasicBlock(b))
#define ir_each_inst(i, b)                                   \
	for (LLVMValueRef i = LLVMGetFirstInstruction(b); i; \
	     i = LLVMGetNextInstruction(i))
#define ir_each_inst_safe(i, next, b)                           \
	for (LLVMValueRef i = LLVMGetFirstInstruction(b), next; \
	     i && (next = LLVMGetNextInstruction(i), true); i = next)

/* A growing list of values (or blocks, as values). */
struct ir_list {
	LLVMValueRef *at;
	unsigned n, room;
};

void ir_list_add(struct ir_list *l, LLVMValueRef v);
void ir_list_free(struct ir_list *l);

/* Pointer to non-negative int; ir_map_get gives -1 for what is not in. */
struct ir_map {
	struct ir_map_entry {
		const void *key;
		int value;
	} * at;
	unsigned n, room;
};

void ir_map_put(struct ir_map *m, const void *key, int value);
int ir_map_get(const struct ir_map *m, const void *key);
void ir_map_free(struct ir_map *m);

/* Rows of bits. */
typedef uint64_t ir_word;
#define ir_words(bits) (((bits) + 63) / 64)
static inline void ir_set(ir_word *s, unsigned i)
{
	s[i / 64] |= UINT64_C(1) << (i % 64);
}
static inline void ir_clear(ir_word *s, unsigned i)
{
	s[i / 64] &= ~(UINT64_C(1) << (i % 64));
}
static inline bool ir_test(const ir_word *s, unsigned i)
{
	return s[i / 64] >> (i % 64) & 1;
}

/* Names. The pointer lives as long as the value keeps its name. */
const char *ir_name(LLVMValueRef v);
bool ir_is_named(LLVMValueRef v, const char *name);

bool ir_is_call(LLVMValueRef inst); /* call or invoke */
/* The function called, or NULL for an indirect call. */
LLVMValueRef ir_callee(LLVMValueRef call);
bool ir_is_intrinsic(LLVMValueRef f);
bool ir_calls(LLVMValueRef inst, const char *name);

/* Enum attributes by name, at LLVMAttributeFunctionIndex etc. */
LLVMAttributeRef ir_attribute(LLVMModuleRef m, const char *name,
			      uint64_t value);
void ir_function_attribute(LLVMValueRef f, const char *name, uint64_t value);
void ir_call_attribute(LLVMValueRef call, const char *name, uint64_t value);
/* Those of the function, the result and the first n arguments. */
void ir_copy_call_attributes(LLVMValueRef from, LLVMValueRef to, unsigned n);
void ir_copy_function_attributes(LLVMValueRef from, LLVMValueRef to);
void ir_drop_attribute(LLVMValueRef f, LLVMAttributeIndex at, const char *name);
void ir_drop_call_attribute(LLVMValueRef call, LLVMAttributeIndex at,
			    const char *name);
/* Whether the call itself says that it neither reads nor writes memory. */
bool ir_is_pure_call(LLVMValueRef call);
bool ir_has_attribute(LLVMValueRef f, const char *name);
/* String attributes of functions, ours ("hexo-..."). */
void ir_mark(LLVMValueRef f, const char *name);
bool ir_is_marked(LLVMValueRef f, const char *name);

/* What a pass knows of an instruction, for those after it: an upper bound.
 * 0: nothing is noted. */
#define IR_NOTE_TRIPS "hexo.trips" /* of the loop that this branch closes */
#define IR_NOTE_BYTES "hexo.bytes" /* that this copies */
void ir_note(LLVMValueRef inst, const char *what, uint64_t most);
uint64_t ir_noted(LLVMValueRef inst, const char *what);

/* memory(...) encodings of LLVM 19 for the attribute "memory". */
enum {
	IR_MEMORY_NONE = 0,
	IR_MEMORY_INACCESSIBLE = 0x0c,      /* inaccessiblemem: readwrite */
	IR_MEMORY_READ = 0x1 | 0x0c | 0x10, /* read; inaccessiblemem: rw */
};

/* LLVM's calling convention in which the callee saves all registers. */
#define IR_PRESERVE_ALL 15

/* Finds or declares a function. */
LLVMValueRef ir_declare(LLVMModuleRef m, const char *name, LLVMTypeRef ret,
			const LLVMTypeRef *params, unsigned n);

/* Moves everything after inst into a new block (returned, placed after) and
 * leaves inst's block without terminator; phis of the successors are kept
 * right. */
LLVMBasicBlockRef ir_split_after(LLVMValueRef inst);
/* Rebuilds the phis of block: edges from `from` now come from `to`. */
void ir_phi_redirect(LLVMBasicBlockRef block, LLVMBasicBlockRef from,
		     LLVMBasicBlockRef to);
/* Gives each use of v a value of its own, which make() builds where the builder
 * then stands: before the user; for a phi at the end of the block that v comes
 * from. make() must not use v. */
void ir_remake_uses(LLVMBuilderRef b, LLVMValueRef v,
		    LLVMValueRef (*make)(LLVMBuilderRef b, void *context),
		    void *context);
/* First instruction that is not a phi. */
LLVMValueRef ir_first_nonphi(LLVMBasicBlockRef b);
/* How often a conditional branch goes to its first and second target. */
void ir_branch_weights(LLVMValueRef branch, uint32_t first, uint32_t second);
/* base + offset bytes; constants of the module's context. */
LLVMValueRef ir_gep(LLVMBuilderRef b, LLVMValueRef base, uint64_t offset);
LLVMValueRef ir_i64(LLVMModuleRef m, uint64_t v);
LLVMValueRef ir_i32(LLVMModuleRef m, uint32_t v);

static inline LLVMContextRef ir_context(LLVMModuleRef m)
{
	return LLVMGetModuleContext(m);
}
LLVMModuleRef ir_module_of(LLVMValueRef inst);

static inline uint64_t ir_align_up(uint64_t x, uint64_t a)
{
	return (x + a - 1) / a * a;
}

/* "file.c:12" of an instruction, "file.c" of the module or function where
 * there are no lines; in a static buffer. */
const char *ir_where(LLVMValueRef inst);
/* The same from the parts that debug information has. */
const char *ir_place(const char *directory, unsigned directory_len,
		     const char *file, unsigned file_len, unsigned line);

/* Runs a textual pipeline. */
int ir_run_passes(LLVMModuleRef m, const char *passes, struct hexo_error *err);

#endif
