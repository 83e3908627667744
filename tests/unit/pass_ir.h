/* SPDX-License-Identifier: Apache-2.0 */
/* IR as text, for tests of the passes. */
#ifndef HEXO_TESTS_PASS_IR_H
#define HEXO_TESTS_PASS_IR_H

#include <llvm-c/IRReader.h>
#include <string.h>

static LLVMContextRef context;

static LLVMModuleRef parse(const char *text)
{
	LLVMMemoryBufferRef buffer =
		LLVMCreateMemoryBufferWithMemoryRangeCopy(text, strlen(text),
							  "test");
	LLVMModuleRef m = NULL;
	char *message = NULL;

	if (LLVMParseIRInContext(context, buffer, &m, &message))
		fail_msg("%s", message);
	return m;
}

#endif
