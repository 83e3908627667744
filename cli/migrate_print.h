/* SPDX-License-Identifier: Apache-2.0 */
/* What hexo migrate prints: a line for each event with --json, else a bar on a
 * terminal; and the figures at the end. */
#ifndef HEXO_CLI_MIGRATE_PRINT_H
#define HEXO_CLI_MIGRATE_PRINT_H

#include <jansson.h>
#include <stdbool.h>

#include "cli/bar.h"
#include "hexo/error.h"

struct cli_migrate_print {
	bool json;
	struct cli_bar bar;
};

/* A cli_runtime_event. */
void cli_migrate_event(void *print, const json_t *event);

/* answer NULL: none came. why: the move was not made, for this reason; else
 * NULL. */
void cli_migrate_end(struct cli_migrate_print *print, const json_t *answer,
		     const struct hexo_error *why);

#endif
