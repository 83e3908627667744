/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/libcalls.h"

#include <stdio.h>
#include <string.h>

/* The code generator's, always. fmod stands for the instruction frem. */
static const char *const always[] = {
	"memcpy", "memmove", "memset", "memcmp",
	"bcmp",   "strlen",  "fmod",   "fmodf",
};

/* The code generator's, where an intrinsic of that name is used: on an ISA
 * that lacks the instruction. The optimiser makes intrinsics of the
 * functions, and float forms of the double ones. */
static const char *const math[] = {
	"acos",    "asin",      "atan",  "atan2", "ceil",  "copysign",
	"cos",     "cosh",      "exp",   "exp10", "exp2",  "floor",
	"fma",     "fmax",      "fmin",  "frexp", "ldexp", "llrint",
	"llround", "log",       "log10", "log2",  "lrint", "lround",
	"modf",    "nearbyint", "pow",   "rint",  "round", "roundeven",
	"sin",     "sinh",      "sqrt",  "tan",   "tanh",  "trunc",
};

/* Intrinsics with another name than their function. */
static const struct {
	const char *intrinsic, *function;
} renamed[] = {
	{ "maxnum", "fmax" },
	{ "minnum", "fmin" },
};

/* What the optimiser makes of other library calls (BuildLibCalls). */
static const char *const optimiser[] = {
	"abs",     "cabs",    "cabsf",   "calloc",  "cosf",      "cospi",
	"exp10f",  "exp2f",   "ffs",     "fputc",   "fputs",     "fwrite",
	"isascii", "isdigit", "labs",    "ldexpf",  "llabs",     "log10f",
	"log2f",   "malloc",  "memccpy", "memchr",  "mempcpy",   "memrchr",
	"powf",    "putchar", "puts",    "sinf",    "snprintf",  "sprintf",
	"sqrtf",   "stpcpy",  "stpncpy", "strcat",  "strchr",    "strcpy",
	"strdup",  "strlcat", "strlcpy", "strncat", "strncmp",   "strncpy",
	"strndup", "strnlen", "strrchr", "toascii", "vsnprintf", "vsprintf",
	"cos",     "exp2",    "exp10",   "ldexp",   "log10",     "log2",
	"pow",     "sin",     "sqrt",    "fabs",    "fabsf",
};

#define EACH(name, list)                       \
	for (const char *const *name = (list); \
	     name < (list) + sizeof(list) / sizeof(*(list)); name++)

/* "llvm.floor.f64" and "llvm.floor.v2f32" are floor's. */
static bool is_intrinsic_of(const char *name, const char *function)
{
	size_t n = strlen(function);

	return strncmp(name, "llvm.", 5) == 0 &&
	       strncmp(name + 5, function, n) == 0 && name[5 + n] == '.';
}

static bool is_math(const char *name, const char *function)
{
	size_t n = strlen(function);

	if (is_intrinsic_of(name, function))
		return true;
	for (size_t k = 0; k < sizeof(renamed) / sizeof(renamed[0]); k++)
		if (strcmp(renamed[k].function, function) == 0 &&
		    is_intrinsic_of(name, renamed[k].intrinsic))
			return true;
	return strncmp(name, function, n) == 0 &&
	       (!name[n] || strcmp(name + n, "f") == 0);
}

/* Which of math[] a module uses, as bits. */
static uint64_t math_of(LLVMModuleRef m)
{
	uint64_t used = 0;

	for (LLVMValueRef f = LLVMGetFirstFunction(m); f;
	     f = LLVMGetNextFunction(f)) {
		size_t len;
		const char *name = LLVMGetValueName2(f, &len);

		EACH(function, math)
		if (is_math(name, *function))
			used |= UINT64_C(1) << (function - math);
	}
	return used;
}

_Static_assert(sizeof(math) / sizeof(math[0]) <= 64, "bits of math_of");

static int want_math(struct tc_program *p, const char *function,
		     struct hexo_error *err)
{
	char name[32];
	int r = tc_program_want(p, function, true, err);

	if (r < 0)
		return r;
	snprintf(name, sizeof(name), "%sf", function);
	return tc_program_want(p, name, true, err);
}

/* Those of m that are not in done. */
static int want_math_of(struct tc_program *p, LLVMModuleRef m, uint64_t *done,
			struct hexo_error *err)
{
	uint64_t used = math_of(m) & ~*done;
	int r = 0;

	*done |= used;
	for (; used && r == 0; used &= used - 1)
		r = want_math(p, math[__builtin_ctzll(used)], err);
	return r;
}

int tc_libcalls_want(struct tc_program *p, struct hexo_error *err)
{
	uint64_t done = 0;
	int r = 0;

	EACH(name, always)
	{
		r = tc_program_want(p, *name, true, err);
		if (r < 0)
			return r;
	}
	/* What comes in may use others. */
	for (size_t unit = 0; unit < p->n_units && r == 0; unit++)
		r = want_math_of(p, p->units[unit].module, &done, err);
	return r;
}

int tc_libcalls_want_called(struct tc_program *p, LLVMModuleRef m,
			    struct hexo_error *err)
{
	size_t unit = p->n_units;
	uint64_t done = 0;
	int r = want_math_of(p, m, &done, err);

	EACH(name, optimiser)
	if (r == 0 && LLVMGetNamedFunction(m, *name))
		r = tc_program_want(p, *name, true, err);
	for (; unit < p->n_units && r == 0; unit++)
		r = want_math_of(p, p->units[unit].module, &done, err);
	return r;
}

bool tc_libcalls_has(const char *name, bool late)
{
	EACH(each, always)
	if (strcmp(name, *each) == 0)
		return true;
	EACH(each, math)
	if (is_math(name, *each))
		return true;
	if (late)
		return false;
	EACH(each, optimiser)
	if (strcmp(name, *each) == 0)
		return true;
	return false;
}

static bool is_offered(const struct tc_program *p, const char *name)
{
	const struct tc_symbol *s =
		p ? tc_symbols_find(&p->symbols, name) : NULL;

	return s && s->state >= TC_LAZY;
}

void tc_libcalls_hide_missing(LLVMModuleRef m, const struct tc_program *p)
{
	LLVMContextRef c = LLVMGetModuleContext(m);

	EACH(name, optimiser)
	{
		char text[48];
		LLVMAttributeRef a;

		if (LLVMGetNamedFunction(m, *name) || is_offered(p, *name))
			continue;
		snprintf(text, sizeof(text), "no-builtin-%s", *name);
		a = LLVMCreateStringAttribute(c, text, (unsigned)strlen(text),
					      "", 0);
		for (LLVMValueRef f = LLVMGetFirstFunction(m); f;
		     f = LLVMGetNextFunction(f))
			if (!LLVMIsDeclaration(f))
				LLVMAddAttributeAtIndex(
					f, LLVMAttributeFunctionIndex, a);
	}
}
