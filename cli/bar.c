/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/bar.h"

#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/figures.h"
#include "cli/runtime.h"

enum { COLUMNS = 80, WIDTH_MIN = 8, WIDTH_MAX = 40, FIGURES = 44 };

struct cli_bar cli_bar_open(void)
{
	return (struct cli_bar){ .on = isatty(STDERR_FILENO) };
}

static size_t bar_columns(void)
{
	struct winsize size;

	if (ioctl(STDERR_FILENO, TIOCGWINSZ, &size) < 0 || !size.ws_col)
		return COLUMNS;
	return size.ws_col < CLI_BAR_MAX ? size.ws_col : CLI_BAR_MAX - 1;
}

static uint64_t bar_number(const json_t *event, const char *key)
{
	double n = cli_answer_number(event, key);

	return n > 0 && n < 1e18 ? (uint64_t)n : 0;
}

/* What stands right of the bar. */
static void bar_figures(const json_t *event, char text[CLI_BAR_MAX])
{
	uint64_t total = bar_number(event, "total");
	struct cli_figure sent = cli_figure_size(bar_number(event, "sent"));
	struct cli_figure all = cli_figure_size(total);
	struct cli_figure speed = cli_figure_speed(bar_number(event, "speed"));
	struct cli_figure left =
		cli_figure_time(bar_number(event, "left_us") * 1000);
	int n = snprintf(text, CLI_BAR_MAX, "%s%s%s  %s", sent.text,
			 total ? " of " : "", total ? all.text : "",
			 speed.text);

	if (total && n < CLI_BAR_MAX)
		snprintf(text + n, (size_t)(CLI_BAR_MAX - n), "  %s left",
			 left.text);
}

void cli_bar_text(const json_t *event, size_t columns, char text[CLI_BAR_MAX])
{
	uint64_t total = bar_number(event, "total");
	uint64_t sent = bar_number(event, "sent"), width, done;
	char figures[CLI_BAR_MAX], round[32] = "", bar[WIDTH_MAX + 1] = "";
	size_t used;

	if (bar_number(event, "round"))
		snprintf(round, sizeof(round), ", round %.0f",
			 cli_answer_number(event, "round"));
	bar_figures(event, figures);
	/* As long as figures mostly are, so that the bar's end stays. */
	used = strlen(figures) > FIGURES ? strlen(figures) : FIGURES;
	/* Brackets and blanks, too. */
	used += strlen(cli_answer_text(event, "stage")) + strlen(round) + 6;
	width = columns > used ? columns - used - 1 : 0;
	if (width > WIDTH_MAX)
		width = WIDTH_MAX;
	if (total && width >= WIDTH_MIN) {
		done = sent < total ? (uint64_t)((double)sent / (double)total *
						 (double)width)
				    : width;
		memset(bar, '#', done);
		memset(bar + done, '.', width - done);
	}
	snprintf(text, CLI_BAR_MAX, "%.32s%s  %s%s%s%.120s",
		 cli_answer_text(event, "stage"), round, *bar ? "[" : "", bar,
		 *bar ? "]  " : "", figures);
	/* A line that is wrapped could not be drawn over. */
	if (columns < CLI_BAR_MAX)
		text[columns ? columns - 1 : 0] = '\0';
}

void cli_bar_draw(struct cli_bar *bar, const json_t *event)
{
	char text[CLI_BAR_MAX];
	size_t len;

	if (!bar->on ||
	    strcmp(cli_answer_text(event, "event"), "progress") != 0)
		return;
	cli_bar_text(event, bar_columns(), text);
	len = strlen(text);
	fprintf(stderr, "\r%-*s", (int)(len > bar->len ? len : bar->len), text);
	fflush(stderr);
	bar->len = len;
}

void cli_bar_clear(struct cli_bar *bar)
{
	if (bar->len)
		fprintf(stderr, "\r%*s\r", (int)bar->len, "");
	fflush(stderr);
	bar->len = 0;
}
