/* SPDX-License-Identifier: Apache-2.0 */
/* The command line of a C compiler. */
#ifndef HEXO_TOOLCHAIN_OPTIONS_H
#define HEXO_TOOLCHAIN_OPTIONS_H

#include <stdbool.h>

#include "hexo/error.h"
#include "toolchain/strings.h"

enum tc_action {
	TC_LINK,
	TC_COMPILE,    /* -c: portable bitcode */
	TC_IR,         /* -S: the same as text */
	TC_PREPROCESS, /* -E, -M, -MM */
	TC_CHECK,      /* -fsyntax-only */
	TC_QUERY,      /* -print-*, -dumpversion: clang answers */
	TC_MACHINE,    /* -dumpmachine */
	TC_VERSION,    /* --version; -v alone */
	TC_HELP,
	TC_RUNTIME, /* compile the runtime */
};

enum tc_input_kind {
	TC_INPUT_SOURCE,
	TC_INPUT_FILE,    /* object or archive: its content tells */
	TC_INPUT_LIBRARY, /* -l: name without lib and .a */
};

struct tc_input {
	enum tc_input_kind kind;
	bool whole;           /* all members of an archive */
	char *name;           /* owned */
	const char *language; /* of a source, given by -x; else NULL */
};

/* Zero-initialise. Plain strings point into the lists here. */
struct tc_options {
	enum tc_action action;
	bool verbose;            /* -v: show what is run, and figures */
	bool dry;                /* -###: show only */
	bool report;             /* -fhexo-report */
	bool quiet;              /* -w: no warnings */
	bool no_includes;        /* -nostdinc */
	bool whole;              /* link the runtime's bitcode */
	const char *runtime;     /* TC_RUNTIME: where it is */
	bool dependencies;       /* -MD or -MMD */
	bool dependency_file;    /* -MF */
	const char *query;       /* of TC_QUERY */
	bool lines;              /* -g: for the trace of a fault */
	const char *level;       /* -O...; NULL: none given */
	const char *output;      /* -o; NULL: the usual default */
	const char *save;        /* -save-temps=DIR: keep what the link makes */
	struct tc_strings clang; /* options passed on */
	struct tc_strings libraries; /* -L, in order */
	struct tc_strings roots;     /* -u */
	struct tc_strings arguments; /* all, response files read in */
	struct tc_input *inputs;
	size_t n_inputs;
};

#define cleanup_options __attribute__((cleanup(tc_options_free)))

int tc_options_parse(struct tc_options *o, int argc, char *const *argv,
		     struct hexo_error *err);
void tc_options_free(struct tc_options *o);
/* Appends an input. */
void tc_options_add_input(struct tc_options *o, enum tc_input_kind kind,
			  const char *name, const char *language, bool whole);

extern const char tc_usage[];

#endif
