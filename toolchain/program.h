/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Puts a whole program together as a linker does: objects, the archive
 * members that they need, and what those need, become one module.
 *
 * Archives are searched as often as it takes, in the order given, so their
 * order on the command line matters only where two define the same symbol:
 * the first one's counts.
 */
#ifndef HEXO_TOOLCHAIN_PROGRAM_H
#define HEXO_TOOLCHAIN_PROGRAM_H

#include <llvm-c/Core.h>
#include <stdbool.h>

#include "hexo/error.h"
#include "toolchain/archive.h"
#include "toolchain/strings.h"
#include "toolchain/symbols.h"

/* One object of portable bitcode, read lazily: functions' bodies later. */
struct tc_unit {
	char *name; /* "file.o" or "libx.a(member.o)" */
	LLVMModuleRef module;
	char *data;             /* owned; NULL if the archive owns it */
	size_t archive, member; /* TC_NO_ARCHIVE: a file by itself */
};

#define TC_NO_ARCHIVE ((size_t)-1)

/* Zero-initialise all but the context, which the caller owns. */
struct tc_program {
	LLVMContextRef context;
	struct tc_unit *units;
	size_t n_units;
	struct tc_archive *archives;
	size_t n_archives;
	/* Archives from this one on are the runtime's; 0: none are. */
	size_t first_runtime;
	struct tc_symbols symbols;
	bool failed; /* a duplicate was found; messages were printed */
};

/* Unit of symbols that the driver itself wants. */
#define TC_NO_UNIT ((size_t)-1)

/* Adds an object, or an archive: whole takes in all its members. */
int tc_program_add_file(struct tc_program *p, const char *path, bool whole,
			struct hexo_error *err);

/* Adds libNAME.a from the first of the directories that has a usable one. */
int tc_program_add_library(struct tc_program *p, const char *name, bool whole,
			   const struct tc_strings *dirs,
			   struct hexo_error *err);

/* Wants a symbol: takes in the archive member that has it, if there is one.
 * Unless optional it is reported as undefined if nothing defines it. */
int tc_program_want(struct tc_program *p, const char *name, bool optional,
		    struct hexo_error *err);

/* Prints each symbol that is wanted, still in m (what the units became), and
 * neither defined nor in provided, with who wants it. 0, or -ENOENT and err
 * says how many. */
int tc_program_check(const struct tc_program *p, LLVMModuleRef m,
		     const struct tc_symbols *provided, struct hexo_error *err);

/* Is the unit part of the runtime? */
bool tc_program_is_runtime(const struct tc_program *p,
			   const struct tc_unit *unit);

/* A symbol other than main that the program defines although the runtime's
 * units refer to it or define it, too (one of both weakly, or as common);
 * NULL if there is none. Looks at units that have not been joined. */
const char *tc_program_override(const struct tc_program *p);

/* Joins the units, which are gone then, into one module; unless whole, the
 * runtime's stay apart. */
int tc_program_join(struct tc_program *p, bool whole, LLVMModuleRef *out,
		    struct hexo_error *err);

/* Gives the module's declarations of what the runtime's units define those
 * functions' types. */
void tc_program_declare_runtime(const struct tc_program *p, LLVMModuleRef m);

void tc_program_free(struct tc_program *p);

#endif
