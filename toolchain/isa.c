/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/isa.h"

#include <llvm-c/Target.h>

#include "hexo/layout.h"

#define BACK_END(target)                              \
	static void initialize_##target(void)         \
	{                                             \
		LLVMInitialize##target##TargetInfo(); \
		LLVMInitialize##target##Target();     \
		LLVMInitialize##target##TargetMC();   \
		LLVMInitialize##target##AsmPrinter(); \
		LLVMInitialize##target##AsmParser();  \
	}

BACK_END(X86)
BACK_END(AArch64)

static const char *const no_options[] = { NULL };

/* Merged globals would leave their portable addresses. */
static const char *const aarch64_options[] = {
	"-aarch64-enable-global-merge=false", NULL
};

/* The triples name musl because for glibc the back ends would call functions
 * that only glibc has (sincos, exp10). */
const struct tc_isa tc_isas[] = {
	{
		.number = HEXO_ISA_x86_64,
		.name = "x86-64",
		.triple = "x86_64-unknown-linux-musl",
		.data_layout = "e-m:e-p270:32:32-p271:32:32-p272:64:64-i64:64-"
			       "i128:128-f80:128-n8:16:32:64-S128",
		/* addresses of 31 bits */
		.far_data = UINT64_C(0x7fff0000) - HEXO_PORTABLE_BASE,
		.far = LLVMCodeModelMedium,
		.cpu = "x86-64",
		.tune = "generic",
		.features = "",
		.options = no_options,
		.machine = 62,
		.emulation = "elf_x86_64",
		.pass = { .jump = "jmp", .division_traps = true },
		.initialize = initialize_X86,
	},
	{
		.number = HEXO_ISA_aarch64,
		.name = "aarch64",
		.triple = "aarch64-unknown-linux-musl",
		.data_layout = "e-m:e-i8:8:32-i16:16:32-i64:64-i128:128-n32:64-"
			       "S128-Fn32",
		/* 4 GiB from the instruction on */
		.far_data = UINT64_C(0xffff0000) - HEXO_PORTABLE_BASE,
		.far = LLVMCodeModelLarge,
		.cpu = "generic",
		.features = "+v8a,+fp-armv8,+neon",
		.options = aarch64_options,
		.machine = 183,
		.emulation = "aarch64linux",
		.pass = { .jump = "b", .division_traps = false },
		.initialize = initialize_AArch64,
	},
};

const size_t tc_isa_count = sizeof(tc_isas) / sizeof(tc_isas[0]);
