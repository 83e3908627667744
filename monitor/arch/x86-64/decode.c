/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/x86-64/decode.h"

static int byte_at(const struct vm_memory *m, uint64_t pc)
{
	const uint8_t *p = vm_memory_at(m, vm_gva(pc), 1, false);

	return p ? *p : -1;
}

static bool is_prefix(int byte)
{
	switch (byte) {
	case 0x26: /* segment overrides */
	case 0x2e:
	case 0x36:
	case 0x3e:
	case 0x64:
	case 0x65:
	case 0x66: /* operand and address size */
	case 0x67:
	case 0xf0: /* lock, repeat */
	case 0xf2:
	case 0xf3:
		return true;
	default:
		return byte >= 0x40 && byte <= 0x4f; /* REX */
	}
}

enum vm_cause vm_decode_cause(const struct vm_memory *m, uint64_t pc)
{
	unsigned i;
	int op, next;

	for (i = 0; i < 14 && is_prefix(byte_at(m, pc)); i++)
		pc++;
	op = byte_at(m, pc);
	next = byte_at(m, pc + 1);
	/* Group 3: /6 is div, /7 is idiv. */
	if ((op == 0xf6 || op == 0xf7) && next >= 0 && (next >> 3 & 7) >= 6)
		return VM_CAUSE_DIVISION;
	if (op == 0x0f && next == 0x0b) /* ud2 */
		return VM_CAUSE_TRAP;
	if (op == 0xcc) /* int3 */
		return VM_CAUSE_TRAP;
	return VM_CAUSE_GENERAL;
}
