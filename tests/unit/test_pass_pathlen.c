/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/pass/pathlen.c toolchain/pass/callgraph.c
// LINK: toolchain/pass/loops.c toolchain/pass/ir.c base/base.c base/error.c
// LINK: ; -L/usr/lib/llvm-19/lib -lLLVM-19
/* The longest ways without a poll, counted by hand. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/pass/loops.h"
#include "toolchain/pass/pathlen.h"
#include "tests/unit/pass_ir.h"

_Static_assert(HEXO_CONTROL_BASE == 268369920, "the address in POLL");

/* Three instructions: the way ends with the first. */
#define POLL(label)                                                           \
	"%flag" label " = load volatile i32, ptr inttoptr (i64 268369920 to " \
	"ptr)\n"                                                              \
	"%up" label " = icmp ne i32 %flag" label ", 0\n"                      \
	"br i1 %up" label ", label %due" label ", label %" label "\n"         \
	"due" label ":\n"                                                     \
	"%park" label " = call i1 @hexo_poll_due()\n"                         \
	"br i1 %park" label ", label %park." label ", label %" label "\n"     \
	"park." label ":\n"                                                   \
	"call void @hexo_poll_park()\n"                                       \
	"br label %" label "\n" label ":\n"

#define DECLARED                        \
	"declare i1 @hexo_poll_due()\n" \
	"declare void @hexo_poll_park()\n"

static void check(const char *text, struct pathlen want)
{
	LLVMModuleRef m;
	struct callgraph g;
	struct pathlen *p;

	context = LLVMContextCreate();
	m = parse(text);
	callgraph_make(&g, m, NULL);
	p = pathlen_find(&g);
	/* the function of interest is the first */
	assert_int_equal(p[0].whole, want.whole);
	assert_int_equal(p[0].head, want.head);
	assert_int_equal(p[0].tail, want.tail);
	assert_int_equal(p[0].longest, want.longest);
	assert_int_equal(p[0].unknown, want.unknown);
	free(p);
	callgraph_free(&g);
	LLVMDisposeModule(m);
	LLVMContextDispose(context);
}

#define NONE PATHLEN_NONE

static void the_longer_branch_counts(void **state)
{
	check("define i32 @f(i32 %x) {\n"
	      "%c = icmp eq i32 %x, 0\n"
	      "br i1 %c, label %a, label %b\n"
	      "a:\n"
	      "%a1 = add i32 %x, 1\n"
	      "%a2 = mul i32 %a1, %a1\n"
	      "br label %b\n"
	      "b:\n"
	      "%r = phi i32 [ 0, %0 ], [ %a2, %a ]\n"
	      "ret i32 %r\n"
	      "}\n",
	      (struct pathlen){ 6, NONE, NONE, 6, 0 });
}

static void a_poll_divides(void **state)
{
	check(DECLARED "define i32 @f(i32 %x) {\n"
		       "%a = add i32 %x, 1\n" POLL("on") "%b = add i32 %a, 1\n"
							 "%c = add i32 %b, 1\n"
							 "ret i32 %c\n"
							 "}\n",
	      (struct pathlen){ NONE, 2, 5, 5, 0 });
}

#define LOOP(limit, body)                                \
	"br label %loop\n"                               \
	"loop:\n"                                        \
	"%i = phi i32 [ 0, %0 ], [ %next, %end ]\n" body \
	"%next = add i32 %i, 1\n"                        \
	"%done = icmp eq i32 %next, " limit "\n"         \
	"br label %end\n"                                \
	"end:\n"                                         \
	"br i1 %done, label %out, label %loop\n"         \
	"out:\n"                                         \
	"ret i32 %next\n"

static void a_bounded_loop_counts_all_its_iterations(void **state)
{
	check("define i32 @f(i32 %n) {\n" LOOP("100", "") "}\n",
	      (struct pathlen){ 1 + 100 * 4 + 1, NONE, NONE, 402, 0 });
}

static void a_loop_without_bound_is_told(void **state)
{
	check("define i32 @f(i32 %n) {\n" LOOP("%n", "") "}\n",
	      (struct pathlen){ 6, NONE, NONE, 6, PASS_UNKNOWN_LOOP });
}

/* From the poll to the end of an iteration and on to the next one's poll: a
 * bound of the loop plays no part. */
static void ways_go_over_back_edges(void **state)
{
	check(DECLARED "define i32 @f(i32 %n) {\n" LOOP(
		      "%n", "%a = mul i32 %i, %i\n"
			    "%b = mul i32 %a, %a\n" POLL("on")) "}\n",
	      /* entry 1, before the poll 2, the poll, its rest 2, then 4 */
	      (struct pathlen){ NONE, 4, 2 + 4 + 1, 2 + 4 + 3, 0 });
}

/* An iteration may pass the poll by; those before and after may not. */
static void an_inner_loop_takes_part(void **state)
{
	check(DECLARED "define i32 @f(i32 %n) {\n"
		       "br label %outer\n"
		       "outer:\n"
		       "%o = phi i32 [ 0, %0 ], [ %o1, %on ]\n"
		       "br label %inner\n"
		       "inner:\n"
		       "%i = phi i32 [ 0, %outer ], [ %i1, %inner ]\n"
		       "%i1 = add i32 %i, 1\n"
		       "%d = icmp eq i32 %i1, 10\n"
		       "br i1 %d, label %rest, label %inner\n"
		       "rest:\n"
		       "%o1 = add i32 %o, 1\n"
		       "%e = icmp eq i32 %o1, %n\n" POLL(
			       "on") "br i1 %e, label %out, label %outer\n"
				     "out:\n"
				     "ret i32 %o1\n"
				     "}\n",
	      (struct pathlen){ NONE, 1 + 1 + 30 + 3, 2 + 1 + 1,
				2 + 1 + 1 + 30 + 3, 0 });
}

#define CALLER(callee)               \
	"define i32 @f(i32 %n) {\n"  \
	"%a = add i32 %n, 1\n"       \
	"%b = call i32 @g(i32 %a)\n" \
	"%c = add i32 %b, 1\n"       \
	"ret i32 %c\n"               \
	"}\n"                        \
	"define i32 @g(i32 %n) {\n" callee "}\n"

static void what_is_called_counts(void **state)
{
	check(CALLER("%x = mul i32 %n, %n\n"
		     "ret i32 %x\n"),
	      (struct pathlen){ 6, NONE, NONE, 6, 0 });
	check(DECLARED CALLER(
		      "%x = mul i32 %n, %n\n" POLL("on") "%y = mul i32 %x, %x\n"
							 "ret i32 %y\n"),
	      (struct pathlen){ NONE, 2 + 2, 4 + 2, 6, 0 });
}

static void what_is_not_known_is_told(void **state)
{
	check("define i32 @f(ptr %g) {\n"
	      "%a = call i32 %g()\n"
	      "%b = call i32 @far()\n"
	      "%c = call i32 @f(ptr %g)\n"
	      "ret i32 %c\n"
	      "}\n"
	      "declare i32 @far()\n",
	      (struct pathlen){ 4, NONE, NONE, 4,
				PASS_UNKNOWN_POINTER | PASS_UNKNOWN_OUTSIDE |
					PASS_UNKNOWN_DEPTH });
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_longer_branch_counts),
		cmocka_unit_test(a_poll_divides),
		cmocka_unit_test(a_bounded_loop_counts_all_its_iterations),
		cmocka_unit_test(a_loop_without_bound_is_told),
		cmocka_unit_test(ways_go_over_back_edges),
		cmocka_unit_test(an_inner_loop_takes_part),
		cmocka_unit_test(what_is_called_counts),
		cmocka_unit_test(what_is_not_known_is_told),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
