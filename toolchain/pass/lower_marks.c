/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lower.h"

#include "toolchain/pass/ir.h"

#include <string.h>

/* From guest/libc/nopoll.list: `"name",` lines. */
static const char *const nopoll[] = {
#include "nopoll.inc"
	NULL,
};

/*
 * Results of these are not exactly defined: the optimiser would evaluate
 * them on constants with the host's libm, whose last bit may differ from
 * that of ours at run time, and one ISA's copy may see a constant where the
 * other does not.
 */
static const char *const inexact[] = {
	"acos",  "acosh", "asin", "asinh",  "atan", "atan2",  "atanh", "cbrt",
	"cos",   "cosh",  "erf",  "erfc",   "exp",  "exp10",  "exp2",  "expm1",
	"hypot", "j0",    "j1",   "lgamma", "log",  "log10",  "log1p", "log2",
	"pow",   "sin",   "sinh", "tan",    "tanh", "tgamma",
};

/* Exactly defined ones for which C allows errno, too. */
static const char *const exact[] = {
	"fdim",      "fma",       "fmod",    "ilogb",  "ldexp", "logb",
	"nextafter", "remainder", "scalbln", "scalbn", "sqrt",
};

static bool is_one_of(const char *const *list, size_t count, const char *name)
{
	for (size_t k = 0; k < count; k++) {
		size_t n = strlen(list[k]);
		const char *end = name + n;

		if (strncmp(name, list[k], n) != 0)
			continue;
		if (!*end || strcmp(end, "f") == 0 || strcmp(end, "l") == 0)
			return true;
	}
	return false;
}

static bool is_inexact(const char *name)
{
	return is_one_of(inexact, sizeof(inexact) / sizeof(inexact[0]), name);
}

/* Our libm's, not the program's own of that name. It never sets errno, but
 * lgamma does set signgam. */
static bool is_pure(LLVMValueRef f)
{
	const char *name = ir_name(f);

	return LLVMIsDeclaration(f) && strncmp(name, "lgamma", 6) != 0 &&
	       (is_inexact(name) ||
		is_one_of(exact, sizeof(exact) / sizeof(exact[0]), name));
}

static void mark_call(LLVMValueRef call, LLVMValueRef callee)
{
	if (is_inexact(ir_name(callee)))
		ir_call_attribute(call, "nobuiltin", 0);
	if (is_pure(callee)) {
		ir_call_attribute(call, "memory", IR_MEMORY_NONE);
		ir_call_attribute(call, "nounwind", 0);
		ir_call_attribute(call, "willreturn", 0);
	}
}

static void mark_annotated(LLVMModuleRef m)
{
	LLVMValueRef list = LLVMGetNamedGlobal(m, "llvm.global.annotations");
	LLVMValueRef init = list ? LLVMGetInitializer(list) : NULL;
	int n = init ? LLVMGetNumOperands(init) : 0;

	for (int k = 0; k < n; k++) {
		LLVMValueRef entry = LLVMGetOperand(init, (unsigned)k);
		LLVMValueRef f = LLVMGetOperand(entry, 0);
		LLVMValueRef text = LLVMGetOperand(entry, 1);
		size_t len;
		const char *s;

		if (!LLVMIsAFunction(f) || !LLVMIsAGlobalVariable(text))
			continue;
		s = LLVMGetAsString(LLVMGetInitializer(text), &len);
		if (len && strcmp(s, "hexo.nopoll") == 0)
			ir_mark(f, "hexo-nopoll");
	}
	if (list)
		LLVMDeleteGlobal(list);
}

void lower_marks(LLVMModuleRef m)
{
	mark_annotated(m);
	for (unsigned k = 0; nopoll[k]; k++) {
		LLVMValueRef f = LLVMGetNamedFunction(m, nopoll[k]);

		if (f && !LLVMIsDeclaration(f))
			ir_mark(f, "hexo-nopoll");
	}
	ir_each_definition (f, m) {
		ir_drop_attribute(f, LLVMAttributeFunctionIndex, "optnone");
		ir_each_block (b, f) {
			ir_each_inst (i, b) {
				LLVMValueRef callee =
					ir_is_call(i) ? ir_callee(i) : NULL;

				if (callee)
					mark_call(i, callee);
			}
		}
	}
}
