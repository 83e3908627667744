/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/options.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "toolchain/linkerwords.h"
#include "toolchain/response.h"

const char tc_usage[] =
	"usage: hexo-cc [OPTION]... FILE...\n"
	"Compiles C programs into one image that runs on every ISA and moves\n"
	"between them. Takes the options of a C compiler; among them:\n"
	"  -c                compile to an object (portable bitcode)\n"
	"  -S                compile to portable IR as text\n"
	"  -E, -M, -MM       preprocess only, or print dependencies\n"
	"  -o FILE           where to write the result\n"
	"  -g                keep lines, for the trace of a program that "
	"fails\n"
	"  -I, -D, -U, -include, -isystem, -std=, -O, -W, -f\n"
	"                    as for clang, which does the compiling\n"
	"  -l NAME, -L DIR   link libNAME.a (objects in it made by hexo-cc)\n"
	"  -fwhole-program   optimise libc and kernel with the program, too\n"
	"  -v                show what is run, and figures of the link\n"
	"  -fhexo-report     say of each function whether it can move, the "
	"longest\n"
	"                    way without a poll, and what polls and calls "
	"cost\n"
	"  -save-temps=DIR   keep what the link makes in DIR\n"
	"  -dumpmachine, --version, --help\n"
	"Options that choose one ISA (-march=, -mavx, -shared, ...) are "
	"refused.\n";

enum verb {
	PASS,   /* on to clang */
	IGNORE, /* means nothing here */
	REFUSE,
	ACTION,
	OUTPUT,
	LANGUAGE,
	LIBRARY,
	LIBRARY_DIR,
	ROOT,
	SAVE,
	VERBOSE,
	LEVEL,
	LINES,
	DEPENDENCIES,
	DEPENDENCY_FILE,
	NO_INCLUDES,
	WHOLE,
	BUILD_RUNTIME,
	LINKER_LIST,
	LINKER_WORD,
	THREADS,
	DRY,
	QUIET,
	REPORT,
};

enum shape {
	EXACT,    /* -name */
	JOINED,   /* -nameVALUE */
	SEPARATE, /* -name VALUE */
	EITHER,   /* -nameVALUE or -name VALUE */
};

#define NO_PROFILER \
	"there is no profiler in a VM; profile with another compiler"
#define ONE_ISA "an image runs on every ISA; leave it out"

/* The first rule that fits counts. What fits none goes on to clang. */
static const struct rule {
	const char *name;
	enum shape shape;
	enum verb verb;
	int action;
	const char *reason;
} rules[] = {
	{ "-c", EXACT, ACTION, TC_COMPILE, NULL },
	{ "-S", EXACT, ACTION, TC_IR, NULL },
	{ "-E", EXACT, ACTION, TC_PREPROCESS, NULL },
	{ "-fsyntax-only", EXACT, ACTION, TC_CHECK, NULL },
	{ "-dumpmachine", EXACT, ACTION, TC_MACHINE, NULL },
	{ "--version", EXACT, ACTION, TC_VERSION, NULL },
	{ "--help", EXACT, ACTION, TC_HELP, NULL },
	{ "-print-", JOINED, ACTION, TC_QUERY, NULL },
	{ "--print-", JOINED, ACTION, TC_QUERY, NULL },
	{ "-dumpversion", EXACT, ACTION, TC_QUERY, NULL },
	{ "-M", EXACT, ACTION, TC_PREPROCESS, NULL },
	{ "-MM", EXACT, ACTION, TC_PREPROCESS, NULL },
	{ "-MD", EXACT, DEPENDENCIES, 0, NULL },
	{ "-MMD", EXACT, DEPENDENCIES, 0, NULL },
	{ "-MF", EITHER, DEPENDENCY_FILE, 0, NULL },
	{ "-v", EXACT, VERBOSE, 0, NULL },
	{ "-###", EXACT, DRY, 0, NULL },
	{ "-w", EXACT, QUIET, 0, NULL },
	{ "-fhexo-report", EXACT, REPORT, 0, NULL },
	{ "-o", EITHER, OUTPUT, 0, NULL },
	{ "-x", EITHER, LANGUAGE, 0, NULL },
	{ "-l", EITHER, LIBRARY, 0, NULL },
	{ "-L", EITHER, LIBRARY_DIR, 0, NULL },
	{ "-u", SEPARATE, ROOT, 0, NULL },
	{ "-save-temps=obj", EXACT, PASS, 0, NULL },
	{ "-save-temps=cwd", EXACT, PASS, 0, NULL },
	{ "-save-temps=", JOINED, SAVE, 0, NULL },
	{ "-nostdinc", EXACT, NO_INCLUDES, 0, NULL },
	{ "-nostdlib", EXACT, IGNORE, 0, NULL },
	{ "-nodefaultlibs", EXACT, IGNORE, 0, NULL },
	{ "-nostartfiles", EXACT, IGNORE, 0, NULL },
	{ "-nolibc", EXACT, IGNORE, 0, NULL },
	{ "-Wl,", JOINED, LINKER_LIST, 0, NULL },
	{ "-Xlinker", SEPARATE, LINKER_WORD, 0, NULL },
	{ "-pthread", EXACT, THREADS, 0, NULL },
	{ "-O", JOINED, LEVEL, 0, NULL },
	{ "-g0", EXACT, LINES, 0, NULL },
	{ "-ggdb0", EXACT, LINES, 0, NULL },
	{ "-gsplit-dwarf", JOINED, LINES, 1, NULL },
	{ "-gno-", JOINED, IGNORE, 0, NULL },
	{ "-gz", JOINED, IGNORE, 0, NULL },
	{ "-g", JOINED, LINES, 1, NULL },
	{ "-pipe", EXACT, IGNORE, 0, NULL },
	{ "-static", EXACT, IGNORE, 0, NULL },
	{ "-static-libgcc", EXACT, IGNORE, 0, NULL },
	{ "-static-pie", EXACT, IGNORE, 0, NULL },
	{ "-pie", EXACT, IGNORE, 0, NULL },
	{ "-no-pie", EXACT, IGNORE, 0, NULL },
	{ "-rdynamic", EXACT, IGNORE, 0, NULL },
	{ "-s", EXACT, IGNORE, 0, NULL },
	{ "-time", EXACT, IGNORE, 0, NULL },
	{ "-m64", EXACT, IGNORE, 0, NULL },
	{ "-mtune=", JOINED, IGNORE, 0, NULL },
	{ "-fwhole-program", EXACT, WHOLE, 0, NULL },
	{ "-fhexo-build-runtime=", JOINED, BUILD_RUNTIME, 0, NULL },
	{ "-flto", JOINED, IGNORE, 0, NULL },
	{ "-fno-lto", EXACT, IGNORE, 0, NULL },
	{ "-ffat-lto-objects", EXACT, IGNORE, 0, NULL },
	{ "-fuse-ld=", JOINED, IGNORE, 0, NULL },
	{ "-fpic", EXACT, IGNORE, 0, NULL },
	{ "-fPIC", EXACT, IGNORE, 0, NULL },
	{ "-fpie", EXACT, IGNORE, 0, NULL },
	{ "-fPIE", EXACT, IGNORE, 0, NULL },
	{ "-fstack-protector", JOINED, IGNORE, 0, NULL },
	{ "-fstack-clash-protection", EXACT, IGNORE, 0, NULL },
	{ "-fsplit-stack", EXACT, IGNORE, 0, NULL },
	{ "-fpatchable-function-entry=", JOINED, IGNORE, 0, NULL },
	{ "-fzero-call-used-regs=", JOINED, IGNORE, 0, NULL },
	{ "-fcf-protection", JOINED, IGNORE, 0, NULL },
	{ "-shared", EXACT, REFUSE, 0,
	  "an image holds the whole program; make a static library (ar) "
	  "instead" },
	{ "-r", EXACT, REFUSE, 0,
	  "objects cannot be linked in part; make a static library (ar) "
	  "instead" },
	{ "-fopenmp", JOINED, REFUSE, 0,
	  "a program has one thread for now; leave it out" },
	{ "-pg", EXACT, REFUSE, 0, NO_PROFILER },
	{ "--coverage", EXACT, REFUSE, 0, NO_PROFILER },
	{ "-fprofile", JOINED, REFUSE, 0, NO_PROFILER },
	{ "-ftest-coverage", EXACT, REFUSE, 0, NO_PROFILER },
	{ "-fcoverage-mapping", EXACT, REFUSE, 0, NO_PROFILER },
	{ "-fxray-instrument", EXACT, REFUSE, 0, NO_PROFILER },
	{ "-fsanitize=", JOINED, REFUSE, 0,
	  "a VM has no run-time library of sanitizers; use one with clang" },
	{ "-e", SEPARATE, REFUSE, 0, "a program starts with main()" },
	{ "-mllvm", SEPARATE, PASS, 0, NULL },
	{ "-m", JOINED, REFUSE, 0, ONE_ISA },
	{ "--target", JOINED, REFUSE, 0, ONE_ISA },
	{ "-target", SEPARATE, REFUSE, 0, ONE_ISA },
	{ "-I", EITHER, PASS, 0, NULL },
	{ "-D", EITHER, PASS, 0, NULL },
	{ "-U", EITHER, PASS, 0, NULL },
	{ "-MT", EITHER, PASS, 0, NULL },
	{ "-MQ", EITHER, PASS, 0, NULL },
	{ "-include", SEPARATE, PASS, 0, NULL },
	{ "-imacros", SEPARATE, PASS, 0, NULL },
	{ "-isystem", EITHER, PASS, 0, NULL },
	{ "-iquote", EITHER, PASS, 0, NULL },
	{ "-idirafter", EITHER, PASS, 0, NULL },
	{ "-isysroot", SEPARATE, PASS, 0, NULL },
	{ "-iprefix", SEPARATE, PASS, 0, NULL },
	{ "-iwithprefix", SEPARATE, PASS, 0, NULL },
	{ "-Xclang", SEPARATE, PASS, 0, NULL },
	{ "-Xpreprocessor", SEPARATE, PASS, 0, NULL },
	{ "-T", EITHER, REFUSE, 0,
	  "the layout of an image is fixed; leave it out" },
	{ "-z", EITHER, IGNORE, 0, NULL },
};

struct parser {
	struct tc_options *o;
	const char *language;
	struct tc_linker_words linker;
	size_t at; /* argument being read */
};

static const struct rule *find_rule(const char *arg)
{
	for (size_t k = 0; k < sizeof(rules) / sizeof(rules[0]); k++) {
		const struct rule *r = &rules[k];
		size_t n = strlen(r->name);

		if (strncmp(arg, r->name, n) == 0 &&
		    (arg[n] == '\0' || r->shape == JOINED ||
		     r->shape == EITHER))
			return r;
	}
	return NULL;
}

void tc_options_add_input(struct tc_options *o, enum tc_input_kind kind,
			  const char *name, const char *language, bool whole)
{
	o->inputs =
		base_realloc(o->inputs, (o->n_inputs + 1) * sizeof(*o->inputs));
	o->inputs[o->n_inputs++] = (struct tc_input){
		.kind = kind,
		.name = base_strdup(name),
		.language = language,
		.whole = whole,
	};
}

static void add_input(struct parser *p, enum tc_input_kind kind,
		      const char *name)
{
	const char *language = kind == TC_INPUT_SOURCE ? p->language : NULL;

	tc_options_add_input(p->o, kind, name, language, p->linker.whole);
}

static bool ends_in(const char *name, const char *const *suffixes)
{
	const char *dot = strrchr(name, '.');

	for (; dot && *suffixes; suffixes++)
		if (strcmp(dot, *suffixes) == 0)
			return true;
	return false;
}

static int add_file(struct parser *p, const char *name, struct hexo_error *err)
{
	static const char *const c[] = { ".c", ".i", ".h", NULL };
	static const char *const assembly[] = { ".s", ".S", ".asm", NULL };
	static const char *const shared[] = { ".so", NULL };
	static const char *const foreign[] = { ".cc", ".cpp", ".C",   ".cxx",
					       ".m",  ".f",   ".f90", NULL };

	if (!p->language && ends_in(name, assembly))
		return hexo_fail(err, -ENOTSUP,
				 "%s: assembly belongs to one ISA; build the C "
				 "variant (often --disable-asm or the like)",
				 name);
	if (!p->language && ends_in(name, shared))
		return hexo_fail(err, -ENOTSUP,
				 "%s: an image holds the whole program; link a "
				 "static library (.a) instead",
				 name);
	if (!p->language && ends_in(name, foreign))
		return hexo_fail(err, -ENOTSUP,
				 "%s: not C; hexo-cc compiles C only", name);
	if (p->language || strcmp(name, "-") == 0 || ends_in(name, c))
		add_input(p, TC_INPUT_SOURCE, name);
	else
		add_input(p, TC_INPUT_FILE, name);
	return 0;
}

static int set_language(struct parser *p, const char *value,
			struct hexo_error *err)
{
	static const char *const known[] = { "c", "cpp-output", "c-header" };

	p->language = NULL;
	if (strcmp(value, "none") == 0)
		return 0;
	for (size_t k = 0; k < sizeof(known) / sizeof(known[0]); k++)
		if (strcmp(value, known[k]) == 0)
			p->language = known[k];
	if (!p->language)
		return hexo_fail(err, -ENOTSUP,
				 "-x %s: hexo-cc compiles C only", value);
	return 0;
}

static void set_action(struct tc_options *o, const char *arg, int action)
{
	/* Given several, the one that does least counts: -E over -S over -c;
	 * only the last two are not told to clang as they are. */
	if (action > (int)o->action)
		o->action = (enum tc_action)action;
	if (action == TC_QUERY)
		o->query = arg;
	if (action == TC_PREPROCESS || action == TC_CHECK || action == TC_QUERY)
		tc_strings_add(&o->clang, arg);
}

static void pass_on(struct tc_options *o, const struct rule *r, const char *arg,
		    const char *value)
{
	tc_strings_add(&o->clang, arg);
	if (r->shape == SEPARATE || arg[strlen(r->name)] == '\0')
		tc_strings_add(&o->clang, value);
}

static int apply(struct parser *p, const struct rule *r, const char *arg,
		 const char *value, struct hexo_error *err)
{
	struct tc_options *o = p->o;

	switch (r->verb) {
	case PASS:
		pass_on(o, r, arg, value);
		return 0;
	case IGNORE:
		return 0;
	case REFUSE:
		return hexo_fail(err, -ENOTSUP, "%s: %s", arg, r->reason);
	case ACTION:
		set_action(o, arg, r->action);
		return 0;
	case OUTPUT:
		o->output = value;
		return 0;
	case LANGUAGE:
		return set_language(p, value, err);
	case LIBRARY:
		add_input(p, TC_INPUT_LIBRARY, value);
		return 0;
	case LIBRARY_DIR:
		tc_strings_add(&o->libraries, value);
		return 0;
	case ROOT:
		tc_strings_add(&o->roots, value);
		return 0;
	case SAVE:
		o->save = value;
		return 0;
	case VERBOSE:
		o->verbose = true;
		return 0;
	case LEVEL:
		o->level = arg;
		return 0;
	case LINES:
		o->lines = r->action;
		return 0;
	case DEPENDENCIES:
		o->dependencies = true;
		tc_strings_add(&o->clang, arg);
		return 0;
	case DEPENDENCY_FILE:
		o->dependency_file = true;
		pass_on(o, r, arg, value);
		return 0;
	case NO_INCLUDES:
		o->no_includes = true;
		tc_strings_add(&o->clang, arg);
		return 0;
	case WHOLE:
		o->whole = true;
		return 0;
	case BUILD_RUNTIME:
		o->action = TC_RUNTIME;
		o->runtime = value;
		return 0;
	case LINKER_LIST:
		return tc_linker_list(o, &p->linker, value, err);
	case LINKER_WORD:
		return tc_linker_word(o, &p->linker, value, err);
	case DRY:
		o->dry = true;
		return 0;
	case QUIET:
		o->quiet = true;
		tc_strings_add(&o->clang, arg);
		return 0;
	case REPORT:
		o->report = true;
		return 0;
	case THREADS:
		tc_strings_add(&o->clang, "-D_REENTRANT=1");
		return 0;
	}
	return 0;
}

static int parse_option(struct parser *p, const char *arg,
			struct hexo_error *err)
{
	const struct rule *r = find_rule(arg);
	const char *value;

	if (!r) {
		tc_strings_add(&p->o->clang, arg);
		return 0;
	}
	value = arg + strlen(r->name);
	if (r->shape == SEPARATE || (r->shape == EITHER && !*value)) {
		value = p->o->arguments.at[++p->at];
		if (!value)
			return hexo_fail(err, -EINVAL,
					 "%s: an argument is missing", arg);
	}
	return apply(p, r, arg, value, err);
}

static int check(struct tc_options *o, struct hexo_error *err)
{
	size_t sources = 0;

	for (size_t k = 0; k < o->n_inputs; k++)
		sources += o->inputs[k].kind == TC_INPUT_SOURCE;
	if (o->action == TC_LINK && o->verbose && o->n_inputs == 0)
		o->action = TC_VERSION;
	if (o->action >= TC_QUERY)
		return 0;
	if (o->n_inputs == 0)
		return hexo_fail(err, -EINVAL, "no input files");
	if (o->action != TC_LINK && sources == 0)
		return hexo_fail(err, -EINVAL,
				 "%s: nothing to compile: not a C file",
				 o->inputs[0].name);
	if (o->action != TC_LINK && sources > 1 && o->output)
		return hexo_fail(err, -EINVAL,
				 "-o %s: one output, but %zu files to compile",
				 o->output, sources);
	return 0;
}

int tc_options_parse(struct tc_options *o, int argc, char *const *argv,
		     struct hexo_error *err)
{
	struct parser p = { .o = o };
	int r = 0;

	for (int k = 1; k < argc && r == 0; k++)
		r = tc_response_add(&o->arguments, argv[k], err);
	for (; p.at < o->arguments.n && r == 0; p.at++) {
		const char *arg = o->arguments.at[p.at];

		if (arg[0] == '-' && arg[1])
			r = parse_option(&p, arg, err);
		else
			r = add_file(&p, arg, err);
	}
	return r < 0 ? r : check(o, err);
}

void tc_options_free(struct tc_options *o)
{
	for (size_t k = 0; k < o->n_inputs; k++)
		free(o->inputs[k].name);
	free(o->inputs);
	tc_strings_free(&o->clang);
	tc_strings_free(&o->libraries);
	tc_strings_free(&o->roots);
	tc_strings_free(&o->arguments);
}
