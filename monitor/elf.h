/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guest's ELF, as hexo-cc writes it into an image (<hexo/image.h>). It
 * comes from outside: every field is bounded before it is used.
 */
#ifndef HEXO_MONITOR_ELF_H
#define HEXO_MONITOR_ELF_H

#include <stddef.h>
#include <stdint.h>

#include "hexo/error.h"
#include "hexo/image.h"
#include "monitor/memory.h"

enum { VM_SEGMENTS_MAX = 24 };

struct vm_segment {
	uint64_t addr, size; /* in the guest; pages are added at the end */
	uint64_t offset, file_size;
	uint32_t perm;
};

struct vm_elf {
	int fd; /* the caller's */
	uint64_t size;
	uint64_t entry;
	struct hexo_note note;
	struct vm_segment segment[VM_SEGMENTS_MAX];
	unsigned segments;
	uint64_t symbols, symbols_size; /* .symtab; size 0: none */
	uint64_t strings, strings_size; /* its names */
};

/* Reads and checks everything but the contents. machine is the ELF machine
 * number that this monitor runs. -ENOEXEC for an ELF that cannot run. */
int vm_elf_open(struct vm_elf *elf, int fd, unsigned machine,
		struct hexo_error *err);

/* Enters all segments into the page map, then the rest of the guest's
 * memory. -ENOMEM when the image needs more memory than the guest has. */
int vm_elf_map(const struct vm_elf *elf, struct vm_memory *m,
	       struct hexo_error *err);

/*
 * Copies contents into the guest's memory. State that a move brings along
 * (portable and writable) is copied only for a start: a received VM's memory
 * holds zeroes where the stream brings no page.
 */
enum vm_load { VM_LOAD_FIXED, VM_LOAD_STATE };

int vm_elf_load(const struct vm_elf *elf, struct vm_memory *m,
		enum vm_load what, struct hexo_error *err);

/* The name of the function that pc lies in, "name+0x14", into text; an empty
 * string if there is none. Printable whatever the file holds. */
void vm_elf_symbol(const struct vm_elf *elf, uint64_t pc, char *text,
		   size_t room);

#endif
