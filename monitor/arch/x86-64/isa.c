/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch.h"

#include <elf.h>

const struct vm_isa vm_isa = {
	.isa = HEXO_ISA_x86_64,
	.name = "x86-64",
	.machine = EM_X86_64,
	.sp = 7,
	.pushed = 8,
};
