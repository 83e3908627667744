/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "board/board.h"
#include "cli/commands.h"
#include "hexo/channel.h"
#include "hexo/hypercall.h"
#include "hexo/image.h"
#include "hexo/stream.h"

#define HEXO_VERSION "0.1.0"

static int main_help(int argc, char **argv, struct hexo_error *err);
static int main_version(int argc, char **argv, struct hexo_error *err);
static int main_board(int argc, char **argv, struct hexo_error *err);

static int main_set_nothing(void *ctx, int option, const char *value,
			    struct hexo_error *err)
{
	return 0;
}

static const struct cli_command main_board_command = {
	.name = "board",
	.operands = "start|stop|list|log ...",
	.summary = "Start, stop and list emulated ARM64 boards.",
	.main = main_board,
};

static const struct cli_command main_version_command = {
	.name = "version",
	.operands = "",
	.summary = "Print the version of hexo and of its formats.",
	.main = main_version,
};

static const struct cli_command main_help_command = {
	.name = "help",
	.operands = "[COMMAND]",
	.summary = "Explain hexo or one of its commands.",
	.operands_max = 1,
	.main = main_help,
};

static const struct cli_command *const main_commands[] = {
	&cli_run_command,        &cli_ps_command,       &cli_migrate_command,
	&cli_kill_command,       &cli_image_command,    &cli_stream_command,
	&cli_checkpoint_command, &cli_restore_command,  &cli_node_command,
	&main_board_command,     &main_version_command, &main_help_command,
};

enum { MAIN_COMMANDS = sizeof(main_commands) / sizeof(main_commands[0]) };

static const struct cli_command *main_find(const char *name)
{
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		if (!strcmp(main_commands[i]->name, name))
			return main_commands[i];
	return NULL;
}

static void main_print_commands(FILE *out)
{
	fprintf(out, "Usage: hexo COMMAND [ARG...]\n\n"
		     "Runs C programs as VMs that move between ISAs while "
		     "they run.\n\nCommands:\n");
	for (size_t i = 0; i < MAIN_COMMANDS; i++)
		fprintf(out, "  %-10s %s\n", main_commands[i]->name,
			main_commands[i]->summary);
	fprintf(out, "\nhexo COMMAND --help explains a command.\n");
}

static int main_help(int argc, char **argv, struct hexo_error *err)
{
	const struct cli_command *command;
	struct cli_operands operands;
	int r = cli_parse(&main_help_command, argc, argv, main_set_nothing,
			  NULL, &operands, err);

	if (r < 0)
		return CLI_USAGE;
	if (!operands.count) {
		main_print_commands(stdout);
		return 0;
	}
	command = main_find(operands.at[0]);
	if (!command) {
		hexo_fail(err, -EINVAL, "hexo help: no command '%s'",
			  operands.at[0]);
		return CLI_USAGE;
	}
	if (command == &main_board_command) {
		char name[] = "board", option[] = "--help";
		char *help[] = { name, option, NULL };

		return board_command(2, help);
	}
	cli_print_help(command);
	return 0;
}

static int main_version(int argc, char **argv, struct hexo_error *err)
{
	struct cli_operands operands;
	int r = cli_parse(&main_version_command, argc, argv, main_set_nothing,
			  NULL, &operands, err);

	if (r < 0)
		return CLI_USAGE;
	printf("hexo %s\nimage format %d\nguest ABI %d\nchannel %d\n"
	       "stream %d\n",
	       HEXO_VERSION, HEXO_IMAGE_FORMAT, HEXO_ABI_VERSION,
	       HEXO_MSG_VERSION, HEXO_STREAM_VERSION);
	return 0;
}

static int main_board(int argc, char **argv, struct hexo_error *err)
{
	return board_command(argc, argv);
}

/* Descriptors of ours must not become what the job takes for its standard
 * ones, if it was started without. */
static void main_open_standard(void)
{
	int fd;

	do
		fd = open("/dev/null", O_RDWR);
	while (fd >= 0 && fd <= STDERR_FILENO);
	if (fd >= 0)
		close(fd);
}

static int main_run(const struct cli_command *command, int argc, char **argv)
{
	struct hexo_error err = { 0 };
	int status;

	/* What belongs to boards is parsed and explained there. */
	if (command != &main_board_command &&
	    cli_asks_help(command, argc, argv)) {
		cli_print_help(command);
		return 0;
	}
	status = command->main(argc, argv, &err);
	if (err.code)
		fprintf(stderr, "%s%s\n",
			strncmp(err.text, "hexo", 4) ? "hexo: " : "", err.text);
	return status;
}

int main(int argc, char **argv)
{
	const struct cli_command *command;

	main_open_standard();
	if (argc < 2) {
		main_print_commands(stderr);
		return CLI_USAGE;
	}
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")) {
		main_print_commands(stdout);
		return 0;
	}
	if (!strcmp(argv[1], "--version"))
		argv[1] = (char *)"version";
	command = main_find(argv[1]);
	if (!command) {
		fprintf(stderr, "hexo: unknown command '%s'; see hexo --help\n",
			argv[1]);
		return CLI_USAGE;
	}
	return main_run(command, argc - 1, argv + 1);
}
