/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/barrier.h"

#include <stdlib.h>
#include <string.h>

enum { CONSTRAINTS_MAX = 64 };

struct constraint {
	bool direct; /* an output that is part of the result */
	long tied;   /* the output that an input is tied to; -1: none */
	int operand; /* of the call; -1: none */
};

/* Constraints are separated by commas: outputs ("=r", or "=*m" for memory,
 * whose address is an operand), inputs, clobbers ("~{memory}"). */
static unsigned parse(const char *text, size_t len, struct constraint *c)
{
	unsigned n = 0;
	int operand = 0;

	for (size_t at = 0; at < len; n++) {
		const char *comma = memchr(text + at, ',', len - at);
		size_t end = comma ? (size_t)(comma - text) : len;
		char *after;

		if (n == CONSTRAINTS_MAX)
			return 0;
		c[n] = (struct constraint){
			.direct = text[at] == '=' && text[at + 1] != '*',
			.tied = strtol(text + at, &after, 10),
			.operand = -1,
		};
		if (after == text + at || after != text + end)
			c[n].tied = -1;
		if (text[at] != '~' && !c[n].direct)
			c[n].operand = operand++;
		at = end + 1;
	}
	return n;
}

static LLVMValueRef tied_operand(LLVMValueRef call, const struct constraint *c,
				 unsigned n, unsigned output)
{
	for (unsigned k = 0; k < n; k++)
		if (c[k].tied == (long)output && c[k].operand >= 0)
			return LLVMGetOperand(call, (unsigned)c[k].operand);
	return NULL;
}

static LLVMTypeRef output_type(LLVMValueRef call, unsigned number, bool several)
{
	LLVMTypeRef t = LLVMTypeOf(call);

	return several ? LLVMStructGetTypeAtIndex(t, number) : t;
}

bool barrier_outputs(LLVMValueRef call, struct ir_list *outputs)
{
	LLVMValueRef a = LLVMGetCalledValue(call);
	struct constraint c[CONSTRAINTS_MAX];
	unsigned n, direct = 0;
	const char *text;
	size_t len;

	LLVMGetInlineAsmAsmString(a, &len);
	if (len)
		return false;
	text = LLVMGetInlineAsmConstraintString(a, &len);
	n = parse(text, len, c);
	if (len && !n)
		return false;
	for (unsigned k = 0; k < n; k++)
		direct += c[k].direct;
	for (unsigned k = 0; k < n; k++) {
		LLVMValueRef v =
			c[k].direct ? tied_operand(call, c, n, k) : NULL;

		if (!c[k].direct)
			continue;
		if (!v ||
		    LLVMTypeOf(v) != output_type(call, outputs->n, direct > 1))
			return false;
		ir_list_add(outputs, v);
	}
	return true;
}
