/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/compile.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "toolchain/bitcode.h"
#include "toolchain/hints.h"
#include "toolchain/lines.h"
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
	"-Xclang",
	"-disable-llvm-passes",
	"-fomit-frame-pointer",
	"-fexceptions",
	"-ffp-contract=off",
	"-fno-stack-protector",
	"-fno-pic",
	"-D__linux__=1",
	"-D__linux=1",
	"-D__unix__=1",
	"-D__unix=1",
	"-D__hexo__=1",
	/* always: the link names what it refuses by file and line */
	"-gline-tables-only",
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
	/* Its stderr is a pipe, but ends where ours does. */
	if (isatty(STDERR_FILENO))
		tc_strings_add(&argv, "-fcolor-diagnostics");
	tc_strings_add_all(&argv, &o->clang);
	for (size_t k = 0; k < sizeof(forced) / sizeof(forced[0]); k++)
		tc_strings_add(&argv, forced[k]);
	if (o->lines)
		tc_lines_mark(&argv);
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
	if (o->dry) {
		tc_process_show(argv.at);
		return 0;
	}
	return tc_process_watch(argv.at, o->verbose, tc_hints_line, err);
}

/* -print-file-name=NAME: the library's path if it is ours, else the name. */
static void print_file_name(const char *home, const char *name)
{
	cleanup_free char *path = base_printf("%s/%s", home, name);

	puts(access(path, F_OK) == 0 ? path : name);
}

/* What is asked about our parts is answered here; all else by clang. */
static bool answer(const char *query)
{
	cleanup_free char *home = base_sibling("../lib/hexo");

	query += query[0] == '-' && query[1] == '-';
	if (strncmp(query, "-print-file-name=", 17) == 0)
		print_file_name(home, query + 17);
	else if (strcmp(query, "-print-search-dirs") == 0)
		printf("install: %s\nprograms: =/usr/lib/llvm-19/bin\n"
		       "libraries: =%s\n",
		       home, home);
	else if (strcmp(query, "-print-prog-name=ar") == 0 ||
		 strcmp(query, "-print-prog-name=nm") == 0 ||
		 strcmp(query, "-print-prog-name=ranlib") == 0)
		printf("llvm-%s-19\n", query + 17);
	else if (strcmp(query, "-print-multiarch") == 0 ||
		 strcmp(query, "-print-sysroot") == 0)
		puts("");
	else
		return false;
	return true;
}

int tc_query(const struct tc_options *o, struct hexo_error *err)
{
	cleanup_strings struct tc_strings argv = { 0 };

	if (answer(o->query))
		return 0;
	tc_strings_add(&argv, CLANG);
	tc_strings_add(&argv, "--target=" TC_TARGET);
	tc_strings_add_all(&argv, &o->clang);
	return tc_process_run(argv.at, o->verbose, err);
}
