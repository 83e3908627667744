/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

#include <stdlib.h>

#include "base/base.h"

struct constructor {
	uint64_t priority;
	unsigned order; /* keeps equal priorities in file order */
	LLVMValueRef function;
};

static int compare(const void *a, const void *b)
{
	const struct constructor *x = a, *y = b;

	if (x->priority != y->priority)
		return x->priority < y->priority ? -1 : 1;
	return x->order < y->order ? -1 : 1;
}

/* Reads llvm.global_ctors or _dtors: { i32 priority, ptr function, ptr }. */
static unsigned read_list(LLVMValueRef list, struct constructor **out)
{
	LLVMValueRef init = list ? LLVMGetInitializer(list) : NULL;
	int n = init ? LLVMGetNumOperands(init) : 0;

	*out = base_alloc((size_t)n * sizeof(**out));
	for (int k = 0; k < n; k++) {
		LLVMValueRef entry = LLVMGetOperand(init, (unsigned)k);

		(*out)[k].priority =
			LLVMConstIntGetZExtValue(LLVMGetOperand(entry, 0));
		(*out)[k].order = (unsigned)k;
		(*out)[k].function = LLVMGetOperand(entry, 1);
	}
	qsort(*out, (size_t)n, sizeof(**out), compare);
	return (unsigned)n;
}

static LLVMValueRef build(LLVMModuleRef m, const char *name,
			  const char *list_name, bool reverse)
{
	LLVMContextRef c = ir_context(m);
	LLVMTypeRef type =
		LLVMFunctionType(LLVMVoidTypeInContext(c), NULL, 0, 0);
	LLVMValueRef list = LLVMGetNamedGlobal(m, list_name);
	LLVMValueRef f = ir_declare(m, name, LLVMVoidTypeInContext(c), NULL, 0);
	LLVMBuilderRef b = LLVMCreateBuilderInContext(c);
	struct constructor *entries;
	unsigned n = read_list(list, &entries);

	LLVMPositionBuilderAtEnd(b,
				 LLVMAppendBasicBlockInContext(c, f, "entry"));
	for (unsigned k = 0; k < n; k++) {
		LLVMValueRef g = entries[reverse ? n - 1 - k : k].function;

		if (LLVMIsAFunction(g))
			LLVMBuildCall2(b, type, g, NULL, 0, "");
	}
	LLVMBuildRetVoid(b);
	if (list)
		LLVMDeleteGlobal(list);
	free(entries);
	LLVMDisposeBuilder(b);
	return f;
}

void lower_constructors(LLVMModuleRef m, enum pass_scope scope)
{
	LLVMLinkage linkage =
		scope == PASS_WHOLE ? LLVMInternalLinkage : LLVMExternalLinkage;

	if (scope == PASS_RUNTIME)
		return;
	LLVMSetLinkage(build(m, "hexo_constructors", "llvm.global_ctors",
			     false),
		       linkage);
	LLVMSetLinkage(build(m, "hexo_destructors", "llvm.global_dtors", true),
		       linkage);
}
