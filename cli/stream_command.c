/* SPDX-License-Identifier: Apache-2.0 */
/* hexo stream: a migration stream as text. */
#include <stdio.h>

#include "base/base.h"
#include "cli/commands.h"
#include "migrate/stream.h"

enum stream_option { STREAM_JSON, STREAM_HELP };

static const struct cli_option stream_options[] = {
	[STREAM_JSON] = { "json", NULL, "print JSON" },
	[STREAM_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

static int stream_set(void *ctx, int option, const char *value,
		      struct hexo_error *err)
{
	*(bool *)ctx |= option == STREAM_JSON;
	return 0;
}

static int stream_main(int argc, char **argv, struct hexo_error *err)
{
	cleanup_file FILE *file = NULL;
	struct cli_operands operands;
	bool as_json = false;
	int r = cli_parse(&cli_stream_command, argc, argv, stream_set, &as_json,
			  &operands, err);

	if (r < 0)
		return CLI_USAGE;
	file = fopen(operands.at[0], "re");
	if (!file) {
		hexo_fail_errno(err, "cannot open %s", operands.at[0]);
		return CLI_FAILED;
	}
	r = migrate_stream_print(file, stdout, as_json, err);
	if (r < 0) {
		hexo_fail_context(err, "%s", operands.at[0]);
		return CLI_FAILED;
	}
	return 0;
}

const struct cli_command cli_stream_command = {
	.name = "stream",
	.operands = "FILE",
	.summary = "Print a migration stream as text, and check it.",
	.options = stream_options,
	.operands_min = 1,
	.operands_max = 1,
	.main = stream_main,
};
