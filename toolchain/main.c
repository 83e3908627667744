/* SPDX-License-Identifier: Apache-2.0 */
#include <stdio.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/compile.h"
#include "toolchain/link.h"
#include "toolchain/options.h"
#include "toolchain/runtime.h"

#define TC_VERSION_TEXT "hexo-cc 0.1 (clang 19)"
#define TC_MACHINE_TEXT "hexo-unknown-linux-musl"

/* The usual name of what a source becomes: its own, in this directory, with
 * another suffix. */
static char *default_output(const char *source, const char *suffix)
{
	const char *base = strrchr(source, '/');
	const char *dot;

	base = base ? base + 1 : source;
	dot = strrchr(base, '.');
	return base_printf("%.*s%s",
			   dot ? (int)(dot - base) : (int)strlen(base), base,
			   suffix);
}

/* Compiles each source for itself; goes on after an error to report the
 * others', too. */
static int compile_all(const struct tc_options *o, struct hexo_error *err)
{
	int status = 0;

	for (size_t k = 0; k < o->n_inputs; k++) {
		const struct tc_input *in = &o->inputs[k];
		cleanup_free char *output = NULL;
		int r;

		if (in->kind != TC_INPUT_SOURCE)
			continue;
		if (o->output)
			output = base_strdup(o->output);
		else if (o->action == TC_COMPILE)
			output = default_output(in->name, ".o");
		else if (o->action == TC_IR)
			output = default_output(in->name, ".s");
		r = tc_compile(o, in, output, err);
		if (r < 0)
			return r;
		if (r > 0)
			status = r;
	}
	return status;
}

static int run(const struct tc_options *o, struct hexo_error *err)
{
	switch (o->action) {
	case TC_LINK:
		return tc_link(o, err);
	case TC_COMPILE:
	case TC_IR:
	case TC_PREPROCESS:
	case TC_CHECK:
		return compile_all(o, err);
	case TC_QUERY:
		return tc_query(o, err);
	case TC_MACHINE:
		puts(TC_MACHINE_TEXT);
		return 0;
	case TC_VERSION:
		puts(TC_VERSION_TEXT);
		return 0;
	case TC_HELP:
		fputs(tc_usage, stdout);
		return 0;
	case TC_RUNTIME:
		return tc_runtime_build(o->runtime, o->verbose, err);
	}
	return 0;
}

int main(int argc, char **argv)
{
	cleanup_options struct tc_options o = { 0 };
	struct hexo_error err = { 0 };
	int r = tc_options_parse(&o, argc, argv, &err);

	if (r == 0)
		r = run(&o, &err);
	if (r >= 0)
		return r;
	fprintf(stderr, "hexo-cc: %s\n", err.text);
	return 1;
}
