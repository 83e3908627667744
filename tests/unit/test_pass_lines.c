/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/lines.c toolchain/strings.c
// LINK: toolchain/pass/lines.c toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* Line tables: what marks them, loops that lose theirs, lines of clones. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/DebugInfo.h>

#include "toolchain/pass/lines.h"
#include "tests/unit/pass_ir.h"
#include "toolchain/lines.h"

/* f has two loops: of the one lines are known and that it ends, of the other
 * only lines. A function h was inlined into f where g is called. */
#define PROGRAM(flags)                                                   \
	"define void @f(i1 %c) !dbg !4 {\n"                              \
	"entry:\n"                                                       \
	"  call void @g(), !dbg !10\n"                                   \
	"  br label %a, !dbg !7\n"                                       \
	"a:\n"                                                           \
	"  br i1 %c, label %a, label %b, !dbg !7, !llvm.loop !8\n"       \
	"b:\n"                                                           \
	"  br i1 %c, label %b, label %out, !dbg !7, !llvm.loop !9\n"     \
	"out:\n"                                                         \
	"  ret void, !dbg !7\n"                                          \
	"}\n"                                                            \
	"declare void @g()\n"                                            \
	"!llvm.dbg.cu = !{!0}\n"                                         \
	"!llvm.module.flags = !{!3}\n"                                   \
	"!0 = distinct !DICompileUnit(language: DW_LANG_C11, file: !1, " \
	"isOptimized: true, flags: \"" flags                             \
	"\", runtimeVersion: 0, emissionKind: LineTablesOnly)\n"         \
	"!1 = !DIFile(filename: \"f.c\", directory: \"/\")\n"            \
	"!2 = !DISubroutineType(types: !{})\n"                           \
	"!3 = !{i32 2, !\"Debug Info Version\", i32 3}\n"                \
	"!4 = distinct !DISubprogram(name: \"f\", scope: !1, file: !1, " \
	"line: 5, type: !2, spFlags: DISPFlagDefinition, unit: !0)\n"    \
	"!5 = distinct !DISubprogram(name: \"h\", scope: !1, file: !1, " \
	"line: 9, type: !2, spFlags: DISPFlagDefinition, unit: !0)\n"    \
	"!6 = !{!\"llvm.loop.mustprogress\"}\n"                          \
	"!7 = !DILocation(line: 7, scope: !4)\n"                         \
	"!8 = distinct !{!8, !7, !7, !6}\n"                              \
	"!9 = distinct !{!9, !7, !7}\n"                                  \
	"!10 = !DILocation(line: 10, scope: !5, inlinedAt: !11)\n"       \
	"!11 = distinct !DILocation(line: 11, scope: !4)\n"

static void verify(LLVMModuleRef m)
{
	char *message = NULL;

	if (LLVMVerifyModule(m, LLVMReturnStatusAction, &message))
		fail_msg("%s", message);
	LLVMDisposeMessage(message);
}

static void the_mark_is_found(void **unused)
{
	LLVMModuleRef with = parse(PROGRAM("hexo-g"));
	LLVMModuleRef without = parse(PROGRAM(""));

	assert_true(tc_lines_wanted(with));
	assert_false(tc_lines_wanted(without));
	LLVMDisposeModule(with);
	LLVMDisposeModule(without);
}

/* What is said of the loop that ends in this block: its node's operands. */
static unsigned loop_operands(LLVMModuleRef m, const char *block)
{
	unsigned kind = LLVMGetMDKindIDInContext(context, "llvm.loop", 9);
	LLVMValueRef f = LLVMGetNamedFunction(m, "f"), node;

	ir_each_block (b, f) {
		if (strcmp(LLVMGetBasicBlockName(b), block) != 0)
			continue;
		node = LLVMGetMetadata(LLVMGetBasicBlockTerminator(b), kind);
		return node ? LLVMGetMDNodeNumOperands(node) : 0;
	}
	fail_msg("no block %s", block);
	return 0;
}

/* With an empty node a loop would be compiled in another way than without
 * lines. */
static void loops_lose_their_lines(void **unused)
{
	LLVMModuleRef m = parse(PROGRAM(""));

	assert_int_equal(loop_operands(m, "a"), 4);
	assert_int_equal(loop_operands(m, "b"), 3);
	tc_lines_keep(m);
	assert_int_equal(loop_operands(m, "a"), 2);
	assert_int_equal(loop_operands(m, "b"), 0);
	verify(m);
	LLVMDisposeModule(m);
}

static void a_clone_has_lines_of_its_own(void **unused)
{
	LLVMModuleRef m = parse(PROGRAM(""));
	LLVMValueRef f = LLVMGetNamedFunction(m, "f");
	LLVMValueRef call = LLVMGetFirstInstruction(LLVMGetFirstBasicBlock(f));
	LLVMMetadataRef old = LLVMInstructionGetDebugLoc(call), line, outer;
	LLVMValueRef clone =
		LLVMAddFunction(m, "f.resume", LLVMGlobalGetValueType(f));
	LLVMBuilderRef b = LLVMCreateBuilderInContext(context);
	struct lines lines = { .m = m };
	LLVMMetadataRef own = lines_clone(&lines, f, clone);

	assert_non_null(own);
	assert_ptr_not_equal(own, LLVMGetSubprogram(f));
	assert_int_equal(LLVMDISubprogramGetLine(own), 5);
	line = lines_move(&lines, own, old);
	assert_int_equal(LLVMDILocationGetLine(line), 10);
	assert_ptr_equal(LLVMDILocationGetScope(line),
			 LLVMDILocationGetScope(old));
	outer = LLVMDILocationGetInlinedAt(line);
	assert_int_equal(LLVMDILocationGetLine(outer), 11);
	assert_ptr_equal(LLVMDILocationGetScope(outer), own);
	assert_null(lines_move(&lines, own, NULL));
	assert_null(lines_move(&lines, NULL, old));
	LLVMPositionBuilderAtEnd(b, LLVMAppendBasicBlockInContext(context,
								  clone, ""));
	LLVMInstructionSetDebugLoc(LLVMBuildRetVoid(b), line);
	lines_free(&lines);
	verify(m);
	LLVMDisposeBuilder(b);
	LLVMDisposeModule(m);
}

static void a_clone_of_a_function_without_lines(void **unused)
{
	LLVMModuleRef m = parse(PROGRAM(""));
	LLVMValueRef g = LLVMGetNamedFunction(m, "g");
	struct lines lines = { .m = m };

	assert_null(lines_clone(&lines, g, g));
	lines_free(&lines);
	LLVMDisposeModule(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_mark_is_found),
		cmocka_unit_test(loops_lose_their_lines),
		cmocka_unit_test(a_clone_has_lines_of_its_own),
		cmocka_unit_test(a_clone_of_a_function_without_lines),
	};

	context = LLVMContextCreate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
