/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/compile.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/bitcode.h"
#include "toolchain/process.h"

#define CLANG "clang-19"

/*
 * The user's options come first: of contradicting ones the last counts.
 *
 * Optimisation is the link's task, on the whole program; but -O0 would mark
 * each function as not to be optimised, ever. Exceptions: a frame is captured
 * by unwinding it. Contraction would make results depend on the ISA.
 */
static const char *const forced[] = {
	"-Xclang",      "-disable-llvm-passes", "-fomit-frame-pointer",
	"-fexceptions", "-ffp-contract=off",    "-fno-stack-protector",
	"-fno-pic",     "-D__linux__=1",        "-D__linux=1",
	"-D__unix__=1", "-D__unix=1",           "-D__hexo__=1",
};

static const char *level(const struct tc_options *o)
{
	if (!o->level)
		return "-O2";
	return strcmp(o->level, "-O0") == 0 ? "-O1" : o->level;
}

/* Our C library's headers come before clang's own, after the user's. */
static void add_includes(struct tc_strings *argv)
{
	cleanup_free char *dir = base_sibling("../lib/hexo/include");

	tc_strings_add(argv, "-nostdlibinc");
	tc_strings_add(argv, "-isystem");
	tc_strings_add(argv, dir);
}

/* Without -MF, clang would name the dependency file after our temporary
 * object where the object is not what the user asked for. */
static void add_dependencies(struct tc_strings *argv,
			     const struct tc_options *o, const char *source)
{
	const char *base = strrchr(source, '/');
	const char *dot;

	base = base ? base + 1 : source;
	dot = strrchr(base, '.');
	tc_strings_add(argv, "-MF");
	tc_strings_printf(argv, "%.*s.d",
			  dot ? (int)(dot - base) : (int)strlen(base), base);
	tc_strings_add(argv, "-MT");
	tc_strings_add(argv, o->output ? o->output : "a.out");
}

int tc_compile(const struct tc_options *o, const struct tc_input *in,
	       const char *output, struct hexo_error *err)
{
	cleanup_strings struct tc_strings argv = { 0 };
	bool object = o->action == TC_COMPILE || o->action == TC_LINK;

	tc_strings_add(&argv, CLANG);
	tc_strings_add(&argv, "--target=" TC_TARGET);
	tc_strings_add(&argv, level(o));
	/* so that the link can say what it refuses by file and line */
	tc_strings_add(&argv, "-gline-tables-only");
	tc_strings_add_all(&argv, &o->clang);
	for (size_t k = 0; k < sizeof(forced) / sizeof(forced[0]); k++)
		tc_strings_add(&argv, forced[k]);
	if (!o->no_includes)
		add_includes(&argv);
	if (o->action == TC_LINK && o->dependencies && !o->dependency_file)
		add_dependencies(&argv, o, in->name);
	if (object || o->action == TC_IR)
		tc_strings_add(&argv, "-emit-llvm");
	if (object)
		tc_strings_add(&argv, "-c");
	else if (o->action == TC_IR)
		tc_strings_add(&argv, "-S");
	if (in->language) {
		tc_strings_add(&argv, "-x");
		tc_strings_add(&argv, in->language);
	}
	tc_strings_add(&argv, in->name);
	if (output) {
		tc_strings_add(&argv, "-o");
		tc_strings_add(&argv, output);
	}
	return tc_process_run(argv.at, o->verbose, err);
}

int tc_query(const struct tc_options *o, struct hexo_error *err)
{
	cleanup_strings struct tc_strings argv = { 0 };

	tc_strings_add(&argv, CLANG);
	tc_strings_add(&argv, "--target=" TC_TARGET);
	tc_strings_add_all(&argv, &o->clang);
	return tc_process_run(argv.at, o->verbose, err);
}
