/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/move_mode.c cli/figures.c cli/bar.c cli/runtime.c
// LINK: base/base.c base/error.c; -ljansson
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>

#include "cli/bar.h"
#include "cli/figures.h"
#include "cli/move_mode.h"

#define MIB UINT64_C(1048576)
#define MS  UINT64_C(1000000)

/* 412 MiB over Fast Ethernet, and whatever else can be. */
static const struct cli_mode_facts usual = {
	.bytes = 412 * MIB,
	.speed = 11800000,
	.downtime_ns = 50 * MS,
};

static void chosen(const struct cli_mode_facts *facts, enum cli_mode mode,
		   const char *reason)
{
	struct cli_mode_choice choice = cli_mode_choose(facts);

	assert_int_equal(choice.mode, mode);
	assert_string_equal(choice.reason, reason);
}

static void what_is_large_is_copied_while_it_runs(void **state)
{
	chosen(&usual, CLI_MODE_PRE_COPY, "412 MiB, about 36.6 s at 11.8 MB/s");
}

static void what_is_quick_is_sent_at_once(void **state)
{
	struct cli_mode_facts facts = usual;

	facts.bytes = 512 * 1024;
	chosen(&facts, CLI_MODE_STOP, "512 KiB, about 44.4 ms at 11.8 MB/s");
	facts.bytes = 412 * MIB;
	facts.speed = UINT64_C(10000000000);
	chosen(&facts, CLI_MODE_STOP, "412 MiB, about 43.2 ms at 10.0 GB/s");
	/* It need not be quicker than that. */
	facts.bytes = 500000000;
	chosen(&facts, CLI_MODE_STOP, "477 MiB, about 50.0 ms at 10.0 GB/s");
	facts.bytes += 100;
	assert_int_equal(cli_mode_choose(&facts).mode, CLI_MODE_PRE_COPY);
}

static void the_time_it_may_stop_counts(void **state)
{
	struct cli_mode_facts facts = usual;

	facts.downtime_ns = 60000 * MS;
	assert_int_equal(cli_mode_choose(&facts).mode, CLI_MODE_STOP);
	facts.bytes = MIB;
	facts.downtime_ns = MS;
	assert_int_equal(cli_mode_choose(&facts).mode, CLI_MODE_PRE_COPY);
}

static void what_is_not_known_is_not_quick(void **state)
{
	struct cli_mode_facts facts = usual;

	facts.speed = 0;
	chosen(&facts, CLI_MODE_PRE_COPY,
	       "412 MiB, the link's speed is not known");
	facts.speed = usual.speed;
	facts.bytes = 0;
	chosen(&facts, CLI_MODE_PRE_COPY, "its size is not known");
}

static void extremes_are_no_overflow(void **state)
{
	struct cli_mode_facts facts = usual;

	facts.bytes = UINT64_MAX;
	facts.speed = 1;
	assert_int_equal(cli_mode_choose(&facts).mode, CLI_MODE_PRE_COPY);
	facts.downtime_ns = UINT64_MAX;
	assert_int_equal(cli_mode_choose(&facts).mode, CLI_MODE_STOP);
	assert_true(cli_mode_estimate(1, UINT64_MAX) == 0);
}

static void figures_are_short(void **state)
{
	assert_string_equal(cli_figure_size(0).text, "0.0 KiB");
	assert_string_equal(cli_figure_size(3 * MIB / 2).text, "1.5 MiB");
	assert_string_equal(cli_figure_size(20480 * MIB).text, "20.0 GiB");
	assert_string_equal(cli_figure_speed(999).text, "1.0 kB/s");
	assert_string_equal(cli_figure_time(1500 * MS).text, "1.5 s");
	assert_string_equal(cli_figure_time(600000 * MS).text, "10.0 min");
	assert_string_equal(cli_figure_time(36000000 * MS).text, "10.0 h");
}

static json_t *progress(uint64_t sent, uint64_t total)
{
	return json_pack("{s:s, s:s, s:i, s:I, s:I, s:I, s:I}", "event",
			 "progress", "stage", "copying", "round", 2, "sent",
			 (json_int_t)sent, "total", (json_int_t)total, "speed",
			 (json_int_t)11800000, "left_us", (json_int_t)18000000);
}

static void a_bar_fits_its_terminal(void **state)
{
	json_t *half = progress(206 * MIB, 412 * MIB);
	char text[CLI_BAR_MAX];

	cli_bar_text(half, 80, text);
	assert_string_equal(text, "copying, round 2  [######.......]  "
				  "206 MiB of 412 MiB  11.8 MB/s  18.0 s left");
	for (size_t columns = 1; columns < CLI_BAR_MAX; columns++) {
		cli_bar_text(half, columns, text);
		assert_true(strlen(text) < columns);
	}
	json_decref(half);
}

static void a_bar_is_full_at_most(void **state)
{
	json_t *over = progress(500 * MIB, 412 * MIB);
	json_t *unknown = progress(5 * MIB, 0);
	char text[CLI_BAR_MAX], *bar;

	cli_bar_text(over, 120, text);
	bar = strchr(text, '[') + 1;
	assert_int_equal(strspn(bar, "#"), strcspn(bar, "]"));
	cli_bar_text(unknown, 120, text);
	assert_string_equal(text, "copying, round 2  5.0 MiB  11.8 MB/s");
	json_decref(over);
	json_decref(unknown);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_large_is_copied_while_it_runs),
		cmocka_unit_test(what_is_quick_is_sent_at_once),
		cmocka_unit_test(the_time_it_may_stop_counts),
		cmocka_unit_test(what_is_not_known_is_not_quick),
		cmocka_unit_test(extremes_are_no_overflow),
		cmocka_unit_test(figures_are_short),
		cmocka_unit_test(a_bar_fits_its_terminal),
		cmocka_unit_test(a_bar_is_full_at_most),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
