/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime, libc and kernel, compiled once for all programs: an object
 * for each ISA and member of its archives, and an index that says which of
 * its functions may reach a poll.
 *
 * DIR/runtime.index   text: "hexo-runtime 1 HASH HASH", the hashes of the
 *                     archives of bitcode it was made from, then a line
 *                     "reaches NAME" for each such function
 * DIR/ISA/runtime/ARCHIVE-MEMBER.o   MEMBER is the number of the member
 *
 * A program that defines a function that the runtime calls is linked with the
 * runtime's bitcode instead, as one module.
 */
#ifndef HEXO_TOOLCHAIN_RUNTIME_H
#define HEXO_TOOLCHAIN_RUNTIME_H

#include <stdbool.h>
#include <stdint.h>

#include "hexo/error.h"
#include "toolchain/pass/pass.h"
#include "toolchain/symbols.h"

/* The archives, in the order in which they are searched. */
enum { TC_RUNTIME_ARCHIVES = 2 };
extern const char *const tc_runtime_archives[TC_RUNTIME_ARCHIVES];

struct tc_runtime {
	uint64_t hash[TC_RUNTIME_ARCHIVES];
	struct tc_symbols reaching;
};

/* Reads the index of dir. It must fit the archives there. */
int tc_runtime_open(struct tc_runtime *rt, const char *dir,
		    struct hexo_error *err);
void tc_runtime_free(struct tc_runtime *rt);

/* What programs know of the runtime; valid as long as rt is. */
struct pass_outside tc_runtime_outside(const struct tc_runtime *rt);

/* The object of a member; the caller frees it. */
char *tc_runtime_object(const char *dir, const char *isa, size_t archive,
			size_t member);

/* Compiles all of it into dir, where the archives are. */
int tc_runtime_build(const char *dir, bool verbose, struct hexo_error *err);

/* Hashes of the archives in dir. */
int tc_runtime_hash(const char *dir, uint64_t *hash, struct hexo_error *err);

#define TC_RUNTIME_MAGIC "hexo-runtime 1"
#define TC_RUNTIME_INDEX "runtime.index"

#endif
