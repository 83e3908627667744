/* SPDX-License-Identifier: Apache-2.0 */
/* hexo ps, migrate and kill: through the control sockets of running jobs. */
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

/* The options of all three: whether --json was given. */
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

static const char *ps_text(const json_t *o, const char *key)
{
	const char *text = json_string_value(json_object_get(o, key));

	return text ? text : "";
}

static double ps_number(const json_t *o, const char *key)
{
	return json_number_value(json_object_get(o, key));
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
		       ps_text(vm, "id"), ps_text(vm, "isa"),
		       ps_text(vm, "node"), ps_text(vm, "backend"),
		       ps_text(vm, "state"), ps_number(vm, "hops"),
		       ps_number(vm, "wall_us") / 1e6, ps_text(vm, "job"));
	}
	json_decref(all);
	return 0;
}

static void migrate_print(const json_t *hop)
{
	printf("moved from %s (%s) to %s (%s) at poll %.0f\n",
	       ps_text(hop, "from_node"), ps_text(hop, "from"),
	       ps_text(hop, "to_node"), ps_text(hop, "to"),
	       ps_number(hop, "at_poll"));
	printf("park %.3f ms (%.0f frames), transfer %.3f ms (%.0f bytes), "
	       "resume %.3f ms, stopped for %.3f ms in all\n",
	       ps_number(hop, "park_us") / 1e3, ps_number(hop, "frames"),
	       ps_number(hop, "transfer_us") / 1e3, ps_number(hop, "bytes"),
	       ps_number(hop, "resume_us") / 1e3,
	       ps_number(hop, "down_us") / 1e3);
}

static int migrate_main(int argc, char **argv, struct hexo_error *err)
{
	struct cli_operands operands;
	bool as_json = false;
	json_t *answer, *hop;
	int r = cli_parse(&cli_migrate_command, argc, argv, ps_set, &as_json,
			  &operands, err);

	if (r < 0)
		return CLI_USAGE;
	r = cli_runtime_order(operands.at[0],
			      json_pack("{s:s, s:s}", "command", "migrate",
					"where", operands.at[1]),
			      &answer, err);
	if (r < 0)
		return CLI_FAILED;
	hop = json_object_get(answer, "hop");
	if (as_json) {
		json_dumpf(hop, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		migrate_print(hop);
	}
	json_decref(answer);
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

const struct cli_command cli_migrate_command = {
	.name = "migrate",
	.operands = "VM WHERE",
	.summary = "Move a running VM and print what that cost.",
	.details = "VM is a name of hexo ps. WHERE is a board's name, the "
		   "address of a hexod, an\nISA, or 'server' for this "
		   "machine.\nIf "
		   "the move fails, the VM goes on where it is.",
	.options = ps_options,
	.operands_min = 2,
	.operands_max = 2,
	.main = migrate_main,
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
