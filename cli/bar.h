/* SPDX-License-Identifier: Apache-2.0 */
/* A line of progress on a terminal, drawn over and over in its place. */
#ifndef HEXO_CLI_BAR_H
#define HEXO_CLI_BAR_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

struct cli_bar {
	bool on;    /* standard error is a terminal */
	size_t len; /* of what is drawn; 0: nothing */
};

enum { CLI_BAR_MAX = 256 };

struct cli_bar cli_bar_open(void);

/* Draws what an event (cli/report.h) says; those that are no progress leave
 * the bar as it is. */
void cli_bar_draw(struct cli_bar *bar, const json_t *event);

/* Takes the line away: before anything else is printed. */
void cli_bar_clear(struct cli_bar *bar);

/* The line for a terminal of so many columns. */
void cli_bar_text(const json_t *event, size_t columns, char text[CLI_BAR_MAX]);

#endif
