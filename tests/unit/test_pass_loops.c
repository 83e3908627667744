/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/pass/loops.c
// LINK: toolchain/pass/stripmine.c toolchain/pass/unroll.c
// LINK: toolchain/pass/loopcopy.c
// LINK: toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* Loops: found, understood, and still the same loop after reshaping. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <llvm-c/Analysis.h>

#include "toolchain/pass/stripmine.h"
#include "toolchain/pass/unroll.h"
#include "tests/unit/pass_ir.h"

static void verify(LLVMModuleRef m)
{
	char *message = NULL;

	if (LLVMVerifyModule(m, LLVMReturnStatusAction, &message))
		fail_msg("%s", message);
	LLVMDisposeMessage(message);
}

#define COUNTING                                        \
	"define i64 @f(ptr %a, i64 %n) {\n"             \
	"entry:\n"                                      \
	"  br label %loop\n"                            \
	"loop:\n"                                       \
	"  %i = phi i64 [ 0, %entry ], [ %j, %loop ]\n" \
	"  %s = phi i64 [ 0, %entry ], [ %t, %loop ]\n" \
	"  %p = getelementptr i64, ptr %a, i64 %i\n"    \
	"  %v = load i64, ptr %p\n"                     \
	"  %t = add i64 %s, %v\n"                       \
	"  %j = add i64 %i, 1\n"                        \
	"  %c = icmp eq i64 %j, %n\n"                   \
	"  br i1 %c, label %out, label %loop\n"         \
	"out:\n"                                        \
	"  %r = phi i64 [ %t, %loop ]\n"                \
	"  ret i64 %r\n"                                \
	"}\n"

#define SEARCHING                                       \
	"define i64 @f(ptr %a, i64 %k) {\n"             \
	"entry:\n"                                      \
	"  br label %loop\n"                            \
	"loop:\n"                                       \
	"  %i = phi i64 [ 0, %entry ], [ %j, %next ]\n" \
	"  %p = getelementptr i64, ptr %a, i64 %i\n"    \
	"  %v = load i64, ptr %p\n"                     \
	"  %neg = icmp slt i64 %v, 0\n"                 \
	"  br i1 %neg, label %none, label %next\n"      \
	"next:\n"                                       \
	"  %j = add i64 %i, 1\n"                        \
	"  %c = icmp eq i64 %v, %k\n"                   \
	"  br i1 %c, label %out, label %loop\n"         \
	"out:\n"                                        \
	"  %r = phi i64 [ %i, %next ]\n"                \
	"  ret i64 %r\n"                                \
	"none:\n"                                       \
	"  ret i64 -1\n"                                \
	"}\n"

static void test_nest_is_found(void **state)
{
	LLVMModuleRef m = parse("define void @f(i1 %a, i1 %b) {\n"
				"  br label %outer\n"
				"outer:\n"
				"  br label %inner\n"
				"inner:\n"
				"  br i1 %a, label %inner, label %latch\n"
				"latch:\n"
				"  br i1 %b, label %outer, label %out\n"
				"out:\n"
				"  ret void\n"
				"}\n");
	struct loops l;

	loops_find(&l, LLVMGetNamedFunction(m, "f"));
	assert_int_equal(l.n, 2);
	for (unsigned k = 0; k < 2; k++) {
		bool outer = strcmp(LLVMGetBasicBlockName(l.at[k].header),
				    "outer") == 0;

		assert_int_equal(l.at[k].has_inner, outer);
		assert_int_equal(l.at[k].latches.n, 1);
	}
	assert_int_equal(l.irreducible.n, 0);
	loops_free(&l);
	LLVMDisposeModule(m);
}

static void test_counting_is_recognised(void **state)
{
	LLVMModuleRef m = parse(COUNTING);
	LLVMValueRef f = LLVMGetNamedFunction(m, "f");
	struct loop_count count;
	struct loops l;

	loops_find(&l, f);
	assert_int_equal(l.n, 1);
	assert_true(loop_counts(&l, &l.at[0], &count));
	assert_int_equal(count.step, 1);
	assert_ptr_equal(count.limit, LLVMGetParam(f, 1));
	assert_int_equal(loop_most_trips(&count), 0);
	loops_free(&l);
	LLVMDisposeModule(m);
}

static void test_searching_does_not_count(void **state)
{
	LLVMModuleRef m = parse(SEARCHING);
	struct loop_count count;
	struct loops l;

	loops_find(&l, LLVMGetNamedFunction(m, "f"));
	assert_int_equal(l.n, 1);
	assert_false(loop_counts(&l, &l.at[0], &count));
	loops_free(&l);
	LLVMDisposeModule(m);
}

static void test_stripmine_makes_a_nest(void **state)
{
	LLVMModuleRef m = parse(COUNTING);
	LLVMValueRef f = LLVMGetNamedFunction(m, "f");
	struct loop_count count;
	struct loops l;

	loops_find(&l, f);
	assert_true(loop_counts(&l, &l.at[0], &count));
	stripmine(&l, &l.at[0], &count);
	loops_free(&l);
	verify(m);
	loops_find(&l, f);
	/* strips of iterations, and the loop without strips beside them */
	assert_int_equal(l.n, 3);
	/* those within still count */
	for (unsigned k = 0; k < 3; k++)
		if (!l.at[k].has_inner)
			assert_true(loop_counts(&l, &l.at[k], &count));
	loops_free(&l);
	LLVMDisposeModule(m);
}

static void test_unroll_keeps_one_loop(void **state)
{
	LLVMModuleRef m = parse(SEARCHING);
	LLVMValueRef f = LLVMGetNamedFunction(m, "f");
	unsigned blocks = LLVMCountBasicBlocks(f);
	LLVMBasicBlockRef latch;
	struct loops l;

	loops_find(&l, f);
	latch = unroll(&l, &l.at[0]);
	loops_free(&l);
	verify(m);
	loops_find(&l, f);
	assert_int_equal(l.n, 1);
	assert_int_equal(l.at[0].latches.n, 1);
	assert_ptr_equal(LLVMValueAsBasicBlock(l.at[0].latches.at[0]), latch);
	/* two blocks in the loop, each repeated */
	assert_int_equal(LLVMCountBasicBlocks(f),
			 blocks + 2 * (UNROLL_TIMES - 1));
	loops_free(&l);
	LLVMDisposeModule(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_nest_is_found),
		cmocka_unit_test(test_counting_is_recognised),
		cmocka_unit_test(test_searching_does_not_count),
		cmocka_unit_test(test_stripmine_makes_a_nest),
		cmocka_unit_test(test_unroll_keeps_one_loop),
	};

	context = LLVMContextCreate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
