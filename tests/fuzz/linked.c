/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/elf.c toolchain/elfcheck.c base/base.c base/error.c
// LINK: tests/fuzz/shared/elf.c; -lxxhash
// OPTIONS: -max_len=262144 -malloc_limit_mb=64
/* A linked ELF file as hexo-cc reads, checks and changes it. */
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "tests/fuzz/shared/fuzz.h"
#include "toolchain/elfcheck.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct hexo_note note;
	char *copy = malloc(size + 1);
	struct hexo_error err;
	struct tc_elf elf;

	fuzz_check(copy);
	memcpy(copy, data, size);
	copy[size] = '\0';
	if (tc_elf_parse(&elf, "input", copy, size, &err) == 0) {
		(void)tc_elfcheck_segments(&elf, EM_X86_64, &err);
		(void)tc_elfcheck_layout_hash(&elf);
		(void)tc_elfcheck_same(&elf, &elf, &err);
		(void)tc_elfcheck_set_note(&elf, &note, &err);
		tc_elf_keep_functions(&elf);
	}
	tc_elf_close(&elf);
	return 0;
}
