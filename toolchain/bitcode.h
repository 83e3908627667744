/* SPDX-License-Identifier: Apache-2.0 */
/* Objects of portable bitcode: what a file is, and its symbols. */
#ifndef HEXO_TOOLCHAIN_BITCODE_H
#define HEXO_TOOLCHAIN_BITCODE_H

#include <llvm-c/Core.h>
#include <stdbool.h>
#include <stddef.h>

#include "hexo/error.h"

/* Portable code is compiled for this generic target: LP64, little-endian,
 * long double is double, no ISA in sight. */
#define TC_TARGET      "le64-unknown-unknown"
#define TC_DATA_LAYOUT "e-m:e-v128:32-v16:16-v32:32-v96:32-n8:16:32:64-S128"

enum tc_file_kind {
	TC_FILE_OTHER,
	TC_FILE_BITCODE,
	TC_FILE_ARCHIVE,
	TC_FILE_ELF,
};

enum tc_file_kind tc_bitcode_kind(const char *data, size_t len);

/* Reads an object lazily: bytes must outlive the module. Refuses what was not
 * compiled by hexo-cc. name is for messages. */
int tc_bitcode_read(LLVMContextRef c, const char *name, const char *bytes,
		    size_t len, LLVMModuleRef *out, struct hexo_error *err);

enum tc_bitcode_kind {
	TC_BITCODE_LOCAL, /* of no interest to others */
	TC_BITCODE_WANTED,
	TC_BITCODE_OPTIONAL, /* wanted, may stay undefined */
	TC_BITCODE_WEAK,
	TC_BITCODE_COMMON,
	TC_BITCODE_DEFINED,
};

/* Functions, variables and aliases of a module, in that order; value NULL
 * ends. */
struct tc_bitcode_symbol {
	LLVMValueRef value;
	const char *name;
	enum tc_bitcode_kind kind;
	int list;
};

struct tc_bitcode_symbol tc_bitcode_first(LLVMModuleRef m);
struct tc_bitcode_symbol tc_bitcode_next(LLVMModuleRef m,
					 struct tc_bitcode_symbol s);

static inline bool tc_bitcode_defines(enum tc_bitcode_kind k)
{
	return k >= TC_BITCODE_WEAK;
}

#endif
