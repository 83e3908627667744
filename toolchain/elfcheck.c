/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/elfcheck.h"

#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <xxhash.h>

#include "base/base.h"
#include "hexo/layout.h"

static bool within(const Elf64_Phdr *p, uint64_t low, uint64_t high)
{
	return p->p_vaddr >= low && p->p_vaddr <= high &&
	       p->p_memsz <= high - p->p_vaddr;
}

static bool segment_in_place(const Elf64_Phdr *p)
{
	if (p->p_flags & PF_X)
		return within(p, HEXO_FUNCTABLE_BASE, HEXO_FUNCTABLE_END) ||
		       within(p, HEXO_TEXT_BASE, HEXO_PRIVATE_END);
	return within(p, HEXO_TEXT_BASE, HEXO_PRIVATE_END) ||
	       within(p, HEXO_PORTABLE_BASE,
		      HEXO_PORTABLE_BASE + HEXO_MEMORY_MAX);
}

int tc_elfcheck_segments(const struct tc_elf *e, unsigned machine,
			 struct hexo_error *err)
{
	if (e->header->e_type != ET_EXEC || e->header->e_machine != machine)
		return hexo_fail(err, -ENOEXEC,
				 "%s: type %u for machine %u, not an "
				 "executable for machine %u",
				 e->path, e->header->e_type,
				 e->header->e_machine, machine);
	for (size_t k = 0; k < e->n_segments; k++) {
		const Elf64_Phdr *p = &e->segments[k];

		if (p->p_type == PT_DYNAMIC || p->p_type == PT_INTERP ||
		    p->p_type == PT_TLS)
			return hexo_fail(err, -ENOEXEC,
					 "%s: a segment for dynamic linking or "
					 "threads (type %u)",
					 e->path, p->p_type);
		if (p->p_type != PT_LOAD || p->p_memsz == 0)
			continue;
		if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
			return hexo_fail(err, -ENOEXEC,
					 "%s: the segment at 0x%" PRIx64
					 " is writable and executable",
					 e->path, p->p_vaddr);
		if (!segment_in_place(p) || p->p_vaddr % HEXO_PAGE_SIZE ||
		    p->p_filesz > p->p_memsz)
			return hexo_fail(err, -ENOEXEC,
					 "%s: the segment at 0x%" PRIx64
					 " of 0x%" PRIx64
					 " bytes is not where <hexo/layout.h> "
					 "wants it",
					 e->path, p->p_vaddr, p->p_memsz);
	}
	return 0;
}

/* The portable symbols of an executable, by address, then name. */
struct portable {
	const struct tc_elf *elf;
	const Elf64_Sym **at;
	size_t n;
};

static const char *name_of(const struct portable *p, size_t k)
{
	return p->elf->symbol_names + p->at[k]->st_name;
}

static bool is_portable(const Elf64_Sym *s)
{
	unsigned type = ELF64_ST_TYPE(s->st_info);

	if (s->st_name == 0 || type == STT_SECTION || type == STT_FILE ||
	    s->st_shndx == SHN_UNDEF || s->st_shndx == SHN_ABS)
		return false;
	return s->st_value >= HEXO_PORTABLE_BASE ||
	       (s->st_value >= HEXO_FUNCTABLE_BASE &&
		s->st_value < HEXO_FUNCTABLE_END);
}

static int compare(const void *a, const void *b, void *names)
{
	const Elf64_Sym *x = *(const Elf64_Sym *const *)a;
	const Elf64_Sym *y = *(const Elf64_Sym *const *)b;

	if (x->st_value != y->st_value)
		return x->st_value < y->st_value ? -1 : 1;
	return strcmp((char *)names + x->st_name, (char *)names + y->st_name);
}

static void collect(struct portable *p, const struct tc_elf *e)
{
	*p = (struct portable){ .elf = e };
	p->at = base_alloc((e->n_symbols + 1) * sizeof(*p->at));
	for (size_t k = 0; k < e->n_symbols; k++)
		/* "$d" and "$x" are marks of AArch64's assembler */
		if (is_portable(&e->symbols[k]) &&
		    e->symbol_names[e->symbols[k].st_name] != '$')
			p->at[p->n++] = &e->symbols[k];
	qsort_r(p->at, p->n, sizeof(*p->at), compare,
		(void *)(uintptr_t)e->symbol_names);
}

static int same_symbols(const struct portable *a, const struct portable *b,
			struct hexo_error *err)
{
	for (size_t k = 0; k < a->n && k < b->n; k++) {
		const Elf64_Sym *x = a->at[k], *y = b->at[k];

		/* Sizes of functions are the ISA's own. */
		if (x->st_value == y->st_value &&
		    strcmp(name_of(a, k), name_of(b, k)) == 0 &&
		    (x->st_size == y->st_size ||
		     x->st_value < HEXO_PORTABLE_BASE))
			continue;
		return hexo_fail(err, -ENOEXEC,
				 "not portable: %s is at 0x%" PRIx64
				 " (%" PRIu64
				 " bytes) in %s, but %s at 0x%" PRIx64
				 " (%" PRIu64 " bytes) in %s",
				 name_of(a, k), x->st_value, x->st_size,
				 a->elf->path, name_of(b, k), y->st_value,
				 y->st_size, b->elf->path);
	}
	if (a->n != b->n) {
		const struct portable *more = a->n > b->n ? a : b;
		size_t k = a->n > b->n ? b->n : a->n;

		return hexo_fail(err, -ENOEXEC,
				 "not portable: %s is only in %s",
				 name_of(more, k), more->elf->path);
	}
	return 0;
}

static int same_bytes(const struct tc_elf *a, const struct tc_elf *b,
		      const char *name, struct hexo_error *err)
{
	static const Elf64_Shdr none;
	const Elf64_Shdr *x = tc_elf_section(a, name);
	const Elf64_Shdr *y = tc_elf_section(b, name);
	const char *p, *q;

	x = x ? x : &none;
	y = y ? y : &none;
	if (x->sh_addr != y->sh_addr || x->sh_size != y->sh_size ||
	    x->sh_type != y->sh_type)
		return hexo_fail(err, -ENOEXEC,
				 "not portable: %s is at 0x%" PRIx64
				 ", %" PRIu64 " bytes, in %s, but at 0x%" PRIx64
				 ", %" PRIu64 " bytes, in %s",
				 name, x->sh_addr, x->sh_size, a->path,
				 y->sh_addr, y->sh_size, b->path);
	if (x->sh_type == SHT_NOBITS)
		return 0;
	p = a->data + x->sh_offset;
	q = b->data + y->sh_offset;
	for (uint64_t k = 0; k < x->sh_size; k++)
		if (p[k] != q[k])
			return hexo_fail(err, -ENOEXEC,
					 "not portable: the byte at 0x%" PRIx64
					 " in %s differs between %s and %s",
					 x->sh_addr + k, name, a->path,
					 b->path);
	return 0;
}

int tc_elfcheck_same(const struct tc_elf *a, const struct tc_elf *b,
		     struct hexo_error *err)
{
	static const char *const sections[] = { ".rodata.hexo", ".data.hexo",
						".bss.hexo" };
	struct portable x, y;
	int r;

	collect(&x, a);
	collect(&y, b);
	r = same_symbols(&x, &y, err);
	free(x.at);
	free(y.at);
	for (size_t k = 0; k < 3 && r == 0; k++)
		r = same_bytes(a, b, sections[k], err);
	return r;
}

uint64_t tc_elfcheck_layout_hash(const struct tc_elf *e)
{
	struct base_buffer text = { 0 };
	struct portable p;
	uint64_t hash;

	collect(&p, e);
	for (size_t k = 0; k < p.n; k++)
		base_buffer_printf(&text, "%016" PRIx64 " %s\n",
				   p.at[k]->st_value, name_of(&p, k));
	hash = XXH64(text.data, text.len, 0);
	base_buffer_free(&text);
	free(p.at);
	return hash;
}

/* Where the note's contents are in the file; 0 if there is none. */
static uint64_t find_note(const struct tc_elf *e)
{
	for (size_t k = 0; k < e->n_segments; k++) {
		const Elf64_Phdr *p = &e->segments[k];
		const Elf64_Nhdr *h = (const void *)(e->data + p->p_offset);
		size_t head = sizeof(*h) + 8; /* the name takes 8 bytes */

		if (p->p_type != PT_NOTE || p->p_offset % 4 ||
		    p->p_filesz < head + sizeof(struct hexo_note))
			continue;
		if (h->n_namesz == sizeof(HEXO_NOTE_NAME) &&
		    h->n_descsz == sizeof(struct hexo_note) &&
		    h->n_type == HEXO_NOTE_BUILD &&
		    memcmp(h + 1, HEXO_NOTE_NAME, sizeof(HEXO_NOTE_NAME)) == 0)
			return p->p_offset + head;
	}
	return 0;
}

int tc_elfcheck_set_note(struct tc_elf *e, const struct hexo_note *note,
			 struct hexo_error *err)
{
	uint64_t at = find_note(e);

	if (!at)
		return hexo_fail(err, -ENOEXEC, "%s: no build note", e->path);
	memcpy(e->data + at, note, sizeof(*note));
	return 0;
}
