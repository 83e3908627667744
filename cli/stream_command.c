/* SPDX-License-Identifier: Apache-2.0 */
/* hexo stream: a migration stream as text, alone or in a checkpoint. */
#include <stdio.h>

#include "base/base.h"
#include "cli/checkpoint.h"
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

struct stream {
	FILE *file;
	struct cli_checkpoint checkpoint; /* that it is in, fd -1: it is not */
	struct hexo_error why;            /* why it could not be read on */
};

static int stream_open(struct stream *s, const char *path,
		       struct hexo_error *err)
{
	uint64_t magic;
	bool alone;

	*s = (struct stream){ .checkpoint.fd = -1, .file = fopen(path, "re") };
	if (!s->file)
		return hexo_fail_errno(err, "cannot open %s", path);
	alone = fread(&magic, sizeof(magic), 1, s->file) != 1 ||
		magic != HEXO_CHECKPOINT_MAGIC;
	rewind(s->file);
	if (alone)
		return 0;
	fclose(s->file);
	s->file = NULL;
	if (cli_checkpoint_open(&s->checkpoint, path, err) < 0)
		return err->code;
	s->file = cli_checkpoint_stream(&s->checkpoint, &s->why);
	if (!s->file)
		*err = s->why;
	return s->file ? 0 : hexo_fail_context(err, "%s", path);
}

static void stream_close(struct stream *s)
{
	if (s->file)
		fclose(s->file);
	cli_checkpoint_close(&s->checkpoint);
}

static int stream_print(struct stream *s, const char *path, bool as_json,
			struct hexo_error *err)
{
	int r = migrate_stream_print(s->file, stdout, as_json, err);

	if (r < 0 && s->why.code < 0)
		*err = s->why;
	return r < 0 ? hexo_fail_context(err, "%s", path) : 0;
}

static int stream_main(int argc, char **argv, struct hexo_error *err)
{
	struct cli_operands operands;
	struct stream s;
	bool as_json = false;
	int r = cli_parse(&cli_stream_command, argc, argv, stream_set, &as_json,
			  &operands, err);

	if (r < 0)
		return CLI_USAGE;
	r = stream_open(&s, operands.at[0], err);
	if (r == 0)
		r = stream_print(&s, operands.at[0], as_json, err);
	stream_close(&s);
	return r < 0 ? CLI_FAILED : 0;
}

const struct cli_command cli_stream_command = {
	.name = "stream",
	.operands = "FILE",
	.summary = "Print a migration stream as text, and check it.",
	.details = "FILE is a stream, or a checkpoint, which has one in it.",
	.options = stream_options,
	.operands_min = 1,
	.operands_max = 1,
	.main = stream_main,
};
