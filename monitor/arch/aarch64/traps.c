/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/arch/aarch64/traps.h"

#include <errno.h>
#include <string.h>

#include "hexo/hypercall.h"

enum { VECTORS = 16, VECTOR_WORDS = 32 };

int vm_traps_setup(uint64_t *page, struct vm_tables *t, struct hexo_error *err)
{
	static const uint32_t vector[] = {
		0xd2c00fe0,                       /* mov x0, #0x7f00000000 */
		0xf9000000 | HEXO_HC_FAULT << 10, /* str x0, [x0, #8 * n] */
		0x14000000,                       /* b . */
	};
	uint32_t *to;
	unsigned i;

	_Static_assert(HEXO_HC_MMIO == UINT64_C(0x7f00000000),
		       "the first instruction of a vector");
	*page = vm_tables_page(t);
	if (!*page)
		return hexo_fail(err, -ENOMEM, "no room for vectors");
	to = vm_memory_own(t->memory, *page);
	for (i = 0; i < VECTORS; i++)
		memcpy(to + (size_t)i * VECTOR_WORDS, vector, sizeof(vector));
	__builtin___clear_cache((char *)to, (char *)to + HEXO_PAGE_SIZE);
	return vm_tables_map(t, *page, *page + HEXO_PAGE_SIZE,
			     VM_READ | VM_EXEC | VM_SUPERVISOR, err);
}
