/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/unavailable.h"

#include <llvm-c/DebugInfo.h>
#include <stdio.h>
#include <string.h>

#include "toolchain/pass/ir.h"

#define ONE_PROCESS "a job is one process; start several jobs"
#define ONE_THREAD  "a job has one thread; do the work in it"
#define NO_NETWORK  "a job has no network; use files or pipes"

/* Their users in the library are listed as well: popen() and the like. */
static const struct {
	const char *name, *why;
} unavailable[] = {
	{ "fork", ONE_PROCESS },         { "_Fork", ONE_PROCESS },
	{ "daemon", ONE_PROCESS },       { "forkpty", ONE_PROCESS },
	{ "execl", ONE_PROCESS },        { "execle", ONE_PROCESS },
	{ "execlp", ONE_PROCESS },       { "execv", ONE_PROCESS },
	{ "execve", ONE_PROCESS },       { "execvp", ONE_PROCESS },
	{ "execvpe", ONE_PROCESS },      { "fexecve", ONE_PROCESS },
	{ "posix_spawn", ONE_PROCESS },  { "posix_spawnp", ONE_PROCESS },
	{ "popen", ONE_PROCESS },        { "system", ONE_PROCESS },
	{ "clone", ONE_PROCESS },        { "pthread_create", ONE_THREAD },
	{ "thrd_create", ONE_THREAD },   { "socket", NO_NETWORK },
	{ "socketpair", NO_NETWORK },    { "getaddrinfo", NO_NETWORK },
	{ "gethostbyname", NO_NETWORK },
};

/* Code of the program has a line; the library's functions have none, so one
 * of the program's own that has such a name is told apart from them. */
static const char *why_unavailable(LLVMValueRef f)
{
	if (LLVMIsAFunction(f) && !LLVMIsDeclaration(f) && LLVMGetSubprogram(f))
		return NULL;
	for (size_t k = 0; k < sizeof(unavailable) / sizeof(unavailable[0]);
	     k++)
		if (ir_is_named(f, unavailable[k].name))
			return unavailable[k].why;
	return NULL;
}

static void warn(LLVMValueRef call)
{
	LLVMValueRef f = LLVMGetCalledValue(call); /* may be an alias */
	const char *why = why_unavailable(f);

	if (why && LLVMGetDebugLocLine(call))
		fprintf(stderr, "hexo-cc: %s: warning: %s() always fails: %s\n",
			ir_where(call), ir_name(f), why);
}

void tc_unavailable_warn(LLVMModuleRef m)
{
	ir_each_definition (f, m)
		ir_each_block (b, f)
			ir_each_inst (i, b)
				if (ir_is_call(i))
					warn(i);
}
