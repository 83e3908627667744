/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/options.c cli/words.c cli/plan.c cli/boot.c
// LINK: base/base.c base/error.c
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "cli/boot.h"
#include "cli/options.h"
#include "cli/plan.h"
#include "hexo/hypercall.h"

enum { SIZE, QUIET };

static const struct cli_option options[] = {
	[SIZE] = { "size", "N", "a size" },
	[QUIET] = { "quiet", NULL, "say less" },
	{ 0 },
};

static const struct cli_command plain = {
	.name = "plain",
	.operands = "A [B]",
	.options = options,
	.operands_min = 1,
	.operands_max = 2,
};

static const struct cli_command job = {
	.name = "job",
	.operands = "JOB [ARG...]",
	.options = options,
	.operands_min = 1,
	.operands_max = 1,
	.rest = true,
};

struct seen {
	const char *size;
	int quiet;
};

static int set(void *ctx, int option, const char *value, struct hexo_error *err)
{
	struct seen *seen = ctx;

	if (option == SIZE)
		seen->size = value;
	else
		seen->quiet++;
	if (value && !strcmp(value, "bad"))
		return hexo_fail(err, -EINVAL, "'bad' is no size");
	return 0;
}

/* Parses up to 6 words after the command's name. */
static int parse(const struct cli_command *command, struct seen *seen,
		 struct cli_operands *operands, struct hexo_error *err,
		 const char *const *words)
{
	char *argv[8] = { (char *)command->name };
	int argc = 1;

	for (; words[argc - 1]; argc++)
		argv[argc] = (char *)words[argc - 1];
	*seen = (struct seen){ 0 };
	return cli_parse(command, argc, argv, set, seen, operands, err);
}

#define PARSE(command, ...)                    \
	parse(command, &seen, &operands, &err, \
	      (const char *const[]){ __VA_ARGS__, NULL })

static void takes_options_in_any_order(void **state)
{
	struct cli_operands operands;
	struct hexo_error err;
	struct seen seen;

	assert_int_equal(PARSE(&plain, "a", "--size", "1", "b", "--quiet"), 0);
	assert_string_equal(seen.size, "1");
	assert_int_equal(seen.quiet, 1);
	assert_int_equal(operands.count, 2);
	assert_string_equal(operands.at[1], "b");
	assert_int_equal(PARSE(&plain, "--size=2=3", "a"), 0);
	assert_string_equal(seen.size, "2=3");
	assert_int_equal(PARSE(&plain, "--", "--quiet"), 0);
	assert_int_equal(seen.quiet, 0);
	assert_string_equal(operands.at[0], "--quiet");
}

static void leaves_the_job_its_options(void **state)
{
	struct cli_operands operands;
	struct hexo_error err;
	struct seen seen;

	assert_int_equal(PARSE(&job, "--quiet", "./job", "--quiet",
			       "--nonsense"),
			 0);
	assert_int_equal(seen.quiet, 1);
	assert_int_equal(operands.first, 2);
	assert_int_equal(PARSE(&job, "--", "-job"), 0);
	assert_int_equal(operands.first, 2);
}

static void names_what_is_wrong(void **state)
{
	struct cli_operands operands;
	struct hexo_error err;
	struct seen seen;

	assert_int_equal(PARSE(&job, "--foo", "./job"), -EINVAL);
	assert_string_equal(err.text, "hexo job: unknown option --foo; see "
				      "hexo job --help");
	assert_int_equal(PARSE(&job, "-x", "./job"), -EINVAL);
	assert_int_equal(PARSE(&job, "--size"), -EINVAL);
	assert_non_null(strstr(err.text, "value missing for --size"));
	assert_int_equal(PARSE(&job, "--quiet=yes", "./job"), -EINVAL);
	assert_int_equal(PARSE(&job, "--size", "bad", "./job"), -EINVAL);
	assert_string_equal(err.text, "hexo job: --size: 'bad' is no size");
	assert_int_equal(PARSE(&job, "--quiet"), -EINVAL);
	assert_non_null(strstr(err.text, "missing argument: JOB"));
	assert_int_equal(PARSE(&plain, "a", "b", "c"), -EINVAL);
	assert_non_null(strstr(err.text, "unexpected argument c"));
}

static void help_is_asked_before_the_job_only(void **state)
{
	const char *ours[] = { "job", "--size", "1", "--help" };
	const char *value[] = { "job", "--size", "--help", "./job" };
	const char *theirs[] = { "job", "./job", "--help" };

	assert_true(cli_asks_help(&job, 4, (char **)ours));
	assert_false(cli_asks_help(&job, 4, (char **)value));
	assert_false(cli_asks_help(&job, 3, (char **)theirs));
	assert_true(cli_asks_help(&plain, 3, (char **)theirs));
}

static void splits_words_as_a_shell(void **state)
{
	char **words;

	assert_int_equal(cli_split_words(" a 'b  c'\"d\\\"\" \\ e '' ", &words,
					 NULL),
			 4);
	assert_string_equal(words[0], "a");
	assert_string_equal(words[1], "b  cd\"");
	assert_string_equal(words[2], " e");
	assert_string_equal(words[3], "");
	free(words);
	assert_int_equal(cli_split_words("", &words, NULL), 0);
	free(words);
	assert_int_equal(cli_split_words("a b c d", &words, NULL), 4);
	free(words);
	assert_int_equal(cli_split_words("'a", &words, NULL), -EINVAL);
}

static void plans_hops_in_order(void **state)
{
	struct cli_plan plan = { 0 };
	struct hexo_error err;

	assert_int_equal(cli_plan_next(&plan, 0), 0);
	assert_int_equal(cli_plan_add(&plan, "30:aarch64", &err), 0);
	assert_int_equal(cli_plan_add(&plan, "10:127.0.0.1:7411", &err), 0);
	assert_int_equal(cli_plan_add(&plan, "9ms:server", &err), 0);
	assert_int_equal(cli_plan_add(&plan, "5ms:aarch64", &err), 0);
	assert_int_equal(cli_plan_next(&plan, 0), 10);
	assert_int_equal(cli_plan_next(&plan, 9), 10);
	assert_int_equal(cli_plan_next(&plan, 10), 30);
	assert_int_equal(cli_plan_next(&plan, 30), 0);
	assert_string_equal(cli_plan_where(&plan, 10), "127.0.0.1:7411");
	assert_int_equal(cli_plan_timed(&plan, 0)->ms, 5);
	assert_string_equal(cli_plan_timed(&plan, 1)->where, "server");
	assert_null(cli_plan_timed(&plan, 2));
	plan.every = 20;
	assert_int_equal(cli_plan_next(&plan, 10), 20);
	assert_int_equal(cli_plan_next(&plan, 20), 30);
	assert_int_equal(cli_plan_next(&plan, 30), 40);
	assert_null(cli_plan_where(&plan, 40));
	plan.every = UINT64_MAX - 1;
	assert_int_equal(cli_plan_next(&plan, UINT64_MAX - 1), 0);
	cli_plan_free(&plan);
}

static void refuses_hops_to_nowhere(void **state)
{
	static const char *const texts[] = {
		"",        ":x",   "10",    "10:",  "0:x",
		"-1:x",    "1k:x", "x:10",  " 1:x", "7:dup",
		"8ms:dup", "ms:x", "0ms:x", "5s:x", "99999999999999999999:x"
	};
	struct cli_plan plan = { 0 };
	struct hexo_error err;

	assert_int_equal(cli_plan_add(&plan, "7:x", &err), 0);
	assert_int_equal(cli_plan_add(&plan, "8ms:x", &err), 0);
	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
		assert_int_equal(cli_plan_add(&plan, texts[i], &err), -EINVAL);
	assert_int_equal(plan.count, 2);
	cli_plan_free(&plan);
}

static void makes_the_boot_block(void **state)
{
	const char *argv[] = { "./job", "" };
	struct cli_environment env = { 0 };
	struct base_buffer block = { 0 };
	cleanup_free char *big = base_alloc(HEXO_BOOT_MAX + 1);
	char *too_big[] = { memset(big, 'x', HEXO_BOOT_MAX) };

	assert_int_equal(cli_environment_set(&env, "A=1", NULL), 0);
	assert_int_equal(cli_environment_set(&env, "AB=3", NULL), 0);
	assert_int_equal(cli_environment_set(&env, "A=", NULL), 0);
	assert_int_equal(cli_environment_set(&env, "=1", NULL), -EINVAL);
	assert_int_equal(cli_environment_set(&env, "A", NULL), -EINVAL);
	assert_int_equal(cli_boot_make(&block, 2, (char **)argv, &env, NULL),
			 0);
	assert_int_equal(block.len, 8 + 7 + 3 + 5);
	assert_memory_equal(block.data, "\2\0\0\0\2\0\0\0./job\0\0A=\0AB=3\0",
			    block.len);
	base_buffer_free(&block);
	assert_int_equal(cli_boot_make(&block, 1, too_big, &env, NULL), -E2BIG);
	base_buffer_free(&block);
	cli_environment_free(&env);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(takes_options_in_any_order),
		cmocka_unit_test(leaves_the_job_its_options),
		cmocka_unit_test(names_what_is_wrong),
		cmocka_unit_test(help_is_asked_before_the_job_only),
		cmocka_unit_test(splits_words_as_a_shell),
		cmocka_unit_test(plans_hops_in_order),
		cmocka_unit_test(refuses_hops_to_nowhere),
		cmocka_unit_test(makes_the_boot_block),
	};

	return cmocka_run_group_tests_name("cli_options", tests, NULL, NULL);
}
