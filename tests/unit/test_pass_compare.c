/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/pass/compare.c
// LINK: toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* Comparisons after a call use a difference that lives on anyway. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "toolchain/pass/frames.h"
#include "tests/unit/pass_ir.h"

/* A loop that takes bits off %a; what is compared, and what goes round. */
#define LOOP(comparison, next)                                      \
	"declare i32 @g(i32)\n"                                     \
	"declare i32 @personality(...)\n"                           \
	"define void @f(i32 %n) personality ptr @personality {\n"   \
	"entry:\n"                                                  \
	"  br label %loop\n"                                        \
	"loop:\n"                                                   \
	"  %a = phi i32 [ %n, %entry ], [ %" next ", %rest ]\n"     \
	"  %m = sub i32 0, %a\n"                                    \
	"  %b = and i32 %a, %m\n"                                   \
	"  %x = xor i32 %a, %b\n"                                   \
	"  %r = invoke i32 @g(i32 %b) to label %rest unwind label " \
	"%pad\n"                                                    \
	"rest:\n"                                                   \
	"  %c = icmp " comparison "\n"                              \
	"  br i1 %c, label %out, label %loop\n"                     \
	"pad:\n"                                                    \
	"  %l = landingpad { ptr, i32 } cleanup\n"                  \
	"  store i32 %x, ptr null\n"                                \
	"  unreachable\n"                                           \
	"out:\n"                                                    \
	"  ret void\n"                                              \
	"}\n"

/* Is @f's %c a comparison with zero after the pass? */
static bool compares_with_zero(const char *text)
{
	LLVMModuleRef m = parse(text);
	LLVMValueRef f = LLVMGetNamedFunction(m, "f");
	bool zero = false;

	compare_differences(f);
	ir_each_block (b, f)
		ir_each_inst (i, b)
			if (LLVMGetInstructionOpcode(i) == LLVMICmp)
				zero = ir_is_named(LLVMGetOperand(i, 0), "x") &&
				       LLVMIsNull(LLVMGetOperand(i, 1));
	LLVMDisposeModule(m);
	return zero;
}

static void test_difference_is_used(void **state)
{
	assert_true(compares_with_zero(LOOP("eq i32 %a, %b", "x")));
	assert_true(compares_with_zero(LOOP("ne i32 %b, %a", "x")));
}

static void test_order_is_left_alone(void **state)
{
	assert_false(compares_with_zero(LOOP("ult i32 %a, %b", "x")));
}

static void test_other_values_are_left_alone(void **state)
{
	assert_false(compares_with_zero(LOOP("eq i32 %a, %r", "x")));
}

/* Only the landing pad needs it: it would live longer for nothing. */
static void test_difference_that_dies(void **state)
{
	assert_false(compares_with_zero(LOOP("eq i32 %a, %b", "r")));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_difference_is_used),
		cmocka_unit_test(test_order_is_left_alone),
		cmocka_unit_test(test_other_values_are_left_alone),
		cmocka_unit_test(test_difference_that_dies),
	};
	int r;

	context = LLVMContextCreate();
	r = cmocka_run_group_tests(tests, NULL, NULL);
	LLVMContextDispose(context);
	return r;
}
