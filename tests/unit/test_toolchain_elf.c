/* SPDX-License-Identifier: Apache-2.0 */
// LINK: toolchain/elf.c toolchain/elfcheck.c base/base.c base/error.c; -lxxhash
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "hexo/layout.h"
#include "toolchain/elfcheck.h"

/* A small executable, as a linker would lay it out. */
struct sample {
	Elf64_Ehdr header;
	Elf64_Phdr segments[3];
	Elf64_Shdr sections[5];
	Elf64_Sym symbols[4];
	char data[16]; /* .data.hexo */
	char names[64];
	struct {
		Elf64_Nhdr head;
		char name[8];
		struct hexo_note note;
	} __attribute__((packed)) note;
};

static const char names[] = "\0a\0b\0private\0.data.hexo\0.symtab\0.strtab";

enum { NAME_A = 1, NAME_B = 3, NAME_PRIVATE = 5, NAME_DATA = 13 };

static struct sample make(void)
{
	struct sample s = {
		.header = {
			.e_ident = ELFMAG,
			.e_type = ET_EXEC,
			.e_machine = EM_X86_64,
			.e_phoff = offsetof(struct sample, segments),
			.e_phnum = 3,
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_shoff = offsetof(struct sample, sections),
			.e_shnum = 4,
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shstrndx = 3,
		},
		.segments = {
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
			  .p_vaddr = HEXO_TEXT_BASE, .p_filesz = 16,
			  .p_memsz = 16 },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W,
			  .p_offset = offsetof(struct sample, data),
			  .p_vaddr = HEXO_PORTABLE_BASE, .p_filesz = 16,
			  .p_memsz = 4096 },
			{ .p_type = PT_NOTE, .p_flags = PF_R,
			  .p_offset = offsetof(struct sample, note),
			  .p_filesz = sizeof(s.note) },
		},
		.sections = {
			{ 0 },
			{ .sh_name = NAME_DATA, .sh_type = SHT_PROGBITS,
			  .sh_addr = HEXO_PORTABLE_BASE, .sh_size = 16,
			  .sh_offset = offsetof(struct sample, data) },
			{ .sh_type = SHT_SYMTAB, .sh_link = 3,
			  .sh_offset = offsetof(struct sample, symbols),
			  .sh_size = sizeof(s.symbols) },
			{ .sh_type = SHT_STRTAB,
			  .sh_offset = offsetof(struct sample, names),
			  .sh_size = sizeof(s.names) },
		},
		.symbols = {
			{ 0 },
			{ .st_name = NAME_B, .st_shndx = 1, .st_size = 8,
			  .st_value = HEXO_PORTABLE_BASE + 8 },
			{ .st_name = NAME_A, .st_shndx = 1, .st_size = 8,
			  .st_value = HEXO_PORTABLE_BASE },
			{ .st_name = NAME_PRIVATE, .st_shndx = 1,
			  .st_value = HEXO_TEXT_BASE },
		},
		.data = "portable bytes",
		.note = {
			.head = { sizeof(HEXO_NOTE_NAME),
				  sizeof(struct hexo_note), HEXO_NOTE_BUILD },
			.name = HEXO_NOTE_NAME,
		},
	};

	s.header.e_ident[EI_CLASS] = ELFCLASS64;
	s.header.e_ident[EI_DATA] = ELFDATA2LSB;
	memcpy(s.names, names, sizeof(names));
	return s;
}

static int parse(struct tc_elf *e, const struct sample *s, size_t len)
{
	struct hexo_error err;
	char *copy = malloc(len);

	memcpy(copy, s, len);
	return tc_elf_parse(e, "x.elf", copy, len, &err);
}

static void assert_broken(const struct sample *s, size_t len)
{
	struct tc_elf e;

	assert_true(parse(&e, s, len) < 0);
	tc_elf_close(&e);
}

static void every_truncation_is_refused(void **unused)
{
	struct sample s = make();
	size_t end = offsetof(struct sample, note) + sizeof(s.note);

	for (size_t len = 1; len < end; len++)
		assert_broken(&s, len);
}

static void offsets_outside_are_refused(void **unused)
{
	struct sample s = make();

	s.header.e_shoff = UINT64_MAX - 8;
	assert_broken(&s, sizeof(s));
	s = make();
	s.header.e_phnum = 0xffff;
	assert_broken(&s, sizeof(s));
	s = make();
	s.segments[0].p_offset = sizeof(s);
	assert_broken(&s, sizeof(s));
	s = make();
	s.sections[1].sh_size = UINT64_MAX;
	assert_broken(&s, sizeof(s));
	s = make();
	s.sections[2].sh_size = sizeof(s) * 8;
	assert_broken(&s, sizeof(s));
	s = make();
	s.symbols[1].st_name = sizeof(s.names);
	assert_broken(&s, sizeof(s));
	s = make();
	s.names[sizeof(s.names) - 1] = 'x';
	assert_broken(&s, sizeof(s));
	s = make();
	s.header.e_shstrndx = 9;
	assert_broken(&s, sizeof(s));
}

static int check_segments(const struct sample *s)
{
	cleanup_elf struct tc_elf e = { 0 };
	struct hexo_error err;

	assert_int_equal(parse(&e, s, sizeof(*s)), 0);
	return tc_elfcheck_segments(&e, EM_X86_64, &err);
}

static void segments_obey_the_map(void **unused)
{
	struct sample s = make();

	assert_int_equal(check_segments(&s), 0);
	s.segments[1].p_flags |= PF_X;
	assert_true(check_segments(&s) < 0); /* writable and executable */
	s = make();
	s.segments[1].p_vaddr = HEXO_CONTROL_BASE;
	assert_true(check_segments(&s) < 0);
	s = make();
	s.segments[0].p_vaddr = HEXO_PORTABLE_BASE;
	assert_true(check_segments(&s) < 0); /* code in portable memory */
	s = make();
	s.segments[1].p_memsz = UINT64_MAX;
	assert_true(check_segments(&s) < 0);
	s = make();
	s.segments[2].p_type = PT_DYNAMIC;
	assert_true(check_segments(&s) < 0);
	s = make();
	s.header.e_machine = EM_AARCH64;
	assert_true(check_segments(&s) < 0);
}

static int compare(const struct sample *s, const struct sample *t,
		   struct hexo_error *err)
{
	cleanup_elf struct tc_elf a = { 0 }, b = { 0 };

	assert_int_equal(parse(&a, s, sizeof(*s)), 0);
	assert_int_equal(parse(&b, t, sizeof(*t)), 0);
	return tc_elfcheck_same(&a, &b, err);
}

static void private_differences_are_fine(void **unused)
{
	struct sample s = make(), t = make();
	struct hexo_error err;

	t.symbols[3].st_value += 64;
	t.symbols[3].st_size = 5;
	assert_int_equal(compare(&s, &t, &err), 0);
}

static void portable_differences_are_named(void **unused)
{
	struct sample s = make(), t = make();
	struct hexo_error err;

	t.symbols[1].st_value += 8;
	assert_true(compare(&s, &t, &err) < 0);
	assert_non_null(strstr(err.text, "b is at 0x10000008"));
	t = make();
	t.symbols[2].st_size = 4;
	assert_true(compare(&s, &t, &err) < 0);
	t = make();
	t.symbols[1].st_shndx = SHN_UNDEF;
	assert_true(compare(&s, &t, &err) < 0);
	assert_non_null(strstr(err.text, "b is only in"));
	t = make();
	t.data[9] ^= 1;
	assert_true(compare(&s, &t, &err) < 0);
	assert_non_null(strstr(err.text, "0x10000009"));
}

static uint64_t hash_of(const struct sample *s)
{
	cleanup_elf struct tc_elf e = { 0 };

	assert_int_equal(parse(&e, s, sizeof(*s)), 0);
	return tc_elfcheck_layout_hash(&e);
}

static void layout_hash_covers_portable_symbols(void **unused)
{
	struct sample s = make(), t = make();

	/* XXH64 of "0000000010000000 a\n0000000010000008 b\n" */
	assert_int_equal(hash_of(&s), UINT64_C(0xdfe66925b78ffe3d));
	t.symbols[3].st_value += 8;
	t.symbols[1] = s.symbols[2];
	t.symbols[2] = s.symbols[1];
	assert_int_equal(hash_of(&s), hash_of(&t));
	t.symbols[1].st_name = NAME_PRIVATE;
	assert_int_not_equal(hash_of(&s), hash_of(&t));
}

static void note_is_filled_in(void **unused)
{
	cleanup_elf struct tc_elf e = { 0 };
	struct hexo_note note = { .layout_hash = 7 };
	struct hexo_error err;
	struct sample s = make();

	assert_int_equal(parse(&e, &s, sizeof(s)), 0);
	assert_int_equal(tc_elfcheck_set_note(&e, &note, &err), 0);
	assert_memory_equal(e.data + offsetof(struct sample, note.note), &note,
			    sizeof(note));
	tc_elf_close(&e);
	s.note.head.n_type = 2;
	assert_int_equal(parse(&e, &s, sizeof(s)), 0);
	assert_true(tc_elfcheck_set_note(&e, &note, &err) < 0);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(offsets_outside_are_refused),
		cmocka_unit_test(segments_obey_the_map),
		cmocka_unit_test(private_differences_are_fine),
		cmocka_unit_test(portable_differences_are_named),
		cmocka_unit_test(layout_hash_covers_portable_symbols),
		cmocka_unit_test(note_is_filled_in),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
