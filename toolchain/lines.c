/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/lines.h"

#include <llvm-c/DebugInfo.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/pass/ir.h"

/* The flags that a compile unit records are of no other use here. */
static const char mark[] = "hexo-g";

enum { UNIT_FLAGS = 2 }; /* operand of a DICompileUnit */

void tc_lines_mark(struct tc_strings *argv)
{
	tc_strings_add(argv, "-Xclang");
	tc_strings_add(argv, "-dwarf-debug-flags");
	tc_strings_add(argv, "-Xclang");
	tc_strings_add(argv, mark);
}

/* The operands of a node; the caller frees them. */
static LLVMValueRef *operands(LLVMValueRef node, unsigned *n)
{
	LLVMValueRef *at;

	*n = LLVMGetMDNodeNumOperands(node);
	at = base_alloc((*n + 1) * sizeof(at[0]));
	LLVMGetMDNodeOperands(node, at);
	return at;
}

static bool is_marked(LLVMValueRef unit)
{
	unsigned n, len = 0;
	cleanup_free LLVMValueRef *at = operands(unit, &n);
	const char *flags = NULL;

	if (n > UNIT_FLAGS && at[UNIT_FLAGS])
		flags = LLVMGetMDString(at[UNIT_FLAGS], &len);
	return flags && len == strlen(mark) && memcmp(flags, mark, len) == 0;
}

bool tc_lines_wanted(LLVMModuleRef m)
{
	static const char name[] = "llvm.dbg.cu";
	unsigned n = LLVMGetNamedMetadataNumOperands(m, name);
	cleanup_free LLVMValueRef *units =
		base_alloc((n + 1) * sizeof(units[0]));

	LLVMGetNamedMetadataOperands(m, name, units);
	for (unsigned k = 0; k < n; k++)
		if (is_marked(units[k]))
			return true;
	return false;
}

/* The same loop without its lines; NULL if nothing else was said of it, for
 * then it would have no node but for the lines. A loop's node begins with
 * itself, which makes it different from every other loop's. */
static LLVMValueRef without_lines(LLVMContextRef c, LLVMValueRef loop)
{
	unsigned n, kept = 1;
	cleanup_free LLVMValueRef *old = operands(loop, &n);
	cleanup_free LLVMMetadataRef *fresh =
		base_alloc((n + 1) * sizeof(fresh[0]));
	LLVMMetadataRef node;

	for (unsigned k = 1; k < n; k++) {
		LLVMMetadataRef o = old[k] ? LLVMValueAsMetadata(old[k]) : NULL;

		if (!o || LLVMGetMetadataKind(o) != LLVMDILocationMetadataKind)
			fresh[kept++] = o;
	}
	if (kept == 1)
		return NULL;
	fresh[0] = LLVMTemporaryMDNode(c, NULL, 0);
	node = LLVMMDNodeInContext2(c, fresh, kept);
	LLVMMetadataReplaceAllUsesWith(fresh[0], node);
	return LLVMMetadataAsValue(c, node);
}

void tc_lines_keep(LLVMModuleRef m)
{
	LLVMContextRef c = ir_context(m);
	unsigned kind = LLVMGetMDKindIDInContext(c, "llvm.loop", 9);
	struct ir_map index = { 0 }; /* a loop's node to its place in fresh */
	struct ir_list fresh = { 0 };

	ir_each_definition (f, m) {
		ir_each_block (b, f) {
			LLVMValueRef end = LLVMGetBasicBlockTerminator(b);
			LLVMValueRef loop = LLVMGetMetadata(end, kind);
			int k;

			if (!loop)
				continue;
			k = ir_map_get(&index, loop);
			if (k < 0) {
				k = (int)fresh.n;
				ir_map_put(&index, loop, k);
				ir_list_add(&fresh, without_lines(c, loop));
			}
			LLVMSetMetadata(end, kind, fresh.at[k]);
		}
	}
	ir_map_free(&index);
	ir_list_free(&fresh);
}
