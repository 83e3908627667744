/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/bitcode.h"

#include <errno.h>
#include <llvm-c/BitReader.h>
#include <string.h>

#include "toolchain/archive.h"

enum tc_file_kind tc_bitcode_kind(const char *data, size_t len)
{
	if (len >= 4 && memcmp(data, "BC\xc0\xde", 4) == 0)
		return TC_FILE_BITCODE;
	if (len >= 4 && memcmp(data,
			       "\x7f"
			       "ELF",
			       4) == 0)
		return TC_FILE_ELF;
	if (tc_archive_is(data, len))
		return TC_FILE_ARCHIVE;
	return TC_FILE_OTHER;
}

/* What a module has outside of functions is told here, where the source is
 * still known. */
static int refuse(LLVMModuleRef m, struct hexo_error *err)
{
	LLVMValueRef ifunc = LLVMGetFirstGlobalIFunc(m);
	size_t len, unused;
	const char *source = LLVMGetSourceFileName(m, &unused);
	const char *text = LLVMGetModuleInlineAsm(m, &len);

	if (len)
		return hexo_fail(err, -ENOTSUP,
				 "%s: assembly outside functions (\"%.*s\") is "
				 "not portable; use C",
				 source, (int)strcspn(text, "\n"), text);
	if (ifunc)
		return hexo_fail(err, -ENOTSUP,
				 "%s: the ifunc %s is not portable; use a "
				 "function pointer",
				 source, LLVMGetValueName2(ifunc, &unused));
	return 0;
}

int tc_bitcode_read(LLVMContextRef c, const char *name, const char *bytes,
		    size_t len, LLVMModuleRef *out, struct hexo_error *err)
{
	LLVMMemoryBufferRef buffer;
	int r;

	switch (tc_bitcode_kind(bytes, len)) {
	case TC_FILE_BITCODE:
		break;
	case TC_FILE_ELF:
		return hexo_fail(err, -ENOEXEC,
				 "%s: made by another compiler, for one ISA; "
				 "compile it with hexo-cc",
				 name);
	default:
		return hexo_fail(err, -ENOEXEC,
				 "%s: neither an object of hexo-cc nor an "
				 "archive",
				 name);
	}
	buffer = LLVMCreateMemoryBufferWithMemoryRange(bytes, len, name, 0);
	if (LLVMGetBitcodeModuleInContext2(c, buffer, out)) {
		LLVMDisposeMemoryBuffer(buffer);
		return hexo_fail(err, -EINVAL, "%s: broken bitcode", name);
	}
	if (strcmp(LLVMGetTarget(*out), TC_TARGET) != 0) {
		r = hexo_fail(err, -ENOEXEC,
			      "%s: bitcode for %s; compile it with hexo-cc",
			      name, LLVMGetTarget(*out));
		LLVMDisposeModule(*out);
		return r;
	}
	r = refuse(*out, err);
	if (r < 0)
		LLVMDisposeModule(*out);
	return r;
}

static enum tc_bitcode_kind kind_of(LLVMValueRef v, const char *name)
{
	if (strncmp(name, "llvm.", 5) == 0 || !*name)
		return TC_BITCODE_LOCAL;
	switch (LLVMGetLinkage(v)) {
	case LLVMInternalLinkage:
	case LLVMPrivateLinkage:
	case LLVMAppendingLinkage:
		return TC_BITCODE_LOCAL;
	case LLVMExternalWeakLinkage:
	case LLVMAvailableExternallyLinkage:
		return TC_BITCODE_OPTIONAL;
	case LLVMCommonLinkage:
		return TC_BITCODE_COMMON;
	case LLVMExternalLinkage:
		return LLVMIsDeclaration(v) ? TC_BITCODE_WANTED
					    : TC_BITCODE_DEFINED;
	default:
		return TC_BITCODE_WEAK;
	}
}

/* The lists of a module, one after the other. */
static LLVMValueRef first_of(LLVMModuleRef m, int list)
{
	switch (list) {
	case 0:
		return LLVMGetFirstFunction(m);
	case 1:
		return LLVMGetFirstGlobal(m);
	default:
		return LLVMGetFirstGlobalAlias(m);
	}
}

static LLVMValueRef next_of(LLVMValueRef v, int list)
{
	switch (list) {
	case 0:
		return LLVMGetNextFunction(v);
	case 1:
		return LLVMGetNextGlobal(v);
	default:
		return LLVMGetNextGlobalAlias(v);
	}
}

static struct tc_bitcode_symbol make(LLVMModuleRef m, LLVMValueRef v, int list)
{
	struct tc_bitcode_symbol s = { 0 };
	size_t len;

	while (!v && list < 2)
		v = first_of(m, ++list);
	if (!v)
		return s;
	s.value = v;
	s.list = list;
	s.name = LLVMGetValueName2(v, &len);
	s.kind = kind_of(v, s.name);
	return s;
}

struct tc_bitcode_symbol tc_bitcode_first(LLVMModuleRef m)
{
	return make(m, first_of(m, 0), 0);
}

struct tc_bitcode_symbol tc_bitcode_next(LLVMModuleRef m,
					 struct tc_bitcode_symbol s)
{
	return make(m, next_of(s.value, s.list), s.list);
}
