/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/elf.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"

enum { ELF_MAX = 1 << 30 };

static int broken(const struct tc_elf *e, const char *what,
		  struct hexo_error *err)
{
	return hexo_fail(err, -ENOEXEC, "%s: broken ELF file: %s", e->path,
			 what);
}

/* n entries of size bytes at offset, aligned, inside the file; else NULL. */
static const void *table(const struct tc_elf *e, uint64_t offset, uint64_t n,
			 uint64_t size)
{
	if (offset % 8 || offset > e->len || n > (e->len - offset) / size)
		return NULL;
	return e->data + offset;
}

/* The bytes of a string table, which must end in NUL. */
static const char *strings(const struct tc_elf *e, uint64_t index,
			   uint64_t *len)
{
	const Elf64_Shdr *s;

	if (index >= e->n_sections)
		return NULL;
	s = &e->sections[index];
	if (s->sh_type != SHT_STRTAB || s->sh_size == 0 ||
	    s->sh_offset > e->len || s->sh_size > e->len - s->sh_offset ||
	    e->data[s->sh_offset + s->sh_size - 1] != '\0')
		return NULL;
	*len = s->sh_size;
	return e->data + s->sh_offset;
}

static int read_header(struct tc_elf *e, struct hexo_error *err)
{
	const Elf64_Ehdr *h = (const void *)e->data;

	if (e->len < sizeof(*h) || memcmp(h->e_ident, ELFMAG, SELFMAG) != 0 ||
	    h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_phentsize != sizeof(Elf64_Phdr) ||
	    h->e_shentsize != sizeof(Elf64_Shdr))
		return broken(e, "header", err);
	e->header = h;
	e->n_segments = h->e_phnum;
	e->segments = table(e, h->e_phoff, h->e_phnum, sizeof(Elf64_Phdr));
	if (!e->segments)
		return broken(e, "program headers", err);
	e->n_sections = h->e_shnum;
	e->sections = table(e, h->e_shoff, h->e_shnum, sizeof(Elf64_Shdr));
	if (!e->sections)
		return broken(e, "section headers", err);
	for (size_t k = 0; k < e->n_segments; k++) {
		const Elf64_Phdr *p = &e->segments[k];

		if (p->p_offset > e->len || p->p_filesz > e->len - p->p_offset)
			return broken(e, "segment outside the file", err);
	}
	return 0;
}

static int read_sections(struct tc_elf *e, struct hexo_error *err)
{
	uint64_t len;

	e->section_names = strings(e, e->header->e_shstrndx, &len);
	if (!e->section_names)
		return broken(e, "section names", err);
	for (size_t k = 0; k < e->n_sections; k++) {
		const Elf64_Shdr *s = &e->sections[k];

		if (s->sh_name >= len)
			return broken(e, "section name", err);
		if (s->sh_type != SHT_NOBITS &&
		    (s->sh_offset > e->len ||
		     s->sh_size > e->len - s->sh_offset))
			return broken(e, "section outside the file", err);
	}
	return 0;
}

static int read_symbols(struct tc_elf *e, struct hexo_error *err)
{
	const Elf64_Shdr *s = NULL;
	uint64_t len;

	for (size_t k = 0; k < e->n_sections && !s; k++)
		if (e->sections[k].sh_type == SHT_SYMTAB)
			s = &e->sections[k];
	if (!s)
		return broken(e, "no symbols", err);
	e->n_symbols = s->sh_size / sizeof(Elf64_Sym);
	e->symbols = table(e, s->sh_offset, e->n_symbols, sizeof(Elf64_Sym));
	e->symbol_names = strings(e, s->sh_link, &len);
	if (!e->symbols || !e->symbol_names)
		return broken(e, "symbols", err);
	e->symbol_names_len = len;
	for (size_t k = 0; k < e->n_symbols; k++)
		if (e->symbols[k].st_name >= len)
			return broken(e, "symbol name", err);
	return 0;
}

int tc_elf_parse(struct tc_elf *e, const char *path, char *data, size_t len,
		 struct hexo_error *err)
{
	int r;

	*e = (struct tc_elf){ .path = path, .data = data, .len = len };
	r = read_header(e, err);
	if (r == 0)
		r = read_sections(e, err);
	return r < 0 ? r : read_symbols(e, err);
}

int tc_elf_open(struct tc_elf *e, const char *path, struct hexo_error *err)
{
	char *data;
	size_t len;
	int r = base_read_file(path, ELF_MAX, &data, &len, err);

	return r < 0 ? r : tc_elf_parse(e, path, data, len, err);
}

void tc_elf_close(struct tc_elf *e)
{
	free(e->data);
	*e = (struct tc_elf){ 0 };
}

void tc_elf_keep_functions(struct tc_elf *e)
{
	Elf64_Sym *symbols =
		(void *)(e->data + ((const char *)e->symbols - e->data));
	char *names = e->data + (e->symbol_names - e->data);
	cleanup_free bool *used = base_alloc(e->symbol_names_len + 1);

	for (size_t k = 0; k < e->n_symbols; k++) {
		size_t at = symbols[k].st_name;

		if (ELF64_ST_TYPE(symbols[k].st_info) != STT_FUNC) {
			symbols[k] = (Elf64_Sym){ 0 };
			continue;
		}
		for (; names[at]; at++)
			used[at] = true;
	}
	for (size_t k = 0; k < e->symbol_names_len; k++)
		if (!used[k])
			names[k] = '\0';
}

const Elf64_Shdr *tc_elf_section(const struct tc_elf *e, const char *name)
{
	for (size_t k = 0; k < e->n_sections; k++)
		if (strcmp(e->section_names + e->sections[k].sh_name, name) ==
		    0)
			return &e->sections[k];
	return NULL;
}
