/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/aarch64/cpu.h"

#include <errno.h>
#include <stddef.h>
#include <stdio.h>

#include "monitor/cpu.h"

/* Fields of four bits; for those that are needed one value means no. */
static const struct {
	unsigned reg, shift, no;
	const char *name;
} needed[] = {
	{ 0, 0, 0x0, "AArch64 at EL0" },
	{ 0, 16, 0xf, "floating point" },
	{ 0, 20, 0xf, "Advanced SIMD" },
	{ 1, 28, 0xf, "pages of 4 KiB" },
};

int vm_cpu_check(uint64_t pfr0, uint64_t mmfr0, struct hexo_error *err)
{
	const uint64_t reg[] = { pfr0, mmfr0 };
	struct base_buffer missing = { 0 };

	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++) {
		if ((reg[needed[i].reg] >> needed[i].shift & 0xf) !=
		    needed[i].no)
			continue;
		vm_cpu_note(&missing, needed[i].name);
	}
	return vm_cpu_lacks(&missing, err);
}
