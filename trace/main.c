/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "trace/trace.h"

enum { SHOWN_MAX = 64, EXIT_USAGE = 2 };

static int no_lookup(Dwfl_Module *module, void **data, const char *name,
		     Dwarf_Addr base, const char *file, const char *link,
		     GElf_Word crc, char **found)
{
	return -1;
}

static int no_elf(Dwfl_Module *module, void **data, const char *name,
		  Dwarf_Addr base, char **file, Elf **elf)
{
	return -1;
}

/* Nothing is looked for anywhere: there are the two files. */
static const Dwfl_Callbacks callbacks = {
	.find_elf = no_elf,
	.find_debuginfo = no_lookup,
	.section_address = dwfl_offline_section_address,
};

int trace_open(struct trace *t, int elf, int lines, struct hexo_error *err)
{
	int fd = dup(elf); /* libdwfl closes it */

	t->dwfl = dwfl_begin(&callbacks);
	if (!t->dwfl || fd < 0)
		return hexo_fail(err, -EIO, "cannot begin: %s",
				 dwfl_errmsg(-1));
	dwfl_report_begin(t->dwfl);
	t->module = dwfl_report_elf(t->dwfl, "job", "job", fd, 0, true);
	if (!t->module || dwfl_report_end(t->dwfl, NULL, NULL) != 0)
		return hexo_fail(err, -ENOEXEC, "cannot read the ELF: %s",
				 dwfl_errmsg(-1));
	t->lines = lines < 0 ? NULL : dwarf_begin(lines, DWARF_C_READ);
	if (lines >= 0 && !t->lines)
		return hexo_fail(err, -ENOEXEC,
				 "cannot read the line tables: %s",
				 dwarf_errmsg(-1));
	return 0;
}

void trace_close(struct trace *t)
{
	for (size_t k = 0; k < t->n; k++) {
		free(t->frames[k].function);
		free(t->frames[k].file);
	}
	free(t->frames);
	dwarf_end(t->lines);
	dwfl_end(t->dwfl);
}

/* Names come from files that anyone may have made. */
static void print_name(const char *name)
{
	for (; *name; name++)
		putchar(iscntrl((unsigned char)*name) ? '?' : *name);
}

static void print_frame(size_t number, const struct trace_frame *f)
{
	printf("    #%-2zu 0x%012lx in ", number, f->pc);
	print_name(f->function ? f->function : "??");
	if (f->file) {
		putchar(' ');
		print_name(f->file);
	}
	if (f->file && f->line)
		printf(":%d", f->line);
	if (f->inlined)
		printf(" (inlined)");
	putchar('\n');
}

static void print_all(const struct trace *t)
{
	size_t shown = t->n < SHOWN_MAX ? t->n : SHOWN_MAX;

	for (size_t k = 0; k < shown; k++)
		print_frame(k, &t->frames[k]);
	if (t->more)
		printf("    ... %zu more, or more than that\n", t->n - shown);
	else if (t->n > shown)
		printf("    ... %zu more\n", t->n - shown);
}

/* From standard input, as hexo-vm sent it. */
static int read_fault(struct trace *t, struct hexo_error *err)
{
	struct hexo_msg_fault *f = &t->fault;
	int r = base_read_all(STDIN_FILENO, f, sizeof(*f));

	if (r == 0 && (f->stack_len > HEXO_FAULT_STACK ||
		       f->registers > HEXO_FAULT_REGISTERS || !f->registers))
		r = -EPROTO;
	if (r == 0 && f->stack_len)
		r = base_read_all(STDIN_FILENO, t->stack, f->stack_len);
	if (r < 0)
		return hexo_fail(err, r, "cannot read the fault: %s",
				 strerror(-r));
	return 0;
}

static int run(const char *elf, const char *lines, struct hexo_error *err)
{
	static struct trace t;
	uint64_t elf_fd, lines_fd = 0;
	int r;

	if (base_parse_u64(elf, &elf_fd) < 0 ||
	    (lines && base_parse_u64(lines, &lines_fd) < 0))
		return hexo_fail(err, -EINVAL, "descriptors are numbers");
	r = trace_sandbox_enter(err);
	if (r == 0)
		r = read_fault(&t, err);
	if (r == 0)
		r = trace_open(&t, (int)elf_fd, lines ? (int)lines_fd : -1,
			       err);
	if (r == 0) {
		trace_unwind(&t);
		trace_select(&t);
		print_all(&t);
	}
	trace_close(&t);
	return r;
}

int main(int argc, char **argv)
{
	struct hexo_error err = { 0 };

	if (argc < 2 || argc > 3) {
		fputs("usage: hexo-trace ELF-FD [LINES-FD] < FAULT\n"
		      "Prints the calls that led to a fault; run by hexo.\n",
		      stderr);
		return EXIT_USAGE;
	}
	if (run(argv[1], argv[2], &err) == 0)
		return 0;
	fprintf(stderr, "hexo-trace: %s\n", err.text);
	return 1;
}
