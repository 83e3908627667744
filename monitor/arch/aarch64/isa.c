/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch.h"

#include <elf.h>

const struct vm_isa vm_isa = {
	.isa = HEXO_ISA_aarch64,
	.name = "aarch64",
	.machine = EM_AARCH64,
	.sp = 31,
	.pushed = 0,
};
