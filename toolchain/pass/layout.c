/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Fixes what is portable: every global goes to a section whose address is
 * the same on all ISAs, and a function's address becomes that of its jump in
 * the function table.
 */
#include "toolchain/pass/pass.h"

#include <llvm-c/Target.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/pass/callgraph.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/layout.h"

/* Lists that only the compiler reads. */
static bool is_private(LLVMValueRef g)
{
	return strncmp(ir_name(g), "llvm.", 5) == 0;
}

static void place_global(LLVMTargetDataRef layout, LLVMValueRef g)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(g);
	unsigned align = LLVMGetAlignment(g);
	unsigned natural = LLVMABIAlignmentOfType(layout, type);

	if (LLVMIsGlobalConstant(g))
		LLVMSetSection(g, ".rodata.hexo");
	else if (LLVMIsNull(LLVMGetInitializer(g)))
		LLVMSetSection(g, ".bss.hexo");
	else
		LLVMSetSection(g, ".data.hexo");
	LLVMSetAlignment(g, align > natural ? align : natural);
	/* a symbol for each, so that the ISAs can be compared */
	if (LLVMGetLinkage(g) == LLVMPrivateLinkage)
		LLVMSetLinkage(g, LLVMInternalLinkage);
	LLVMSetUnnamedAddress(g, LLVMNoUnnamedAddr);
}

/* All uses but calls (and aliases, other names of the code) go through the
 * table's entry. */
static void redirect(LLVMModuleRef m, LLVMValueRef f)
{
	char *name = base_printf(LAYOUT_ENTRY_PREFIX "%s", ir_name(f));
	LLVMValueRef entry =
		LLVMAddFunction(m, name, LLVMGlobalGetValueType(f));
	struct ir_list calls = { 0 }, aliases = { 0 };

	free(name);
	for (LLVMUseRef u = LLVMGetFirstUse(f); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);

		if (LLVMIsAInstruction(user) && ir_is_call(user) &&
		    LLVMGetCalledValue(user) == f)
			ir_list_add(&calls, user);
		else if (LLVMIsAGlobalAlias(user))
			ir_list_add(&aliases, user);
	}
	LLVMReplaceAllUsesWith(f, entry);
	for (unsigned k = 0; k < aliases.n; k++)
		LLVMAliasSetAliasee(aliases.at[k], f);
	for (unsigned k = 0; k < calls.n; k++) {
		LLVMValueRef call = calls.at[k];
		int last = LLVMGetNumOperands(call) - 1;

		LLVMSetOperand(call, (unsigned)last, f);
	}
	ir_list_free(&calls);
	ir_list_free(&aliases);
}

/* The tables' jumps refer to the functions by their symbols alone. */
static void keep(LLVMModuleRef m, const struct ir_list *functions)
{
	LLVMTypeRef ptr = LLVMPointerTypeInContext(ir_context(m), 0);
	LLVMValueRef old = LLVMGetNamedGlobal(m, "llvm.compiler.used");
	LLVMValueRef g;

	if (old)
		LLVMDeleteGlobal(old);
	if (!functions->n)
		return;
	g = LLVMAddGlobal(m, LLVMArrayType2(ptr, functions->n),
			  "llvm.compiler.used");
	LLVMSetInitializer(g,
			   LLVMConstArray2(ptr, functions->at, functions->n));
	LLVMSetLinkage(g, LLVMAppendingLinkage);
	LLVMSetSection(g, "llvm.metadata");
}

/* Not what the compiler itself declares; nor what may be missing: its
 * address is to be NULL then. */
static bool can_be_taken(LLVMValueRef f)
{
	const char *name = ir_name(f);

	return strncmp(name, "llvm.", 5) != 0 &&
	       strncmp(name, "hexo.", 5) != 0 &&
	       LLVMGetLinkage(f) != LLVMExternalWeakLinkage &&
	       function_is_taken(f);
}

int pass_layout(LLVMModuleRef m, struct hexo_error *err)
{
	LLVMTargetDataRef layout = LLVMGetModuleDataLayout(m);
	struct ir_list taken = { 0 }, kept = { 0 };

	(void)err; /* the signature of all passes */
	ir_each_global (g, m) {
		if (!LLVMIsDeclaration(g) && !is_private(g))
			place_global(layout, g);
	}
	ir_each_function (f, m) {
		if (ir_is_marked(f, "hexo-resume"))
			ir_list_add(&kept, f);
		else if (can_be_taken(f))
			ir_list_add(&taken, f);
	}
	for (LLVMValueRef a = LLVMGetFirstGlobalAlias(m); a;
	     a = LLVMGetNextGlobalAlias(a))
		if (LLVMGetTypeKind(LLVMGlobalGetValueType(a)) ==
			    LLVMFunctionTypeKind &&
		    can_be_taken(a))
			ir_list_add(&taken, a);
	for (unsigned k = 0; k < taken.n; k++) {
		redirect(m, taken.at[k]);
		if (!LLVMIsDeclaration(taken.at[k]))
			ir_list_add(&kept, taken.at[k]);
	}
	keep(m, &kept);
	ir_list_free(&taken);
	ir_list_free(&kept);
	return 0;
}
