/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/elf.c monitor/memory.c monitor/fetch_guest.c
// LINK: monitor/arch/x86-64/isa.c
// LINK: base/error.c tests/fuzz/shared/elf.c
// OPTIONS: -max_len=262144 -malloc_limit_mb=64
/* The guest's ELF as hexo-vm reads, maps and loads it. */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "monitor/arch.h"
#include "tests/fuzz/shared/fuzz.h"

static void check_segments(const struct vm_elf *elf)
{
	uint64_t end = 0;

	for (unsigned i = 0; i < elf->segments; i++) {
		const struct vm_segment *s = &elf->segment[i];

		fuzz_check(s->addr >= end && s->file_size <= s->size);
		fuzz_check(s->offset + s->file_size <= elf->size);
		fuzz_check((s->perm & (VM_WRITE | VM_EXEC)) !=
			   (VM_WRITE | VM_EXEC));
		end = s->addr + s->size;
	}
}

static void check_symbol(const struct vm_elf *elf, uint64_t pc)
{
	char text[160];

	vm_elf_symbol(elf, pc, text, sizeof(text));
	for (const char *c = text; *c; c++)
		fuzz_check(*c > ' ' && *c <= '~');
}

static void load(const struct vm_elf *elf)
{
	struct vm_memory m;
	struct hexo_error err;

	fuzz_check(vm_memory_create(&m, HEXO_MEMORY_MIN, HEXO_STACK_MIN, false,
				    &err) == 0);
	if (vm_elf_map(elf, &m, &err) == 0 &&
	    vm_elf_load(elf, &m, VM_LOAD_FIXED, &err) == 0 &&
	    vm_elf_load(elf, &m, VM_LOAD_STATE, &err) == 0)
		fuzz_check(vm_memory_protect(&m, &err) == 0);
	vm_memory_destroy(&m);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct hexo_error err;
	struct vm_elf elf;
	int fd = fuzz_memory_file(data, size, NULL);

	if (vm_elf_open(&elf, fd, vm_isa.machine, &err) == 0) {
		check_segments(&elf);
		load(&elf);
		check_symbol(&elf, elf.entry);
		check_symbol(&elf, 0);
		check_symbol(&elf, elf.entry + size);
	}
	close(fd);
	return 0;
}
