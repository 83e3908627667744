/* SPDX-License-Identifier: Apache-2.0 */
/* The boot block: a program's arguments and environment. */
#ifndef HEXO_CLI_BOOT_H
#define HEXO_CLI_BOOT_H

#include <stdbool.h>

#include "base/base.h"

/* NAME=VALUE settings, the last one of a name counts. */
struct cli_environment {
	char **at; /* each the environment's own */
	unsigned count;
};

/* What every job gets: TERM, LANG, LC_ALL, TZ and USER as they are here,
 * and HOME=/. */
void cli_environment_init(struct cli_environment *env);
int cli_environment_set(struct cli_environment *env, const char *text,
			struct hexo_error *err);
bool cli_environment_has(const struct cli_environment *env, const char *name);
void cli_environment_free(struct cli_environment *env);

/* Fills block as <hexo/hypercall.h> says; -E2BIG if that is too long. */
int cli_boot_make(struct base_buffer *block, int argc, char **argv,
		  const struct cli_environment *env, struct hexo_error *err);

#endif
