/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Reading a linked ELF file of 64 bits, little-endian. Everything is checked
 * when it is opened: offsets and sizes given here lie inside the file.
 */
#ifndef HEXO_TOOLCHAIN_ELF_H
#define HEXO_TOOLCHAIN_ELF_H

#include <elf.h>
#include <stdbool.h>
#include <stddef.h>

#include "hexo/error.h"

struct tc_elf {
	const char *path; /* the caller's; for messages */
	char *data;       /* owned */
	size_t len;
	const Elf64_Ehdr *header;
	const Elf64_Phdr *segments;
	size_t n_segments;
	const Elf64_Shdr *sections;
	size_t n_sections;
	const char *section_names;
	const Elf64_Sym *symbols;
	size_t n_symbols;
	const char *symbol_names;
	size_t symbol_names_len;
};

#define cleanup_elf __attribute__((cleanup(tc_elf_close)))

int tc_elf_open(struct tc_elf *e, const char *path, struct hexo_error *err);
/* The same of bytes in memory; data becomes the elf's, also on failure. */
int tc_elf_parse(struct tc_elf *e, const char *path, char *data, size_t len,
		 struct hexo_error *err);
void tc_elf_close(struct tc_elf *e);

/* Blanks the symbols of all but functions, and their names: reports need no
 * others, and what is blank takes no room in an image. */
void tc_elf_keep_functions(struct tc_elf *e);

/* NULL if there is none of that name. */
const Elf64_Shdr *tc_elf_section(const struct tc_elf *e, const char *name);

#endif
