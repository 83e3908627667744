/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/pass/layout.c toolchain/pass/callgraph.c
// LINK: toolchain/pass/loops.c
// LINK: toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* The address map, and what the compiler puts where. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/pass/ir.h"
#include "toolchain/pass/pass.h"
#include "tests/unit/pass_ir.h"

static LLVMModuleRef laid_out(const char *text)
{
	LLVMModuleRef m = parse(text);
	struct hexo_error err;

	assert_int_equal(pass_layout(m, &err), 0);
	return m;
}

static const char *section(LLVMModuleRef m, const char *name)
{
	const char *s = LLVMGetSection(LLVMGetNamedGlobal(m, name));

	return s ? s : "";
}

/* Every stack lies behind a hole, whatever the sizes. */
static void test_map_has_holes(void **state)
{
	static const uint64_t sizes[][2] = {
		{ HEXO_MEMORY_MIN, HEXO_STACK_MIN },
		{ HEXO_MEMORY_DEFAULT, HEXO_STACK_DEFAULT },
		{ HEXO_MEMORY_MAX, HEXO_STACK_MAX },
	};

	for (size_t k = 0; k < sizeof(sizes) / sizeof(sizes[0]); k++) {
		struct hexo_layout l =
			hexo_layout_make(sizes[k][0], sizes[k][1]);

		assert_int_equal(l.portable_low, HEXO_PORTABLE_BASE);
		assert_int_equal(l.portable_high - l.portable_low, sizes[k][0]);
		assert_int_equal(l.pstack_low - l.portable_high, HEXO_HOLE);
		assert_int_equal(l.pstack_high - l.pstack_low, sizes[k][1]);
		assert_int_equal(l.frames_low - l.pstack_high, HEXO_HOLE);
		assert_int_equal(l.frames_high - l.frames_low, 4 * sizes[k][1]);
		assert_int_equal(l.nstack_low - l.frames_high, HEXO_HOLE);
		assert_int_equal(l.nstack_high - l.nstack_low, sizes[k][1]);
		assert_true(l.end > l.nstack_high);
		assert_true(l.end < HEXO_HC_MMIO);
		assert_int_equal(l.end % HEXO_HUGE_SIZE, 0);
	}
}

static void test_ranges_are_apart(void **state)
{
	assert_true(HEXO_TABLES_END <= HEXO_FUNCTABLE_BASE);
	assert_true(HEXO_FUNCTABLE_END <= HEXO_TEXT_BASE);
	assert_true(HEXO_TEXT_BASE < HEXO_PRIVATE_END);
	assert_true(HEXO_PRIVATE_END <= HEXO_CONTROL_BASE);
	assert_true(HEXO_CONTROL_BASE + HEXO_PAGE_SIZE <= HEXO_PORTABLE_BASE);
}

static void test_globals_get_sections(void **state)
{
	LLVMModuleRef m = laid_out("@c = private constant i32 1\n"
				   "@d = global i32 1\n"
				   "@z = internal global [9 x i64] "
				   "zeroinitializer\n");

	assert_string_equal(section(m, "c"), ".rodata.hexo");
	assert_string_equal(section(m, "d"), ".data.hexo");
	assert_string_equal(section(m, "z"), ".bss.hexo");
	/* a symbol for each, to compare the ISAs by */
	assert_int_equal(LLVMGetLinkage(LLVMGetNamedGlobal(m, "c")),
			 LLVMInternalLinkage);
	LLVMDisposeModule(m);
}

/* Calls stay direct; an address is that of the table's entry. */
static void test_addresses_go_through_the_table(void **state)
{
	LLVMModuleRef m = laid_out("@p = global ptr @f\n"
				   "define void @f() { ret void }\n"
				   "define void @only_called() { ret void }\n"
				   "define ptr @g() {\n"
				   "  call void @f()\n"
				   "  call void @only_called()\n"
				   "  ret ptr @f\n"
				   "}\n");
	LLVMValueRef entry = LLVMGetNamedFunction(m, "hexo.entry.f");
	LLVMValueRef g = LLVMGetNamedFunction(m, "g"), call;

	assert_non_null(entry);
	assert_null(LLVMGetNamedFunction(m, "hexo.entry.only_called"));
	assert_ptr_equal(LLVMGetInitializer(LLVMGetNamedGlobal(m, "p")), entry);
	call = LLVMGetFirstInstruction(LLVMGetEntryBasicBlock(g));
	assert_ptr_equal(LLVMGetCalledValue(call),
			 LLVMGetNamedFunction(m, "f"));
	assert_ptr_equal(LLVMGetOperand(LLVMGetBasicBlockTerminator(
						LLVMGetEntryBasicBlock(g)),
					0),
			 entry);
	LLVMDisposeModule(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_map_has_holes),
		cmocka_unit_test(test_ranges_are_apart),
		cmocka_unit_test(test_globals_get_sections),
		cmocka_unit_test(test_addresses_go_through_the_table),
	};

	context = LLVMContextCreate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
