/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/internalize.h"

#include <string.h>

#include "toolchain/libcalls.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/pass.h"

/* What the runtime uses of a program, and its variable that the passes use. */
static const char *const kept[] = { "main", "hexo_constructors",
				    "hexo_destructors", "hexo_pstack" };

static bool is_kept(LLVMValueRef v, bool late)
{
	const char *name = ir_name(v);

	if (strncmp(name, "llvm.", 5) == 0)
		return true;
	for (size_t k = 0; k < sizeof(kept) / sizeof(kept[0]); k++)
		if (strcmp(name, kept[k]) == 0)
			return true;
	for (const char *const *root = pass_roots; *root; root++)
		if (strcmp(name, *root) == 0)
			return true;
	return tc_libcalls_has(name, late);
}

static void internalize(LLVMValueRef v, bool late)
{
	LLVMLinkage linkage = LLVMGetLinkage(v);

	if (LLVMIsDeclaration(v) || linkage == LLVMInternalLinkage ||
	    linkage == LLVMPrivateLinkage || linkage == LLVMAppendingLinkage)
		return;
	LLVMSetVisibility(v, LLVMDefaultVisibility);
	if (is_kept(v, late)) {
		LLVMSetLinkage(v, LLVMExternalLinkage);
		return;
	}
	LLVMSetLinkage(v, LLVMInternalLinkage);
}

void tc_internalize(LLVMModuleRef m, bool late)
{
	ir_each_function (f, m) {
		internalize(f, late);
	}
	ir_each_global (g, m) {
		internalize(g, late);
	}
	for (LLVMValueRef a = LLVMGetFirstGlobalAlias(m); a;
	     a = LLVMGetNextGlobalAlias(a))
		internalize(a, late);
}
