/* SPDX-License-Identifier: Apache-2.0 */
#include "monitor/elf.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "hexo/frame.h"
#include "hexo/hypercall.h"

enum { NOTES_MAX = 4096, HEADERS_MAX = 64 };

/* Exactly len bytes at offset. The file may shrink while it is read. */
static int elf_read(const struct vm_elf *elf, void *to, uint64_t len,
		    uint64_t offset)
{
	uint64_t done = 0;

	if (offset > elf->size || len > elf->size - offset)
		return -ENOEXEC;
	while (done < len) {
		ssize_t n = pread(elf->fd, (char *)to + done, len - done,
				  (off_t)(offset + done));

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			return -ENOEXEC;
		done += (uint64_t)n;
	}
	return 0;
}

static int elf_head(struct vm_elf *elf, Elf64_Ehdr *h, unsigned machine,
		    struct hexo_error *err)
{
	if (elf_read(elf, h, sizeof(*h), 0) < 0 ||
	    memcmp(h->e_ident, ELFMAG, SELFMAG))
		return hexo_fail(err, -ENOEXEC, "not an ELF file");
	if (h->e_ident[EI_CLASS] != ELFCLASS64 ||
	    h->e_ident[EI_DATA] != ELFDATA2LSB ||
	    h->e_ident[EI_VERSION] != EV_CURRENT)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF is not 64-bit little-endian");
	if (h->e_machine != machine)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF is for machine %u, this monitor "
				 "runs %u",
				 h->e_machine, machine);
	if (h->e_type != ET_EXEC)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF is of type %u, not an executable",
				 h->e_type);
	if (h->e_phentsize != sizeof(Elf64_Phdr) || h->e_phnum == 0 ||
	    h->e_phnum > HEADERS_MAX)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF has %u program headers of %u bytes",
				 h->e_phnum, h->e_phentsize);
	elf->entry = h->e_entry;
	return 0;
}

static bool inside(uint64_t low, uint64_t high, uint64_t from, uint64_t to)
{
	return low >= from && high <= to;
}

static uint32_t segment_perm(uint32_t flags)
{
	return (flags & PF_R ? VM_READ : 0) | (flags & PF_W ? VM_WRITE : 0) |
	       (flags & PF_X ? VM_EXEC : 0);
}

static int elf_segment(struct vm_elf *elf, const Elf64_Phdr *p, unsigned index,
		       struct hexo_error *err)
{
	const uint64_t limit = HEXO_PORTABLE_BASE + HEXO_MEMORY_MAX;
	struct vm_segment *s;
	uint64_t high;

	if (p->p_memsz == 0)
		return 0;
	if (elf->segments == VM_SEGMENTS_MAX)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF has more than %d segments",
				 VM_SEGMENTS_MAX);
	if (p->p_filesz > p->p_memsz || p->p_offset > elf->size ||
	    p->p_filesz > elf->size - p->p_offset)
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u lies outside the file "
				 "(is it cut short?)",
				 index);
	if (p->p_vaddr % HEXO_PAGE_SIZE || p->p_vaddr > limit ||
	    p->p_memsz > limit - p->p_vaddr)
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u has a wrong address "
				 "(0x%" PRIx64 ", 0x%" PRIx64 " bytes)",
				 index, p->p_vaddr, p->p_memsz);
	high = p->p_vaddr + p->p_memsz;
	if ((p->p_flags & PF_W) && (p->p_flags & PF_X))
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u is writable and executable",
				 index);
	if (!(p->p_flags & PF_R))
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u is not readable", index);
	if (!inside(p->p_vaddr, high, HEXO_FUNCTABLE_BASE,
		    HEXO_FUNCTABLE_END) &&
	    !inside(p->p_vaddr, high, HEXO_TEXT_BASE, HEXO_PRIVATE_END) &&
	    !(inside(p->p_vaddr, high, HEXO_PORTABLE_BASE, limit) &&
	      !(p->p_flags & PF_X)))
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u (0x%" PRIx64 "..0x%" PRIx64
				 ") is outside the address map",
				 index, p->p_vaddr, high);
	s = &elf->segment[elf->segments];
	if (elf->segments && p->p_vaddr < s[-1].addr + s[-1].size)
		return hexo_fail(err, -ENOEXEC,
				 "ELF segment %u overlaps the one before it or "
				 "is out of order",
				 index);
	*s = (struct vm_segment){
		.addr = p->p_vaddr,
		.size = (p->p_memsz + HEXO_PAGE_SIZE - 1) &
			-(uint64_t)HEXO_PAGE_SIZE,
		.offset = p->p_offset,
		.file_size = p->p_filesz,
		.perm = segment_perm(p->p_flags),
	};
	elf->segments++;
	return 0;
}

/* Looks for our note among those of a PT_NOTE. */
static int elf_note(struct vm_elf *elf, const Elf64_Phdr *p, bool *found,
		    struct hexo_error *err)
{
	char data[NOTES_MAX];
	uint64_t at = 0, len = p->p_filesz;

	if (len > sizeof(data))
		return hexo_fail(err, -ENOEXEC,
				 "the ELF's notes take %" PRIu64 " bytes", len);
	if (elf_read(elf, data, len, p->p_offset) < 0)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF's notes lie outside the file");
	while (len - at >= sizeof(Elf64_Nhdr)) {
		Elf64_Nhdr n;
		uint64_t name, desc;

		memcpy(&n, data + at, sizeof(n));
		name = at + sizeof(n);
		desc = name + ((uint64_t)n.n_namesz + 3) / 4 * 4;
		at = desc + ((uint64_t)n.n_descsz + 3) / 4 * 4;
		if (at > len)
			return hexo_fail(err, -ENOEXEC,
					 "an ELF note is longer than the "
					 "notes");
		if (n.n_type != HEXO_NOTE_BUILD ||
		    n.n_namesz != sizeof(HEXO_NOTE_NAME) ||
		    memcmp(data + name, HEXO_NOTE_NAME, n.n_namesz))
			continue;
		if (n.n_descsz != sizeof(elf->note))
			return hexo_fail(err, -ENOEXEC,
					 "the ELF's build note has %u bytes",
					 n.n_descsz);
		memcpy(&elf->note, data + desc, sizeof(elf->note));
		*found = true;
	}
	return 0;
}

static int note_check(const struct hexo_note *n, struct hexo_error *err)
{
	const struct {
		const char *what;
		uint32_t has, want;
	} versions[] = {
		{ "image format", n->image_format, HEXO_IMAGE_FORMAT },
		{ "address map", n->layout_version, HEXO_LAYOUT_VERSION },
		{ "guest ABI", n->abi_version, HEXO_ABI_VERSION },
		{ "frame record", n->frame_version, HEXO_FRAME_VERSION },
	};
	unsigned i;

	for (i = 0; i < sizeof(versions) / sizeof(versions[0]); i++)
		if (versions[i].has != versions[i].want)
			return hexo_fail(err, -ENOEXEC,
					 "the ELF has %s version %u, this "
					 "monitor knows %u: build the job "
					 "again",
					 versions[i].what, versions[i].has,
					 versions[i].want);
	return 0;
}

/* Names serve reports only: an ELF whose section headers are broken runs. */
static void elf_symbols(struct vm_elf *elf, const Elf64_Ehdr *h)
{
	Elf64_Shdr s, names;
	unsigned i;

	if (h->e_shentsize != sizeof(s) || h->e_shoff > elf->size)
		return;
	for (i = 0; i < h->e_shnum && i < HEADERS_MAX; i++) {
		if (elf_read(elf, &s, sizeof(s), h->e_shoff + i * sizeof(s)) <
		    0)
			return;
		if (s.sh_type != SHT_SYMTAB ||
		    s.sh_entsize != sizeof(Elf64_Sym))
			continue;
		if (s.sh_link >= h->e_shnum ||
		    elf_read(elf, &names, sizeof(names),
			     h->e_shoff + s.sh_link * sizeof(s)) < 0 ||
		    s.sh_offset > elf->size ||
		    s.sh_size > elf->size - s.sh_offset ||
		    names.sh_offset > elf->size ||
		    names.sh_size > elf->size - names.sh_offset)
			return;
		elf->symbols = s.sh_offset;
		elf->symbols_size = s.sh_size;
		elf->strings = names.sh_offset;
		elf->strings_size = names.sh_size;
		return;
	}
}

static bool entry_ok(const struct vm_elf *elf)
{
	unsigned i;

	for (i = 0; i < elf->segments; i++)
		if (elf->entry >= elf->segment[i].addr &&
		    elf->entry - elf->segment[i].addr <
			    elf->segment[i].file_size)
			return elf->segment[i].perm & VM_EXEC;
	return false;
}

int vm_elf_open(struct vm_elf *elf, int fd, unsigned machine,
		struct hexo_error *err)
{
	bool note = false;
	Elf64_Ehdr h;
	struct stat st;
	unsigned i;
	int r;

	*elf = (struct vm_elf){ .fd = fd };
	if (fstat(fd, &st) < 0)
		return hexo_fail_errno(err, "cannot stat the ELF");
	if (!S_ISREG(st.st_mode))
		return hexo_fail(err, -ENOEXEC,
				 "the ELF is not a regular file");
	elf->size = (uint64_t)st.st_size;
	r = elf_head(elf, &h, machine, err);
	for (i = 0; r == 0 && i < h.e_phnum; i++) {
		Elf64_Phdr p;

		if (h.e_phoff > elf->size ||
		    elf_read(elf, &p, sizeof(p), h.e_phoff + i * sizeof(p)) < 0)
			return hexo_fail(err, -ENOEXEC,
					 "the ELF's program headers lie "
					 "outside the file");
		if (p.p_type == PT_LOAD)
			r = elf_segment(elf, &p, i, err);
		else if (p.p_type == PT_NOTE)
			r = elf_note(elf, &p, &note, err);
		else if (p.p_type == PT_INTERP || p.p_type == PT_DYNAMIC)
			r = hexo_fail(err, -ENOEXEC,
				      "the ELF is dynamically linked");
	}
	if (r < 0)
		return r;
	if (!note)
		return hexo_fail(err, -ENOEXEC,
				 "the ELF has no build note: it was not made "
				 "by hexo-cc");
	r = note_check(&elf->note, err);
	if (r < 0)
		return r;
	if (!entry_ok(elf))
		return hexo_fail(err, -ENOEXEC,
				 "the ELF's entry 0x%" PRIx64 " is no code",
				 elf->entry);
	elf_symbols(elf, &h);
	return 0;
}

int vm_elf_map(const struct vm_elf *elf, struct vm_memory *m,
	       struct hexo_error *err)
{
	unsigned i;
	int r;

	for (i = 0; i < elf->segments; i++) {
		const struct vm_segment *s = &elf->segment[i];
		uint64_t high = s->addr + s->size;

		if (high > m->layout.portable_high)
			return hexo_fail(
				err, -ENOMEM,
				"the program's data alone take %" PRIu64
				" MiB, the VM has %" PRIu64
				" MiB: give it more with --memory",
				(high - m->layout.portable_low + (1u << 20) -
				 1) >> 20,
				(m->layout.portable_high -
				 m->layout.portable_low) >>
					20);
		r = vm_memory_allow(m, s->addr, high, s->perm, err);
		if (r < 0)
			return r;
	}
	return vm_memory_complete(m, err);
}

int vm_elf_load(const struct vm_elf *elf, struct vm_memory *m,
		enum vm_load what, struct hexo_error *err)
{
	unsigned i;
	int r;

	for (i = 0; i < elf->segments; i++) {
		const struct vm_segment *s = &elf->segment[i];
		bool state =
			s->addr >= HEXO_PORTABLE_BASE && (s->perm & VM_WRITE);
		char *to = vm_memory_own(m, s->addr);

		if (state != (what == VM_LOAD_STATE))
			continue;
		r = elf_read(elf, to, s->file_size, s->offset);
		if (r < 0)
			return hexo_fail(err, r,
					 "cannot read ELF segment at "
					 "0x%" PRIx64 ": %s",
					 s->addr, strerror(-r));
		/* For hosts whose caches do not see it by themselves. */
		if (s->perm & VM_EXEC)
			__builtin___clear_cache(to, to + s->file_size);
	}
	return 0;
}

static void symbol_print(const struct vm_elf *elf, const Elf64_Sym *sym,
			 uint64_t pc, char *text, size_t room)
{
	char name[128];
	size_t len = sizeof(name) - 1, i;

	if (sym->st_name >= elf->strings_size)
		return;
	if (len > elf->strings_size - sym->st_name)
		len = elf->strings_size - sym->st_name;
	if (elf_read(elf, name, len, elf->strings + sym->st_name) < 0)
		return;
	name[len] = '\0';
	for (i = 0; name[i]; i++)
		if (name[i] <= ' ' || name[i] > '~')
			name[i] = '?';
	snprintf(text, room, "%s+0x%" PRIx64, name, pc - sym->st_value);
}

void vm_elf_symbol(const struct vm_elf *elf, uint64_t pc, char *text,
		   size_t room)
{
	Elf64_Sym sym[64], best = { 0 };
	uint64_t at = 0;

	text[0] = '\0';
	while (elf->symbols_size - at >= sizeof(sym[0])) {
		uint64_t n = (elf->symbols_size - at) / sizeof(sym[0]), i;

		if (n > 64)
			n = 64;
		if (elf_read(elf, sym, n * sizeof(sym[0]), elf->symbols + at) <
		    0)
			return;
		for (i = 0; i < n; i++)
			if (ELF64_ST_TYPE(sym[i].st_info) == STT_FUNC &&
			    pc >= sym[i].st_value &&
			    (pc - sym[i].st_value < sym[i].st_size ||
			     (!sym[i].st_size && pc == sym[i].st_value)))
				best = sym[i];
		at += n * sizeof(sym[0]);
	}
	if (ELF64_ST_TYPE(best.st_info) == STT_FUNC)
		symbol_print(elf, &best, pc, text, room);
}
