/* SPDX-License-Identifier: Apache-2.0 */
/* hexo checkpoint: asks a running job's home for one. */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/bar.h"
#include "cli/commands.h"
#include "cli/runtime.h"

enum checkpoint_option {
	CHECKPOINT_LEAVE,
	CHECKPOINT_COMPRESS,
	CHECKPOINT_JSON,
	CHECKPOINT_HELP
};

static const struct cli_option checkpoint_options[] = {
	[CHECKPOINT_LEAVE] = { "leave-running", NULL,
			       "let the VM go on afterwards" },
	[CHECKPOINT_COMPRESS] = { "compress", NULL, "compress the file" },
	[CHECKPOINT_JSON] = { "json", NULL, "print JSON" },
	[CHECKPOINT_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

struct checkpoint {
	bool leave, compress, json;
};

static int checkpoint_set(void *ctx, int option, const char *value,
			  struct hexo_error *err)
{
	struct checkpoint *c = ctx;

	c->leave |= option == CHECKPOINT_LEAVE;
	c->compress |= option == CHECKPOINT_COMPRESS;
	c->json |= option == CHECKPOINT_JSON;
	return 0;
}

/* The home may have another working directory. */
static char *checkpoint_path(const char *file)
{
	cleanup_free char *here = getcwd(NULL, 0);

	return file[0] == '/' || !here ? base_strdup(file)
				       : base_printf("%s/%s", here, file);
}

static void checkpoint_event(void *bar, const json_t *event)
{
	cli_bar_draw(bar, event);
}

/* Shows a bar until the answer is there. */
static int checkpoint_ask(const char *vm, json_t *request, json_t **answer,
			  struct hexo_error *err)
{
	struct cli_bar bar = cli_bar_open();
	int r;

	json_object_set_new(request, "events", json_boolean(bar.on));
	r = cli_runtime_follow(vm, request, checkpoint_event, &bar, answer,
			       err);
	json_decref(request);
	cli_bar_clear(&bar);
	if (r < 0)
		return r;
	r = cli_runtime_check(vm, *answer, err);
	if (r < 0)
		json_decref(*answer);
	return r;
}

static void checkpoint_print(const struct checkpoint *c, const char *file,
			     const json_t *answer)
{
	printf("%s: %.0f bytes", file, cli_answer_number(answer, "bytes"));
	if (c->compress)
		printf(", compressed from %.0f,",
		       cli_answer_number(answer, "stream_bytes"));
	printf(" in %.3f s; ", cli_answer_number(answer, "total_us") / 1e6);
	if (c->leave)
		printf("the VM was stopped for %.3f ms\n",
		       cli_answer_number(answer, "stopped_us") / 1e3);
	else
		printf("the VM has ended\n");
}

static int checkpoint_main(int argc, char **argv, struct hexo_error *err)
{
	cleanup_free char *path = NULL;
	struct checkpoint c = { 0 };
	struct cli_operands operands;
	json_t *answer;
	int r = cli_parse(&cli_checkpoint_command, argc, argv, checkpoint_set,
			  &c, &operands, err);

	if (r < 0)
		return CLI_USAGE;
	path = checkpoint_path(operands.at[1]);
	r = checkpoint_ask(operands.at[0],
			   json_pack("{s:s, s:s, s:b, s:b}", "command",
				     "checkpoint", "file", path,
				     "leave_running", c.leave, "compress",
				     c.compress),
			   &answer, err);
	if (r < 0)
		return CLI_FAILED;
	if (c.json) {
		json_object_del(answer, "ok");
		json_dumpf(answer, stdout, JSON_INDENT(2));
		putchar('\n');
	} else {
		checkpoint_print(&c, operands.at[1], answer);
	}
	json_decref(answer);
	return 0;
}

const struct cli_command cli_checkpoint_command = {
	.name = "checkpoint",
	.operands = "VM FILE",
	.summary = "Write a running VM into a file, for hexo restore.",
	.details = "VM is a name of hexo ps. Its hexo run then ends with "
		   "status 124, unless\n--leave-running is given. FILE appears "
		   "when all of it is on the disk. If anything\nfails, the VM "
		   "goes on and FILE is as it was.",
	.options = checkpoint_options,
	.operands_min = 2,
	.operands_max = 2,
	.main = checkpoint_main,
};
