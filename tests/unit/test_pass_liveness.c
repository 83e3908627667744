/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/pass/liveness.c
// LINK: toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* Which values a landing pad must save. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "toolchain/pass/frames.h"
#include "tests/unit/pass_ir.h"

/* The sites are the invokes, in the order of the blocks. */
static void find(struct frame_function *fn, LLVMModuleRef m)
{
	*fn = (struct frame_function){ .f = LLVMGetNamedFunction(m, "f") };
	fn->sites = calloc(8, sizeof(fn->sites[0]));
	ir_each_block (b, fn->f) {
		LLVMValueRef end = LLVMGetBasicBlockTerminator(b);

		if (LLVMGetInstructionOpcode(end) == LLVMInvoke)
			fn->sites[fn->n++].invoke = end;
	}
	liveness_fill(fn);
}

static void release(struct frame_function *fn, LLVMModuleRef m)
{
	for (unsigned k = 0; k < fn->n; k++)
		ir_list_free(&fn->sites[k].live);
	free(fn->sites);
	LLVMDisposeModule(m);
}

/* names: those live, separated by spaces, in any order. */
static void assert_live(const struct site *s, const char *names)
{
	char *list = strdup(names);
	unsigned n = 0;

	for (char *p = strtok(list, " "); p; p = strtok(NULL, " "), n++) {
		bool found = false;

		for (unsigned k = 0; k < s->live.n; k++)
			found |= ir_is_named(s->live.at[k], p);
		if (!found)
			fail_msg("%s is not live", p);
	}
	free(list);
	assert_int_equal(s->live.n, n);
}

#define PAD                                        \
	"pad:\n"                                   \
	"  %l = landingpad { ptr, i32 } cleanup\n" \
	"  unreachable\n"                          \
	"}\n"                                      \
	"declare i32 @g(i32)\n"                    \
	"declare i32 @p(...)\n"

/* Used after the call: live. Used only before or as its argument: not. */
static void test_after_the_call(void **state)
{
	struct frame_function fn;
	LLVMModuleRef m = parse(
		"define i32 @f(i32 %a, i32 %b, i32 %c) personality ptr @p {\n"
		"  %x = add i32 %a, %b\n"
		"  %r = invoke i32 @g(i32 %x) to label %ok unwind label %pad\n"
		"ok:\n"
		"  %y = add i32 %c, %r\n"
		"  ret i32 %y\n" PAD);

	find(&fn, m);
	assert_int_equal(fn.n, 1);
	assert_live(&fn.sites[0], "c");
	release(&fn, m);
}

/* In a loop, what the next iteration reads is live, too. */
static void test_around_a_loop(void **state)
{
	struct frame_function fn;
	LLVMModuleRef m = parse(
		"define i32 @f(i32 %n, i32 %step) personality ptr @p {\n"
		"entry:\n"
		"  br label %loop\n"
		"loop:\n"
		"  %i = phi i32 [ 0, %entry ], [ %j, %ok ]\n"
		"  %s = phi i32 [ 0, %entry ], [ %t, %ok ]\n"
		"  %r = invoke i32 @g(i32 %i) to label %ok unwind label %pad\n"
		"ok:\n"
		"  %t = add i32 %s, %r\n"
		"  %j = add i32 %i, %step\n"
		"  %c = icmp slt i32 %j, %n\n"
		"  br i1 %c, label %loop, label %out\n"
		"out:\n"
		"  ret i32 %t\n" PAD);

	find(&fn, m);
	assert_live(&fn.sites[0], "i s n step");
	release(&fn, m);
}

/* A phi's operand is live only on the edge it comes over. */
static void test_phi_edges(void **state)
{
	struct frame_function fn;
	LLVMModuleRef m = parse(
		"define i32 @f(i32 %a, i32 %b, i1 %w) personality ptr @p {\n"
		"  br i1 %w, label %left, label %right\n"
		"left:\n"
		"  %r = invoke i32 @g(i32 1) to label %lok unwind label %pad\n"
		"lok:\n"
		"  br label %join\n"
		"right:\n"
		"  %q = invoke i32 @g(i32 2) to label %rok unwind label %pad2\n"
		"rok:\n"
		"  br label %join\n"
		"join:\n"
		"  %v = phi i32 [ %a, %lok ], [ %b, %rok ]\n"
		"  ret i32 %v\n"
		"pad2:\n"
		"  %l2 = landingpad { ptr, i32 } cleanup\n"
		"  unreachable\n" PAD);

	find(&fn, m);
	assert_int_equal(fn.n, 2);
	assert_live(&fn.sites[0], "a");
	assert_live(&fn.sites[1], "b");
	release(&fn, m);
}

/* Locals of fixed size follow from the stack pointer and are not values to
 * save; pointers into them are. */
static void test_locals_are_left_out(void **state)
{
	struct frame_function fn;
	LLVMModuleRef m = parse(
		"define i32 @f(i32 %k) personality ptr @p {\n"
		"  %l0 = alloca [4 x i32]\n"
		"  %at = getelementptr i8, ptr %l0, i64 8\n"
		"  %r = invoke i32 @g(i32 1) to label %ok unwind label %pad\n"
		"ok:\n"
		"  store i32 %k, ptr %l0\n"
		"  store i32 %k, ptr %at\n"
		"  ret i32 %r\n" PAD);

	find(&fn, m);
	assert_live(&fn.sites[0], "k at");
	release(&fn, m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_after_the_call),
		cmocka_unit_test(test_around_a_loop),
		cmocka_unit_test(test_phi_edges),
		cmocka_unit_test(test_locals_are_left_out),
	};

	context = LLVMContextCreate();
	return cmocka_run_group_tests(tests, NULL, NULL);
}
