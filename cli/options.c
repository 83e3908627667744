/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/options.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int options_fail(const struct cli_command *command,
			struct hexo_error *err, const char *what,
			const char *arg)
{
	return hexo_fail(err, -EINVAL, "hexo %s: %s%s%s; see hexo %s --help",
			 command->name, what, arg ? " " : "", arg ? arg : "",
			 command->name);
}

/* The index of the option that arg (after its dashes) names, or -1. */
static int options_find(const struct cli_option *options, const char *arg)
{
	size_t len = strcspn(arg, "=");

	for (int i = 0; options && options[i].name; i++)
		if (strlen(options[i].name) == len &&
		    !memcmp(options[i].name, arg, len))
			return i;
	return -1;
}

/* Handles the option argv[*at]; leaves *at at the last word it used. */
static int options_take(const struct cli_command *command, int argc,
			char **argv, int *at, cli_option_set *set, void *ctx,
			struct hexo_error *err)
{
	const char *arg = argv[*at];
	const char *value = NULL;
	const struct cli_option *option;
	int index = -1;
	int r;

	if (!strncmp(arg, "--", 2))
		index = options_find(command->options, arg + 2);
	if (index < 0)
		return options_fail(command, err, "unknown option", arg);
	option = &command->options[index];
	if (strchr(arg, '='))
		value = strchr(arg, '=') + 1;
	if (value && !option->value)
		return options_fail(command, err, "no value belongs to", arg);
	if (!value && option->value) {
		if (*at + 1 >= argc)
			return options_fail(command, err, "value missing for",
					    arg);
		value = argv[++*at];
	}
	r = set(ctx, index, value, err);
	if (r < 0)
		return hexo_fail_context(err, "hexo %s: --%s", command->name,
					 option->name);
	return 0;
}

int cli_parse(const struct cli_command *command, int argc, char **argv,
	      cli_option_set *set, void *ctx, struct cli_operands *operands,
	      struct hexo_error *err)
{
	bool options_end = false;
	int i;

	*operands = (struct cli_operands){ .first = argc };
	for (i = 1; i < argc; i++) {
		int r;

		if (!options_end && !strcmp(argv[i], "--")) {
			options_end = true;
			continue;
		}
		if (!options_end && argv[i][0] == '-' && argv[i][1]) {
			r = options_take(command, argc, argv, &i, set, ctx,
					 err);
			if (r < 0)
				return r;
			continue;
		}
		if (operands->count == command->operands_max)
			return options_fail(command, err, "unexpected argument",
					    argv[i]);
		if (!operands->count)
			operands->first = i;
		operands->at[operands->count++] = argv[i];
		if (command->rest)
			break;
	}
	if (operands->count < command->operands_min)
		return options_fail(command, err,
				    "missing argument:", command->operands);
	return 0;
}

bool cli_asks_help(const struct cli_command *command, int argc, char **argv)
{
	for (int i = 1; i < argc; i++) {
		int option;

		if (!strcmp(argv[i], "--help"))
			return true;
		if (!strcmp(argv[i], "--"))
			return false;
		if (argv[i][0] != '-') {
			if (command->rest)
				return false;
			continue;
		}
		option = argv[i][1]
				 ? options_find(command->options, argv[i] + 2)
				 : -1;
		if (option >= 0 && command->options[option].value &&
		    !strchr(argv[i], '='))
			i++;
	}
	return false;
}

/* A name in a column, its text beside it, further lines below that. */
static void help_print(const char *name, const char *text)
{
	enum { COLUMN = 26 };
	size_t len;

	printf("  %-*s", COLUMN, name);
	if (strlen(name) >= COLUMN)
		printf("\n  %-*s", COLUMN, "");
	for (;;) {
		len = strcspn(text, "\n");
		printf("%.*s\n", (int)len, text);
		if (!text[len])
			return;
		text += len + 1;
		printf("  %-*s", COLUMN, "");
	}
}

void cli_print_help(const struct cli_command *command)
{
	const struct cli_option *o;

	printf("Usage: hexo %s%s%s%s\n\n%s\n", command->name,
	       command->options && command->options->name ? " [OPTION...]" : "",
	       command->operands[0] ? " " : "", command->operands,
	       command->summary);
	if (command->options && command->options->name)
		printf("\nOptions:\n");
	for (o = command->options; o && o->name; o++) {
		char name[64];

		snprintf(name, sizeof(name), "--%s%s%s", o->name,
			 o->value ? " " : "", o->value ? o->value : "");
		help_print(name, o->help);
	}
	if (command->details)
		printf("\n%s\n", command->details);
}
