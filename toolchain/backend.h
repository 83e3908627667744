/* SPDX-License-Identifier: Apache-2.0 */
/* From the portable module to one executable for each ISA. */
#ifndef HEXO_TOOLCHAIN_BACKEND_H
#define HEXO_TOOLCHAIN_BACKEND_H

#include <llvm-c/Core.h>

#include "toolchain/isa.h"

/* What building one ISA's executable takes. */
struct tc_backend {
	const struct tc_isa *isa;
	const char *object; /* paths of what is made */
	const char *executable;
	const char *lines;   /* where line tables go; NULL: there are none */
	const char *script;  /* the linker script */
	const char *runtime; /* directory of native.a, libgcc*.a */
	/* objects of the runtime to link, n of them */
	char *const *others;
	size_t n_others;
	bool verbose;
};

/* What LLVM knows of an ISA. The caller disposes of it. */
int tc_backend_machine(const struct tc_isa *isa, LLVMCodeModel model,
		       LLVMTargetMachineRef *out, struct hexo_error *err);

/* Generates one ISA's object from a module that is portable; m is of no use
 * for anything else afterwards. */
int tc_backend_generate(LLVMModuleRef m, const struct tc_isa *isa,
			const char *object, struct hexo_error *err);

/* Is there more portable data than the usual code can reach? */
bool tc_backend_data_is_far(LLVMModuleRef m);

/* Builds all n, each in a process of its own, so that they run side by side;
 * m stays as it is. */
int tc_backend_build(LLVMModuleRef m, const struct tc_backend *b, size_t n,
		     struct hexo_error *err);

#endif
