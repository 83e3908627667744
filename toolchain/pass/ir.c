/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/ir.h"

#include <errno.h>
#include <llvm-c/DebugInfo.h>
#include <llvm-c/Transforms/PassBuilder.h>
#include <stdio.h>
#include <stdlib.h>
#include <limits.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"

void ir_list_add(struct ir_list *l, LLVMValueRef v)
{
	if (l->n == l->room) {
		l->room = l->room ? 2 * l->room : 16;
		l->at = base_realloc(l->at, l->room * sizeof(l->at[0]));
	}
	l->at[l->n++] = v;
}

void ir_list_free(struct ir_list *l)
{
	free(l->at);
	*l = (struct ir_list){ 0 };
}

static unsigned map_slot(const struct ir_map *m, const void *key)
{
	unsigned h = (unsigned)(((uintptr_t)key >> 4) * 2654435761u) % m->room;

	while (m->at[h].key && m->at[h].key != key)
		h = (h + 1) % m->room;
	return h;
}

void ir_map_put(struct ir_map *m, const void *key, int value)
{
	unsigned slot;

	if (2 * m->n >= m->room) {
		struct ir_map old = *m;

		m->room = old.room ? 2 * old.room : 64;
		m->n = 0;
		m->at = base_alloc(m->room * sizeof(m->at[0]));
		for (unsigned i = 0; i < old.room; i++)
			if (old.at[i].key)
				ir_map_put(m, old.at[i].key, old.at[i].value);
		free(old.at);
	}
	slot = map_slot(m, key);
	if (!m->at[slot].key)
		m->n++;
	m->at[slot] = (struct ir_map_entry){ key, value };
}

int ir_map_get(const struct ir_map *m, const void *key)
{
	unsigned slot;

	if (!m->room || !key)
		return -1;
	slot = map_slot(m, key);
	return m->at[slot].key ? m->at[slot].value : -1;
}

void ir_map_free(struct ir_map *m)
{
	free(m->at);
	*m = (struct ir_map){ 0 };
}

const char *ir_name(LLVMValueRef v)
{
	size_t n;

	return LLVMGetValueName2(v, &n);
}

bool ir_is_named(LLVMValueRef v, const char *name)
{
	return strcmp(ir_name(v), name) == 0;
}

bool ir_is_call(LLVMValueRef inst)
{
	LLVMOpcode op = LLVMGetInstructionOpcode(inst);

	return op == LLVMCall || op == LLVMInvoke;
}

LLVMValueRef ir_callee(LLVMValueRef call)
{
	LLVMValueRef f = LLVMGetCalledValue(call);

	return LLVMIsAFunction(f) ? f : NULL;
}

bool ir_is_intrinsic(LLVMValueRef f)
{
	return strncmp(ir_name(f), "llvm.", 5) == 0;
}

bool ir_calls(LLVMValueRef inst, const char *name)
{
	LLVMValueRef f = ir_is_call(inst) ? ir_callee(inst) : NULL;

	return f && ir_is_named(f, name);
}

LLVMAttributeRef ir_attribute(LLVMModuleRef m, const char *name, uint64_t value)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	return LLVMCreateEnumAttribute(ir_context(m), kind, value);
}

void ir_function_attribute(LLVMValueRef f, const char *name, uint64_t value)
{
	LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
				ir_attribute(LLVMGetGlobalParent(f), name,
					     value));
}

void ir_call_attribute(LLVMValueRef call, const char *name, uint64_t value)
{
	LLVMAddCallSiteAttribute(call, LLVMAttributeFunctionIndex,
				 ir_attribute(ir_module_of(call), name, value));
}

void ir_copy_call_attributes(LLVMValueRef from, LLVMValueRef to, unsigned args)
{
	int last = (int)args;

	/* -1 the function, 0 the result, 1.. the arguments */
	for (int at = -1; at <= last; at++) {
		LLVMAttributeIndex i = (LLVMAttributeIndex)at;
		unsigned n = LLVMGetCallSiteAttributeCount(from, i);
		LLVMAttributeRef *attrs = base_alloc(n * sizeof(attrs[0]));

		if (n)
			LLVMGetCallSiteAttributes(from, i, attrs);
		for (unsigned k = 0; k < n; k++)
			LLVMAddCallSiteAttribute(to, i, attrs[k]);
		free(attrs);
	}
	LLVMSetInstructionCallConv(to, LLVMGetInstructionCallConv(from));
}

void ir_copy_function_attributes(LLVMValueRef from, LLVMValueRef to)
{
	int last = (int)LLVMCountParams(from);

	for (int at = -1; at <= last; at++) {
		LLVMAttributeIndex i = (LLVMAttributeIndex)at;
		unsigned n = LLVMGetAttributeCountAtIndex(from, i);
		LLVMAttributeRef *attrs = base_alloc(n * sizeof(attrs[0]));

		if (n)
			LLVMGetAttributesAtIndex(from, i, attrs);
		for (unsigned k = 0; k < n; k++)
			LLVMAddAttributeAtIndex(to, i, attrs[k]);
		free(attrs);
	}
}

void ir_drop_attribute(LLVMValueRef f, LLVMAttributeIndex at, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	LLVMRemoveEnumAttributeAtIndex(f, at, kind);
}

void ir_drop_call_attribute(LLVMValueRef call, LLVMAttributeIndex at,
			    const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	LLVMRemoveCallSiteEnumAttribute(call, at, kind);
}

bool ir_is_pure_call(LLVMValueRef call)
{
	unsigned kind = LLVMGetEnumAttributeKindForName("memory", 6);
	LLVMAttributeRef a =
		LLVMGetCallSiteEnumAttribute(call, LLVMAttributeFunctionIndex,
					     kind);

	return a && LLVMGetEnumAttributeValue(a) == IR_MEMORY_NONE;
}

bool ir_has_attribute(LLVMValueRef f, const char *name)
{
	unsigned kind = LLVMGetEnumAttributeKindForName(name, strlen(name));

	return LLVMGetEnumAttributeAtIndex(f, LLVMAttributeFunctionIndex, kind);
}

void ir_mark(LLVMValueRef f, const char *name)
{
	LLVMContextRef c = ir_context(LLVMGetGlobalParent(f));

	LLVMAddAttributeAtIndex(
		f, LLVMAttributeFunctionIndex,
		LLVMCreateStringAttribute(c, name, (unsigned)strlen(name), "",
					  0));
}

bool ir_is_marked(LLVMValueRef f, const char *name)
{
	return LLVMGetStringAttributeAtIndex(f, LLVMAttributeFunctionIndex,
					     name, (unsigned)strlen(name));
}

static unsigned note_kind(LLVMModuleRef m, const char *what)
{
	return LLVMGetMDKindIDInContext(ir_context(m), what,
					(unsigned)strlen(what));
}

void ir_note(LLVMValueRef inst, const char *what, uint64_t most)
{
	LLVMModuleRef m = ir_module_of(inst);
	LLVMMetadataRef number = LLVMValueAsMetadata(ir_i64(m, most));
	LLVMMetadataRef node = LLVMMDNodeInContext2(ir_context(m), &number, 1);

	LLVMSetMetadata(inst, note_kind(m, what),
			LLVMMetadataAsValue(ir_context(m), node));
}

uint64_t ir_noted(LLVMValueRef inst, const char *what)
{
	LLVMValueRef number,
		node = LLVMGetMetadata(inst,
				       note_kind(ir_module_of(inst), what));

	if (!node)
		return 0;
	LLVMGetMDNodeOperands(node, &number);
	return LLVMConstIntGetZExtValue(number);
}

LLVMValueRef ir_declare(LLVMModuleRef m, const char *name, LLVMTypeRef ret,
			const LLVMTypeRef *params, unsigned n)
{
	LLVMValueRef f = LLVMGetNamedFunction(m, name);

	if (f)
		return f;
	return LLVMAddFunction(m, name,
			       LLVMFunctionType(ret, (LLVMTypeRef *)params, n,
						0));
}

LLVMModuleRef ir_module_of(LLVMValueRef inst)
{
	LLVMBasicBlockRef b = LLVMGetInstructionParent(inst);

	return LLVMGetGlobalParent(LLVMGetBasicBlockParent(b));
}

LLVMValueRef ir_first_nonphi(LLVMBasicBlockRef b)
{
	LLVMValueRef i = LLVMGetFirstInstruction(b);

	while (i && LLVMGetInstructionOpcode(i) == LLVMPHI)
		i = LLVMGetNextInstruction(i);
	return i;
}

/* A phi's incoming block cannot be set: it is built anew. */
void ir_phi_redirect(LLVMBasicBlockRef block, LLVMBasicBlockRef from,
		     LLVMBasicBlockRef to)
{
	LLVMContextRef c =
		LLVMGetTypeContext(LLVMTypeOf(LLVMBasicBlockAsValue(block)));
	LLVMBuilderRef b = LLVMCreateBuilderInContext(c);

	ir_each_inst_safe (phi, next, block) {
		unsigned n;
		bool hit = false;
		LLVMValueRef fresh;

		if (LLVMGetInstructionOpcode(phi) != LLVMPHI)
			break;
		n = LLVMCountIncoming(phi);
		for (unsigned k = 0; k < n; k++)
			hit |= LLVMGetIncomingBlock(phi, k) == from;
		if (!hit)
			continue;
		LLVMPositionBuilderBefore(b, phi);
		fresh = LLVMBuildPhi(b, LLVMTypeOf(phi), "");
		for (unsigned k = 0; k < n; k++) {
			LLVMValueRef v = LLVMGetIncomingValue(phi, k);
			LLVMBasicBlockRef in = LLVMGetIncomingBlock(phi, k);

			if (v == phi)
				v = fresh;
			if (in == from)
				in = to;
			LLVMAddIncoming(fresh, &v, &in, 1);
		}
		LLVMReplaceAllUsesWith(phi, fresh);
		LLVMInstructionEraseFromParent(phi);
	}
	LLVMDisposeBuilder(b);
}

typedef LLVMValueRef make_fn(LLVMBuilderRef b, void *context);

/* Edges that come twice from one block share the value. */
static void remake_for_phi(LLVMBuilderRef b, LLVMValueRef phi, LLVMValueRef v,
			   make_fn *make, void *context)
{
	unsigned n = LLVMCountIncoming(phi);

	for (unsigned k = 0; k < n; k++) {
		LLVMBasicBlockRef from = LLVMGetIncomingBlock(phi, k);
		LLVMValueRef value;

		if (LLVMGetIncomingValue(phi, k) != v)
			continue;
		LLVMPositionBuilderBefore(b, LLVMGetBasicBlockTerminator(from));
		value = make(b, context);
		for (unsigned j = k; j < n; j++)
			if (LLVMGetIncomingBlock(phi, j) == from)
				LLVMSetOperand(phi, j, value);
	}
}

void ir_remake_uses(LLVMBuilderRef b, LLVMValueRef v, make_fn *make,
		    void *context)
{
	struct ir_list users = { 0 };

	for (LLVMUseRef u = LLVMGetFirstUse(v); u; u = LLVMGetNextUse(u))
		ir_list_add(&users, LLVMGetUser(u));
	for (unsigned k = 0; k < users.n; k++) {
		LLVMValueRef user = users.at[k], value;

		if (LLVMGetInstructionOpcode(user) == LLVMPHI) {
			remake_for_phi(b, user, v, make, context);
			continue;
		}
		LLVMPositionBuilderBefore(b, user);
		value = make(b, context);
		for (int o = 0; o < LLVMGetNumOperands(user); o++)
			if (LLVMGetOperand(user, (unsigned)o) == v)
				LLVMSetOperand(user, (unsigned)o, value);
	}
	ir_list_free(&users);
}

LLVMBasicBlockRef ir_split_after(LLVMValueRef inst)
{
	LLVMBasicBlockRef block = LLVMGetInstructionParent(inst);
	LLVMModuleRef m = ir_module_of(inst);
	LLVMValueRef end = LLVMGetBasicBlockTerminator(block);
	unsigned n = LLVMGetNumSuccessors(end);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(ir_context(m));
	LLVMBasicBlockRef rest;

	rest = LLVMInsertBasicBlockInContext(ir_context(m), block, "");
	LLVMMoveBasicBlockAfter(rest, block);
	LLVMPositionBuilderAtEnd(b, rest);
	for (LLVMValueRef i = LLVMGetNextInstruction(inst), next; i; i = next) {
		next = LLVMGetNextInstruction(i);
		LLVMInstructionRemoveFromParent(i);
		LLVMInsertIntoBuilder(b, i);
	}
	for (unsigned k = 0; k < n; k++)
		ir_phi_redirect(LLVMGetSuccessor(end, k), block, rest);
	LLVMDisposeBuilder(b);
	return rest;
}

void ir_branch_weights(LLVMValueRef branch, uint32_t first, uint32_t second)
{
	LLVMModuleRef m = ir_module_of(branch);
	LLVMContextRef c = ir_context(m);
	LLVMMetadataRef w[] = {
		LLVMMDStringInContext2(c, "branch_weights", 14),
		LLVMValueAsMetadata(ir_i32(m, first)),
		LLVMValueAsMetadata(ir_i32(m, second)),
	};

	LLVMSetMetadata(branch, LLVMGetMDKindIDInContext(c, "prof", 4),
			LLVMMetadataAsValue(c, LLVMMDNodeInContext2(c, w, 3)));
}

LLVMValueRef ir_i64(LLVMModuleRef m, uint64_t v)
{
	return LLVMConstInt(LLVMInt64TypeInContext(ir_context(m)), v, 0);
}

LLVMValueRef ir_i32(LLVMModuleRef m, uint32_t v)
{
	return LLVMConstInt(LLVMInt32TypeInContext(ir_context(m)), v, 0);
}

LLVMValueRef ir_gep(LLVMBuilderRef b, LLVMValueRef base, uint64_t offset)
{
	LLVMContextRef c = LLVMGetTypeContext(LLVMTypeOf(base));
	LLVMValueRef at = LLVMConstInt(LLVMInt64TypeInContext(c), offset, 0);

	return LLVMBuildInBoundsGEP2(b, LLVMInt8TypeInContext(c), base, &at, 1,
				     "");
}

/* Debug information has a file's name below a directory; the name alone says
 * where it is if that is the current one. */
const char *ir_place(const char *directory, unsigned directory_len,
		     const char *file, unsigned file_len, unsigned line)
{
	static char text[2 * PATH_MAX];
	char here[PATH_MAX];
	bool known =
		!directory_len || (file_len && file[0] == '/') ||
		(getcwd(here, sizeof(here)) && strlen(here) == directory_len &&
		 memcmp(here, directory, directory_len) == 0);

	snprintf(text, sizeof(text), "%.*s%s%.*s:%u",
		 known ? 0 : (int)directory_len, directory, known ? "" : "/",
		 (int)file_len, file, line);
	return text;
}

const char *ir_where(LLVMValueRef inst)
{
	static char text[512];
	LLVMModuleRef m = ir_module_of(inst);
	unsigned n = 0, directory_len = 0;
	size_t unused;
	const char *file = LLVMGetDebugLocFilename(inst, &n);
	const char *directory = LLVMGetDebugLocDirectory(inst, &directory_len);

	if (file && n)
		return ir_place(directory ? directory : "", directory_len, file,
				n, LLVMGetDebugLocLine(inst));
	snprintf(text, sizeof(text), "%s: in %s",
		 LLVMGetSourceFileName(m, &unused),
		 ir_name(LLVMGetBasicBlockParent(
			 LLVMGetInstructionParent(inst))));
	return text;
}

int ir_run_passes(LLVMModuleRef m, const char *passes, struct hexo_error *err)
{
	LLVMPassBuilderOptionsRef o = LLVMCreatePassBuilderOptions();
	LLVMErrorRef failed = LLVMRunPasses(m, passes, NULL, o);
	char *text;
	int r;

	LLVMDisposePassBuilderOptions(o);
	if (!failed)
		return 0;
	text = LLVMGetErrorMessage(failed);
	r = hexo_fail(err, -EINVAL, "LLVM pass %s: %s", passes, text);
	LLVMDisposeErrorMessage(text);
	return r;
}
