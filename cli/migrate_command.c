/* SPDX-License-Identifier: Apache-2.0 */
/* hexo migrate: asks a running job's home for a move. */
#include <jansson.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/migrate_print.h"
#include "cli/plan.h"
#include "cli/runtime.h"

enum migrate_option {
	MIGRATE_MODE,
	MIGRATE_DOWNTIME,
	MIGRATE_RATE,
	MIGRATE_COMPRESS,
	MIGRATE_UNSAFE,
	MIGRATE_ABORT,
	MIGRATE_RESOLVE,
	MIGRATE_JSON,
	MIGRATE_HELP,
};

static const struct cli_option migrate_options[] = {
	[MIGRATE_MODE] = { "mode", "MODE",
			   "stop: the VM stands still while its memory is "
			   "sent;\npre-copy: it runs on for the most of it;\n"
			   "post-copy: it runs there at once, its memory "
			   "follows;\n"
			   "auto (default): stop if that is quick enough, "
			   "else pre-copy;\nit says which, and why" },
	[MIGRATE_DOWNTIME] = { "downtime", "TIME",
			       "pre-copy goes on until the VM need stop for "
			       "so\n"
			       "long only (default: 50ms)" },
	[MIGRATE_RATE] = { "bandwidth", "SIZE",
			   "bytes a second while it runs, at most, like 10M" },
	[MIGRATE_COMPRESS] = { "compress", "WHEN",
			       "pack the memory that is sent: auto (default: "
			       "to\nand from nodes, while that is faster), "
			       "never, always" },
	[MIGRATE_UNSAFE] = { "no-safe", NULL,
			     "no checkpoint after a post-copy" },
	[MIGRATE_ABORT] = { "abort", NULL,
			    "give up the move in progress; no WHERE" },
	[MIGRATE_RESOLVE] = { "resolve", NULL,
			      "WHERE is 'here': the other side, which is "
			      "silent, is given\nup for good, and the VM goes "
			      "on where it came from;\nor 'there': wait for "
			      "that side as long as its link may be\n"
			      "broken (--link-timeout), with no other "
			      "time-out" },
	[MIGRATE_JSON] = { "json", NULL,
			   "print JSON: a line for each step as it is made, "
			   "the last\nwith all figures" },
	[MIGRATE_HELP] = { "help", NULL, "show this" },
	{ 0 },
};

struct migrate {
	json_t *request;
	struct cli_migrate_print print;
	bool abort, resolve;
};

static int migrate_set(void *ctx, int option, const char *value,
		       struct hexo_error *err)
{
	struct migrate *m = ctx;
	enum hexo_compress compress;
	enum cli_mode mode;
	uint64_t n;

	switch ((enum migrate_option)option) {
	case MIGRATE_MODE:
		json_object_set_new(m->request, "mode", json_string(value));
		return cli_mode_parse(value, &mode, err);
	case MIGRATE_DOWNTIME:
		if (base_parse_time(value, &n) < 0 || n < 1000000)
			return hexo_fail(err, -EINVAL,
					 "'%s' is not a time like 50ms", value);
		json_object_set_new(m->request, "downtime_us",
				    json_integer((json_int_t)(n / 1000)));
		return 0;
	case MIGRATE_RATE:
		if (base_parse_size(value, &n) < 0 || n < 1024 || n > INT64_MAX)
			return hexo_fail(err, -EINVAL,
					 "'%s' is not a rate like 10M", value);
		json_object_set_new(m->request, "rate",
				    json_integer((json_int_t)n));
		return 0;
	case MIGRATE_COMPRESS:
		json_object_set_new(m->request, "compress", json_string(value));
		return cli_compress_parse(value, &compress, err);
	case MIGRATE_UNSAFE:
		json_object_set_new(m->request, "unsafe", json_true());
		return 0;
	case MIGRATE_ABORT:
		m->abort = true;
		return 0;
	case MIGRATE_RESOLVE:
		m->resolve = true;
		return 0;
	case MIGRATE_JSON:
		m->print.json = true;
		return 0;
	default:
		return 0;
	}
}

/* What the home is asked for. */
static int migrate_request(struct migrate *m,
			   const struct cli_operands *operands,
			   struct hexo_error *err)
{
	const char *where = operands->count > 1 ? operands->at[1] : NULL;
	const char *command = m->abort     ? "abort"
			      : m->resolve ? "resolve"
					   : "migrate";

	if (m->abort && (where || m->resolve))
		return hexo_fail(err, -EINVAL,
				 "hexo migrate: --abort takes no WHERE and no "
				 "--resolve");
	if (!m->abort && !where)
		return hexo_fail(err, -EINVAL,
				 m->resolve ? "hexo migrate: --resolve needs "
					      "'here' or 'there'"
					    : "hexo migrate: WHERE is missing");
	if (m->resolve && strcmp(where, "here") && strcmp(where, "there"))
		return hexo_fail(err, -EINVAL,
				 "hexo migrate: --resolve: '%s' is neither "
				 "'here' nor 'there'",
				 where);
	json_object_set_new(m->request, "command", json_string(command));
	if (where)
		json_object_set_new(m->request, m->resolve ? "side" : "where",
				    json_string(where));
	json_object_set_new(m->request, "events", json_true());
	return 0;
}

static int migrate_ask(struct migrate *m, const struct cli_operands *operands,
		       json_t **answer, struct hexo_error *err)
{
	int r = migrate_request(m, operands, err);

	if (r == 0)
		r = cli_runtime_follow(operands->at[0], m->request,
				       cli_migrate_event, &m->print, answer,
				       err);
	if (r < 0) {
		*answer = NULL;
		return r;
	}
	return cli_runtime_check(operands->at[0], *answer, err);
}

static int migrate_main(int argc, char **argv, struct hexo_error *err)
{
	struct migrate m = {
		.request = json_object(),
		.print.bar = cli_bar_open(),
	};
	struct cli_operands operands;
	json_t *answer = NULL;
	int r = cli_parse(&cli_migrate_command, argc, argv, migrate_set, &m,
			  &operands, err);

	if (r == 0)
		r = migrate_ask(&m, &operands, &answer, err);
	json_decref(m.request);
	if (r == -EINVAL)
		return CLI_USAGE;
	cli_migrate_end(&m.print, answer, r < 0 ? err : NULL);
	json_decref(answer);
	return r < 0 ? CLI_FAILED : 0;
}

const struct cli_command cli_migrate_command = {
	.name = "migrate",
	.operands = "VM [WHERE]",
	.summary = "Move a running VM and print what that cost.",
	.details = "VM is a name of hexo ps. WHERE is a board's name, the "
		   "address of a hexod, an\nISA, or 'server' for this "
		   "machine.\nIf "
		   "the move fails, the VM goes on where it is.",
	.options = migrate_options,
	.operands_min = 1,
	.operands_max = 2,
	.main = migrate_main,
};
