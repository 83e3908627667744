/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/lines.h"

#include <stdlib.h>

#include "base/base.h"

/* Operands of a DISubprogram that LLVM's C API has no function for. */
enum { SUBPROGRAM_NAME = 2, SUBPROGRAM_UNIT = 5, SUBPROGRAM_OPERANDS };

/* A builder makes subprograms for one compile unit, its own: so the clones
 * have one like that of their originals. */
static LLVMDIBuilderRef make_builder(struct lines *l, LLVMMetadataRef unit)
{
	LLVMDIBuilderRef b = LLVMCreateDIBuilder(l->m);

	LLVMDIBuilderCreateCompileUnit(b, LLVMDWARFSourceLanguageC99,
				       LLVMDIScopeGetFile(unit), "hexo-cc", 7,
				       true, "", 0, 0, "", 0,
				       LLVMDWARFEmissionLineTablesOnly, 0, true,
				       false, "", 0, "", 0);
	l->builders =
		base_realloc(l->builders, (l->n + 1) * sizeof(l->builders[0]));
	l->builders[l->n] = b;
	ir_map_put(&l->units, unit, (int)l->n++);
	return b;
}

static LLVMDIBuilderRef builder_for(struct lines *l, LLVMMetadataRef unit)
{
	int k = ir_map_get(&l->units, unit);

	return k < 0 ? make_builder(l, unit) : l->builders[k];
}

LLVMMetadataRef lines_clone(struct lines *l, LLVMValueRef f, LLVMValueRef clone)
{
	LLVMMetadataRef old = LLVMGetSubprogram(f), file, type, fresh;
	LLVMContextRef c = ir_context(l->m);
	cleanup_free LLVMValueRef *at = NULL;
	const char *name = "";
	LLVMDIBuilderRef b;
	LLVMValueRef node;
	unsigned n, len = 0, line;

	if (!old)
		return NULL;
	node = LLVMMetadataAsValue(c, old);
	n = LLVMGetMDNodeNumOperands(node);
	at = base_alloc((n + 1) * sizeof(at[0]));
	LLVMGetMDNodeOperands(node, at);
	if (n < SUBPROGRAM_OPERANDS || !at[SUBPROGRAM_UNIT])
		return NULL;
	if (at[SUBPROGRAM_NAME])
		name = LLVMGetMDString(at[SUBPROGRAM_NAME], &len);
	b = builder_for(l, LLVMValueAsMetadata(at[SUBPROGRAM_UNIT]));
	file = LLVMDIScopeGetFile(old);
	line = LLVMDISubprogramGetLine(old);
	type = LLVMDIBuilderCreateSubroutineType(b, file, NULL, 0,
						 LLVMDIFlagZero);
	fresh = LLVMDIBuilderCreateFunction(b, file, name, len, "", 0, file,
					    line, type, true, true, line,
					    LLVMDIFlagZero, true);
	LLVMSetSubprogram(clone, fresh);
	return fresh;
}

/* Where the line was in the function itself: in its subprogram now. A file
 * that was included in the middle of it keeps its name. */
static LLVMMetadataRef move_scope(struct lines *l, LLVMMetadataRef subprogram,
				  LLVMMetadataRef scope)
{
	LLVMMetadataRef file = LLVMDIScopeGetFile(scope);

	if (file == LLVMDIScopeGetFile(subprogram))
		return subprogram;
	return LLVMDIBuilderCreateLexicalBlockFile(l->builders[0], subprogram,
						   file, 0);
}

LLVMMetadataRef lines_move(struct lines *l, LLVMMetadataRef subprogram,
			   LLVMMetadataRef line)
{
	LLVMMetadataRef scope, inlined;

	if (!subprogram || !line)
		return NULL;
	scope = LLVMDILocationGetScope(line);
	inlined = LLVMDILocationGetInlinedAt(line);
	if (inlined)
		inlined = lines_move(l, subprogram, inlined);
	else
		scope = move_scope(l, subprogram, scope);
	return LLVMDIBuilderCreateDebugLocation(ir_context(l->m),
						LLVMDILocationGetLine(line),
						LLVMDILocationGetColumn(line),
						scope, inlined);
}

void lines_free(struct lines *l)
{
	for (unsigned k = 0; k < l->n; k++) {
		LLVMDIBuilderFinalize(l->builders[k]);
		LLVMDisposeDIBuilder(l->builders[k]);
	}
	free(l->builders);
	ir_map_free(&l->units);
}
