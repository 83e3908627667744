/* SPDX-License-Identifier: Apache-2.0 */
/* hexo ps and kill: through the control sockets of running jobs. */
#include <dirent.h>
#include <errno.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/runtime.h"

enum ps_option { PS_JSON, PS_HELP };

static const struct cli_option ps_options[] = {
	[PS_JSON] = { "json", NULL, "print JSON" },
	[PS_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

static const struct cli_option kill_options[] = {
	{ "help", NULL, "show this" },
	{ 0 },
};

static int ps_set(void *ctx, int option, const char *value,
		  struct hexo_error *err)
{
	*(bool *)ctx |= option == PS_JSON;
	return 0;
}

static int kill_set(void *ctx, int option, const char *value,
		    struct hexo_error *err)
{
	return 0;
}

/* The statuses of all jobs of this user, by name; a new reference. */
static json_t *ps_collect(const char *directory)
{
	json_t *all = json_array();
	struct dirent **names;
	int n = scandir(directory, &names, NULL, alphasort);

	for (int i = 0; i < n; i++) {
		char *dot = strrchr(names[i]->d_name, '.');
		cleanup_free char *path =
			base_printf("%s/%s", directory, names[i]->d_name);
		json_t *status;
		int r;

		if (dot && dot != names[i]->d_name && !strcmp(dot, ".sock")) {
			*dot = '\0';
			r = cli_runtime_order(names[i]->d_name,
					      json_pack("{s:s}", "command",
							"status"),
					      &status, NULL);
			if (r == 0)
				json_array_append_new(all, status);
			/* Left over from a home that was killed. */
			if (r == -ECONNREFUSED)
				unlink(path);
		}
		free(names[i]);
	}
	if (n >= 0)
		free(names);
	return all;
}

/* Below a VM whose home waits for a side that is silent. */
static void ps_print_waiting(const json_t *waiting)
{
	const char *command = cli_answer_text(waiting, "command");
	const char *file = cli_answer_text(waiting, "checkpoint");
	bool lost = !json_is_true(json_object_get(waiting, "resolves"));

	printf("  waits for %s for %.0f s (%s): %s%s%s\n",
	       cli_answer_text(waiting, "for"),
	       cli_answer_number(waiting, "us") / 1e6,
	       cli_answer_text(waiting, "why"), command,
	       lost && *file ? ", hexo restore " : "", lost ? file : "");
}

static int ps_main(int argc, char **argv, struct hexo_error *err)
{
	cleanup_free char *directory = NULL;
	struct cli_operands operands;
	bool as_json = false;
	json_t *all, *vm;
	size_t i;

	if (cli_parse(&cli_ps_command, argc, argv, ps_set, &as_json, &operands,
		      err) < 0)
		return CLI_USAGE;
	if (cli_runtime_directory(&directory, err) < 0)
		return CLI_FAILED;
	all = ps_collect(directory);
	if (as_json) {
		json_array_foreach(all, i, vm) json_object_del(vm, "ok");
		json_dumpf(all, stdout, JSON_INDENT(2));
		putchar('\n');
	} else if (json_array_size(all)) {
		printf("%-20s %-9s %-16s %-8s %-9s %5s %10s  %s\n", "VM", "ISA",
		       "NODE", "BACKEND", "STATE", "HOPS", "SECONDS", "JOB");
	}
	json_array_foreach(all, i, vm)
	{
		if (as_json)
			break;
		printf("%-20s %-9s %-16s %-8s %-9s %5.0f %10.1f  %s\n",
		       cli_answer_text(vm, "id"), cli_answer_text(vm, "isa"),
		       cli_answer_text(vm, "node"),
		       cli_answer_text(vm, "backend"),
		       cli_answer_text(vm, "state"),
		       cli_answer_number(vm, "hops"),
		       cli_answer_number(vm, "wall_us") / 1e6,
		       cli_answer_text(vm, "job"));
		if (json_object_get(vm, "waiting"))
			ps_print_waiting(json_object_get(vm, "waiting"));
	}
	json_decref(all);
	return 0;
}

static int kill_main(int argc, char **argv, struct hexo_error *err)
{
	struct cli_operands operands;
	json_t *answer;
	int r = cli_parse(&cli_kill_command, argc, argv, kill_set, NULL,
			  &operands, err);

	if (r < 0)
		return CLI_USAGE;
	r = cli_runtime_order(operands.at[0],
			      json_pack("{s:s}", "command", "kill"), &answer,
			      err);
	if (r < 0)
		return CLI_FAILED;
	json_decref(answer);
	return 0;
}

const struct cli_command cli_ps_command = {
	.name = "ps",
	.operands = "",
	.summary = "List this user's running VMs.",
	.options = ps_options,
	.main = ps_main,
};

const struct cli_command cli_kill_command = {
	.name = "kill",
	.operands = "VM",
	.summary = "End a running VM; its hexo run exits with 137.",
	.options = kill_options,
	.operands_min = 1,
	.operands_max = 1,
	.main = kill_main,
};
