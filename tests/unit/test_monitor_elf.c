/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/elf.c monitor/memory.c monitor/fetch_guest.c
// LINK: base/error.c
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <elf.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "monitor/elf.h"

#define MACHINE EM_X86_64
#define DATA    ((uint64_t)HEXO_PORTABLE_BASE)

/* A small ELF as hexo-cc writes them; tests break it field by field. */
struct file {
	Elf64_Ehdr head;
	Elf64_Phdr segment[4]; /* note, text, constants, data */
	struct __attribute__((packed)) {
		Elf64_Nhdr head;
		char name[8];
		struct hexo_note note;
	} note;
	Elf64_Shdr section[3]; /* none, symbols, names */
	Elf64_Sym symbol[3];
	char names[16];
	char text[64], constants[32], data[32];
};

static struct file good(void)
{
	struct file f = {
		.head = {
			.e_ident = { ELFMAG0, ELFMAG1, ELFMAG2, ELFMAG3,
				     ELFCLASS64, ELFDATA2LSB, EV_CURRENT },
			.e_type = ET_EXEC,
			.e_machine = MACHINE,
			.e_version = EV_CURRENT,
			.e_entry = HEXO_TEXT_BASE + 8,
			.e_phoff = offsetof(struct file, segment),
			.e_shoff = offsetof(struct file, section),
			.e_ehsize = sizeof(Elf64_Ehdr),
			.e_phentsize = sizeof(Elf64_Phdr),
			.e_phnum = 4,
			.e_shentsize = sizeof(Elf64_Shdr),
			.e_shnum = 3,
		},
		.segment = {
			{ .p_type = PT_NOTE, .p_flags = PF_R,
			  .p_offset = offsetof(struct file, note),
			  .p_filesz = sizeof(f.note) },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_X,
			  .p_offset = offsetof(struct file, text),
			  .p_vaddr = HEXO_TEXT_BASE,
			  .p_filesz = sizeof(f.text),
			  .p_memsz = sizeof(f.text) },
			{ .p_type = PT_LOAD, .p_flags = PF_R,
			  .p_offset = offsetof(struct file, constants),
			  .p_vaddr = DATA,
			  .p_filesz = sizeof(f.constants),
			  .p_memsz = sizeof(f.constants) },
			{ .p_type = PT_LOAD, .p_flags = PF_R | PF_W,
			  .p_offset = offsetof(struct file, data),
			  .p_vaddr = DATA + HEXO_PAGE_SIZE,
			  .p_filesz = sizeof(f.data),
			  .p_memsz = 3 * HEXO_PAGE_SIZE },
		},
		.note = {
			{ sizeof(HEXO_NOTE_NAME), sizeof(struct hexo_note),
			  HEXO_NOTE_BUILD },
			HEXO_NOTE_NAME,
			{ HEXO_IMAGE_FORMAT, HEXO_LAYOUT_VERSION,
			  HEXO_ABI_VERSION, HEXO_FRAME_VERSION,
			  { 1, 2 }, 3 },
		},
		.section = {
			{ 0 },
			{ .sh_type = SHT_SYMTAB, .sh_link = 2,
			  .sh_offset = offsetof(struct file, symbol),
			  .sh_size = sizeof(f.symbol),
			  .sh_entsize = sizeof(Elf64_Sym) },
			{ .sh_type = SHT_STRTAB,
			  .sh_offset = offsetof(struct file, names),
			  .sh_size = sizeof(f.names) },
		},
		.symbol = {
			{ 0 },
			{ .st_name = 1, .st_value = HEXO_TEXT_BASE,
			  .st_size = 16,
			  .st_info = ELF64_ST_INFO(STB_GLOBAL, STT_FUNC) },
			{ .st_name = 5, .st_value = HEXO_TEXT_BASE + 16,
			  .st_size = 48,
			  .st_info = ELF64_ST_INFO(STB_LOCAL, STT_FUNC) },
		},
		.names = "\0one\0two",
		.text = "text", .constants = "constants", .data = "data",
	};

	return f;
}

/* Opens the first size bytes of the file; *fd stays open for the test. */
static int open_bytes(const struct file *f, size_t size, struct vm_elf *elf,
		      struct hexo_error *err)
{
	int fd = memfd_create("elf", 0);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, f, size), size);
	*err = (struct hexo_error){ 0 };
	return vm_elf_open(elf, fd, MACHINE, err);
}

static void refuse(const struct file *f, const char *why)
{
	struct hexo_error err;
	struct vm_elf elf;

	assert_int_equal(open_bytes(f, sizeof(*f), &elf, &err), -ENOEXEC);
	if (!strstr(err.text, why))
		fail_msg("'%s' does not say '%s'", err.text, why);
	close(elf.fd);
}

static void loads_a_good_one(void **state)
{
	struct file f = good();
	struct vm_memory m;
	struct hexo_error err;
	struct vm_elf elf;
	const char *p;

	assert_int_equal(open_bytes(&f, sizeof(f), &elf, &err), 0);
	assert_int_equal(elf.entry, HEXO_TEXT_BASE + 8);
	assert_int_equal(elf.note.build_id[1], 2);
	assert_int_equal(vm_memory_create(&m, HEXO_MEMORY_MIN, HEXO_STACK_MIN,
					  false, &err),
			 0);
	assert_int_equal(vm_elf_map(&elf, &m, &err), 0);
	assert_int_equal(vm_elf_load(&elf, &m, VM_LOAD_FIXED, &err), 0);
	assert_string_equal(vm_memory_at(&m, vm_gva(HEXO_TEXT_BASE), 64, false),
			    "text");
	assert_string_equal(vm_memory_at(&m, vm_gva(DATA), 32, false),
			    "constants");
	/* State comes only with a start: a moved VM brings its own. */
	p = vm_memory_at(&m, vm_gva(DATA + HEXO_PAGE_SIZE), 32, true);
	assert_string_equal(p, "");
	assert_int_equal(vm_elf_load(&elf, &m, VM_LOAD_STATE, &err), 0);
	assert_string_equal(p, "data");
	assert_null(vm_memory_at(&m, vm_gva(HEXO_TEXT_BASE), 1, true));
	assert_null(vm_memory_at(&m, vm_gva(DATA), 1, true));
	assert_non_null(
		vm_memory_at(&m, vm_gva(DATA + 4 * HEXO_PAGE_SIZE), 1, true));
	vm_memory_destroy(&m);
	close(elf.fd);
}

static void every_truncation_is_refused(void **state)
{
	struct file f = good();
	struct hexo_error err;
	struct vm_elf elf;

	for (size_t size = 0; size < sizeof(f); size++) {
		assert_int_equal(open_bytes(&f, size, &elf, &err), -ENOEXEC);
		assert_true(err.text[0] != '\0');
		close(elf.fd);
	}
}

static void wrong_heads_are_refused(void **state)
{
	struct file f;

#define REFUSE(field, value, why)       \
	do {                            \
		f = good();             \
		f.head.field = (value); \
		refuse(&f, why);        \
	} while (0)
	REFUSE(e_ident[0], 0, "not an ELF");
	REFUSE(e_ident[EI_CLASS], ELFCLASS32, "64-bit");
	REFUSE(e_ident[EI_DATA], ELFDATA2MSB, "little-endian");
	REFUSE(e_machine, EM_AARCH64, "machine 183");
	REFUSE(e_type, ET_DYN, "not an executable");
	REFUSE(e_phnum, 0, "program headers");
	REFUSE(e_phnum, 65535, "program headers");
	REFUSE(e_phentsize, 0, "program headers");
	REFUSE(e_phoff, sizeof(f), "outside the file");
	REFUSE(e_phoff, UINT64_MAX - 16, "outside the file");
	REFUSE(e_entry, 0, "entry");
	REFUSE(e_entry, DATA, "entry");
	REFUSE(e_entry, HEXO_TEXT_BASE + sizeof(f.text), "entry");
#undef REFUSE
}

static void wrong_segments_are_refused(void **state)
{
	struct file f;

#define REFUSE(index, field, value, why)          \
	do {                                      \
		f = good();                       \
		f.segment[index].field = (value); \
		refuse(&f, why);                  \
	} while (0)
	REFUSE(1, p_flags, PF_R | PF_W | PF_X, "writable and executable");
	REFUSE(1, p_flags, PF_X, "not readable");
	REFUSE(1, p_vaddr, HEXO_TEXT_BASE + 1, "wrong address");
	REFUSE(1, p_vaddr, 0, "outside the address map");
	REFUSE(1, p_vaddr, HEXO_TABLES_BASE, "outside the address map");
	REFUSE(1, p_vaddr, HEXO_CONTROL_BASE, "outside the address map");
	REFUSE(1, p_vaddr, -(uint64_t)HEXO_PAGE_SIZE, "wrong address");
	REFUSE(1, p_memsz, UINT64_MAX, "wrong address");
	REFUSE(1, p_memsz, HEXO_PRIVATE_END, "outside the address map");
	REFUSE(1, p_filesz, 65, "outside the file");
	REFUSE(1, p_offset, sizeof(f), "outside the file");
	REFUSE(1, p_offset, UINT64_MAX, "outside the file");
	REFUSE(2, p_flags, PF_R | PF_X, "outside the address map");
	REFUSE(2, p_memsz, HEXO_PAGE_SIZE + 1, "overlaps");
	REFUSE(3, p_vaddr, HEXO_TEXT_BASE + HEXO_PAGE_SIZE, "out of order");
	REFUSE(3, p_memsz, HEXO_MEMORY_MAX, "wrong address");
	REFUSE(3, p_type, PT_INTERP, "dynamically linked");
#undef REFUSE
}

static void wrong_notes_are_refused(void **state)
{
	struct file f;

#define REFUSE(field, value, why)       \
	do {                            \
		f = good();             \
		f.note.field = (value); \
		refuse(&f, why);        \
	} while (0)
	REFUSE(head.n_type, 2, "no build note");
	REFUSE(name[0], 'h', "no build note");
	REFUSE(head.n_descsz, 36, "36 bytes");
	REFUSE(head.n_descsz, UINT32_MAX, "longer than");
	REFUSE(head.n_namesz, UINT32_MAX, "longer than");
	REFUSE(note.image_format, 99, "image format version 99");
	REFUSE(note.layout_version, 99, "address map version 99");
	REFUSE(note.abi_version, 99, "guest ABI version 99");
	REFUSE(note.frame_version, 99, "frame record version 99");
#undef REFUSE
	f = good();
	f.segment[0].p_filesz = 1 << 20;
	refuse(&f, "notes take");
	f = good();
	f.segment[0].p_offset = sizeof(f);
	refuse(&f, "outside the file");
	f = good();
	f.segment[0].p_type = PT_NULL;
	refuse(&f, "no build note");
}

static void no_altered_bit_is_a_danger(void **state)
{
	struct file f = good();

	/* Some bits mean nothing; what opens must also map and load. */
	for (size_t bit = 0; bit < 8 * offsetof(struct file, text); bit++) {
		char *byte = (char *)&f + bit / 8;
		struct vm_memory m;
		struct hexo_error err;
		struct vm_elf elf;
		char text[160];

		*byte ^= 1 << bit % 8;
		if (open_bytes(&f, sizeof(f), &elf, &err) == 0) {
			assert_int_equal(vm_memory_create(&m, HEXO_MEMORY_MIN,
							  HEXO_STACK_MIN, false,
							  &err),
					 0);
			if (vm_elf_map(&elf, &m, &err) == 0) {
				assert_int_equal(vm_elf_load(&elf, &m,
							     VM_LOAD_FIXED,
							     &err),
						 0);
				assert_int_equal(vm_elf_load(&elf, &m,
							     VM_LOAD_STATE,
							     &err),
						 0);
			}
			vm_memory_destroy(&m);
			vm_elf_symbol(&elf, HEXO_TEXT_BASE + 20, text,
				      sizeof(text));
		}
		close(elf.fd);
		*byte ^= 1 << bit % 8;
	}
}

static void needs_memory_for_its_data(void **state)
{
	struct file f = good();
	struct hexo_error err;
	struct vm_memory m;
	struct vm_elf elf;

	f.segment[3].p_memsz = HEXO_MEMORY_MIN;
	assert_int_equal(open_bytes(&f, sizeof(f), &elf, &err), 0);
	assert_int_equal(vm_memory_create(&m, HEXO_MEMORY_MIN, HEXO_STACK_MIN,
					  false, &err),
			 0);
	assert_int_equal(vm_elf_map(&elf, &m, &err), -ENOMEM);
	assert_non_null(strstr(err.text, "--memory"));
	vm_memory_destroy(&m);
	close(elf.fd);
}

static void names_functions(void **state)
{
	struct file f = good();
	struct hexo_error err;
	struct vm_elf elf;
	char text[160];

	f.names[6] = '\n'; /* "two" */
	assert_int_equal(open_bytes(&f, sizeof(f), &elf, &err), 0);
	vm_elf_symbol(&elf, HEXO_TEXT_BASE + 4, text, sizeof(text));
	assert_string_equal(text, "one+0x4");
	vm_elf_symbol(&elf, HEXO_TEXT_BASE + 16, text, sizeof(text));
	assert_string_equal(text, "t?o+0x0");
	vm_elf_symbol(&elf, HEXO_TEXT_BASE + 64, text, sizeof(text));
	assert_string_equal(text, "");
	close(elf.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(loads_a_good_one),
		cmocka_unit_test(every_truncation_is_refused),
		cmocka_unit_test(wrong_heads_are_refused),
		cmocka_unit_test(wrong_segments_are_refused),
		cmocka_unit_test(wrong_notes_are_refused),
		cmocka_unit_test(no_altered_bit_is_a_danger),
		cmocka_unit_test(needs_memory_for_its_data),
		cmocka_unit_test(names_functions),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
