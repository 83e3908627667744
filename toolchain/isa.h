/* SPDX-License-Identifier: Apache-2.0 */
/* The ISAs that hexo-cc generates code for: the one table. */
#ifndef HEXO_TOOLCHAIN_ISA_H
#define HEXO_TOOLCHAIN_ISA_H

#include <stddef.h>
#include <stdint.h>

#include <llvm-c/TargetMachine.h>

#include "hexo/isa.h"
#include "toolchain/pass/pass.h"

struct tc_isa {
	enum hexo_isa number;
	const char *name;
	const char *triple;
	const char *data_layout;
	/* Portable data beyond far_data bytes is out of reach of the usual
	 * code; then code for the model far is generated. */
	uint64_t far_data;
	LLVMCodeModel far;
	const char *cpu;  /* the least that a node must be */
	const char *tune; /* what to schedule for, as clang does; or NULL */
	const char *features;
	const char *const *options; /* of LLVM's back end; NULL-ended */
	uint16_t machine;           /* of the ELF header */
	const char *emulation;      /* of the linker */
	struct pass_isa pass;
	void (*initialize)(void); /* LLVM's back end */
};

extern const struct tc_isa tc_isas[];
extern const size_t tc_isa_count;

#endif
