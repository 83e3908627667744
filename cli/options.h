/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The table of commands and options: it drives parsing, help and errors.
 */
#ifndef HEXO_CLI_OPTIONS_H
#define HEXO_CLI_OPTIONS_H

#include <stdbool.h>

#include "hexo/error.h"

struct cli_option {
	const char *name;  /* without the dashes; NULL ends a table */
	const char *value; /* what its value is called; NULL: it takes none */
	const char *help;  /* lines, separated by newlines */
};

enum { CLI_OPERANDS_MAX = 2 };

struct cli_command {
	const char *name;
	const char *operands; /* as help shows them */
	const char *summary;  /* one line */
	const char *details;  /* after the options; may be NULL */
	const struct cli_option *options;
	int operands_min, operands_max;
	bool rest; /* the first operand ends the options: what
		      follows belongs to the job */

	/* Returns an exit status. If err->code is set afterwards, main()
	 * prints the message. */
	int (*main)(int argc, char **argv, struct hexo_error *err);
};

/* What cli_parse() found besides options. */
struct cli_operands {
	int count;
	char *at[CLI_OPERANDS_MAX];
	int first; /* with `rest`: index in argv of the first operand */
};

/* Called for each option: its index in the table and its value, NULL where
 * it takes none. Returns 0 or -errno. */
typedef int cli_option_set(void *ctx, int option, const char *value,
			   struct hexo_error *err);

/*
 * Parses argv[1...] (argv[0] is the command's name). Returns 0, or -EINVAL
 * with a message that names the command and the argument.
 */
int cli_parse(const struct cli_command *command, int argc, char **argv,
	      cli_option_set *set, void *ctx, struct cli_operands *operands,
	      struct hexo_error *err);

/* Whether the options (not what follows the job's name) contain --help. */
bool cli_asks_help(const struct cli_command *command, int argc, char **argv);

/* Prints a command's help on stdout. */
void cli_print_help(const struct cli_command *command);

/*
 * Splits text into words as a shell would: blanks separate, quotes and
 * backslashes protect; nothing is expanded. The words and the array are one
 * allocation, the caller's to free(). Returns their number or -EINVAL.
 */
int cli_split_words(const char *text, char ***words, struct hexo_error *err);

#endif
