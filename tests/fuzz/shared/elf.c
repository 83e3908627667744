/* SPDX-License-Identifier: Apache-2.0 */
/* The mutator of harnesses that read ELF files. */
#include <elf.h>
#include <string.h>

#include "tests/fuzz/shared/fuzz.h"

/* Contents do not matter to the reader: what says where they are, does. */
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max,
			       unsigned seed)
{
	uint64_t random = seed;
	uint64_t at = 0, len = 0;
	Elf64_Ehdr h;
	Elf64_Phdr p;
	Elf64_Shdr s;

	if (size < sizeof(h) || fuzz_random(&random) % 8 == 0)
		return LLVMFuzzerMutate(data, size, max);
	memcpy(&h, data, sizeof(h));
	switch (fuzz_random(&random) % 6) {
	case 0:
		len = sizeof(h);
		break;
	case 1:
		at = h.e_shoff + fuzz_random(&random) % 32 * sizeof(s);
		len = sizeof(s);
		break;
	case 2:
		/* The contents of a section: the symbols or their names. */
		at = h.e_shoff + fuzz_random(&random) % 32 * sizeof(s);
		if (at > size || size - at < sizeof(s))
			break;
		memcpy(&s, data + at, sizeof(s));
		at = s.sh_offset;
		len = 48;
		break;
	case 3:
		/* The contents of a segment: the notes. */
		at = h.e_phoff + fuzz_random(&random) % 8 * sizeof(p);
		if (at > size || size - at < sizeof(p))
			break;
		memcpy(&p, data + at, sizeof(p));
		at = p.p_offset;
		len = 64;
		break;
	default:
		at = h.e_phoff + fuzz_random(&random) % 8 * sizeof(p);
		len = sizeof(p);
		break;
	}
	if (!len || at > size || len > size - at)
		return LLVMFuzzerMutate(data, size, max);
	fuzz_mutate_part(data, at, len);
	return size;
}
