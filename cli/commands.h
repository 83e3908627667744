/* SPDX-License-Identifier: Apache-2.0 */
/* The commands, one file each; cli/main.c has them in a table. */
#ifndef HEXO_CLI_COMMANDS_H
#define HEXO_CLI_COMMANDS_H

#include "cli/options.h"

extern const struct cli_command cli_run_command, cli_ps_command,
	cli_migrate_command, cli_kill_command, cli_image_command,
	cli_stream_command, cli_checkpoint_command, cli_restore_command,
	cli_node_command;

/* Exit statuses of `hexo` itself. */
enum {
	CLI_FAILED = 1,      /* of commands other than run */
	CLI_USAGE = 2,       /* likewise */
	CLI_RUN_SAVED = 124, /* a checkpoint ended it */
	CLI_RUN_FAILED = 125,
	CLI_RUN_UNUSABLE = 126, /* the image cannot run */
	CLI_RUN_MISSING = 127,  /* there is no such image */
};

#endif
