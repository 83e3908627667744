/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fuzz/shared/stream.h"

#include <string.h>

#include "hexo/isa.h"

void fuzz_stream_vm(struct migrate_writer *w, struct fuzz_input *in)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	uint8_t how = fuzz_byte(in);
	struct hexo_section_vm vm;

	fuzz_take(in, &vm, how & 1 ? sizeof(vm) : 0);
	if (!(how & 1))
		memset(&vm, 0, sizeof(vm));
	if (!(how & 2)) {
		vm.memory = l->portable_high - l->portable_low;
		vm.stack = l->pstack_high - l->pstack_low;
	}
	if (!(how & 4)) {
		vm.frame_bytes = fuzz_byte(in) * UINT64_C(128);
		vm.frames = vm.frame_bytes / 32;
	}
	if (!(how & 8))
		vm.source_isa = HEXO_ISA_aarch64;
	fuzz_check(migrate_writer_vm(w, &vm, NULL) == 0);
}

uint64_t fuzz_stream_page(struct fuzz_input *in)
{
	const struct hexo_layout *l = &fuzz_vm.memory.layout;
	const uint64_t edges[] = {
		l->portable_low, l->portable_high,
		l->pstack_low,   l->pstack_high,
		l->frames_low,   l->frames_high,
		l->nstack_low,   0,
	};
	uint8_t which = fuzz_byte(in);
	int8_t off = (int8_t)fuzz_byte(in);

	return edges[which % 8] +
	       (uint64_t)(int64_t)off * (which & 128 ? 8 : HEXO_PAGE_SIZE);
}
