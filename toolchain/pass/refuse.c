/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/pass/pass.h"

#include <errno.h>
#include <llvm-c/DebugInfo.h>
#include <string.h>

#include "toolchain/pass/barrier.h"
#include "toolchain/pass/ir.h"

/* Functions that cannot be made portable, and what to do instead. */
static const struct {
	const char *name, *way_out;
} refused[] = {
	{ "vfork", "a job is one process; start several jobs" },
	{ "llvm.returnaddress", "pass what the callee must know" },
	{ "llvm.frameaddress.p0", "pass what the callee must know" },
	{ "llvm.readcyclecounter", "use clock_gettime()" },
	{ "llvm.eh.unwind.init", "return an error code instead" },
	{ "llvm.eh.return.i64", "return an error code instead" },
	{ "llvm.eh.sjlj.setjmp", "use setjmp() of <setjmp.h>" },
	{ "llvm.eh.sjlj.longjmp", "use longjmp() of <setjmp.h>" },
};

static const char *const target_prefixes[] = {
	"llvm.x86.", "llvm.aarch64.", "llvm.arm.", "llvm.riscv.", "llvm.ppc.",
};

static bool asm_is_barrier(LLVMValueRef call)
{
	struct ir_list outputs = { 0 };
	bool barrier = barrier_outputs(call, &outputs);

	ir_list_free(&outputs);
	return barrier;
}

static int refuse_call(LLVMValueRef call, struct hexo_error *err)
{
	LLVMValueRef f = ir_callee(call);
	const char *name = f ? ir_name(f) : "";

	if (LLVMIsAInlineAsm(LLVMGetCalledValue(call))) {
		if (asm_is_barrier(call))
			return 0;
		return hexo_fail(err, -ENOTSUP,
				 "%s: inline assembly is not portable; use C "
				 "or a compiler builtin",
				 ir_where(call));
	}
	for (size_t k = 0; k < sizeof(refused) / sizeof(refused[0]); k++)
		if (strcmp(name, refused[k].name) == 0 && LLVMIsDeclaration(f))
			return hexo_fail(err, -ENOTSUP,
					 "%s: %s cannot be made portable; %s",
					 ir_where(call), name,
					 refused[k].way_out);
	for (size_t k = 0;
	     k < sizeof(target_prefixes) / sizeof(target_prefixes[0]); k++)
		if (strncmp(name, target_prefixes[k],
			    strlen(target_prefixes[k])) == 0)
			return hexo_fail(err, -ENOTSUP,
					 "%s: the intrinsic %s belongs to one "
					 "ISA; use C or generic vectors",
					 ir_where(call), name);
	return 0;
}

/* setjmp() and its like mark their caller's frame. */
static int refuse_taken(LLVMValueRef f, struct hexo_error *err)
{
	for (LLVMUseRef u = LLVMGetFirstUse(f); u; u = LLVMGetNextUse(u)) {
		LLVMValueRef user = LLVMGetUser(u);
		const char *where = "static data";

		if (LLVMIsAInstruction(user))
			where = ir_where(user);
		else if (LLVMIsAGlobalVariable(user))
			where = ir_name(user);
		if (LLVMIsAInstruction(user) && ir_is_call(user) &&
		    LLVMGetCalledValue(user) == f)
			continue;
		return hexo_fail(err, -ENOTSUP,
				 "%s: %s cannot be called through a pointer; "
				 "call it by its name",
				 where, ir_name(f));
	}
	return 0;
}

static bool has_attribute(LLVMValueRef f, const char *name)
{
	return LLVMGetStringAttributeAtIndex(f, LLVMAttributeFunctionIndex,
					     name, (unsigned)strlen(name));
}

/* __attribute__((target("avx2"))) and the like. */
static int refuse_target(LLVMValueRef f, struct hexo_error *err)
{
	LLVMMetadataRef s = LLVMGetSubprogram(f), file;
	const char *name, *directory;
	unsigned len, directory_len;

	if (!has_attribute(f, "target-features") &&
	    !has_attribute(f, "target-cpu"))
		return 0;
	if (!s)
		return hexo_fail(err, -ENOTSUP,
				 "the target attribute of %s is for one ISA; "
				 "leave it out",
				 ir_name(f));
	file = LLVMDIScopeGetFile(s);
	name = LLVMDIFileGetFilename(file, &len);
	directory = LLVMDIFileGetDirectory(file, &directory_len);
	return hexo_fail(err, -ENOTSUP,
			 "%s: the target attribute of %s is for one ISA; "
			 "leave it out",
			 ir_place(directory, directory_len, name, len,
				  LLVMDISubprogramGetLine(s)),
			 ir_name(f));
}

int pass_refuse(LLVMModuleRef m, struct hexo_error *err)
{
	ir_each_function (f, m) {
		int r = ir_has_attribute(f, "returns_twice")
				? refuse_taken(f, err)
				: 0;

		if (r < 0)
			return r;
	}
	ir_each_definition (f, m) {
		int r = refuse_target(f, err);

		if (r < 0)
			return r;
		ir_each_block (b, f) {
			ir_each_inst (i, b) {
				r = ir_is_call(i) ? refuse_call(i, err) : 0;
				if (r < 0)
					return r;
				if (LLVMGetInstructionOpcode(i) == LLVMCallBr)
					return hexo_fail(
						err, -ENOTSUP,
						"%s: asm goto is not portable; "
						"use C",
						ir_where(i));
			}
		}
	}
	return 0;
}
