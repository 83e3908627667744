/* SPDX-License-Identifier: Apache-2.0 */
#include <dwarf.h>
#include <stdlib.h>
#include <string.h>

#include "base/base.h"
#include "trace/trace.h"

/* Functions inlined into each other: more are left out. */
enum { SCOPES_MAX = 64 };

static struct trace_frame *new_frame(struct trace *t, uint64_t pc)
{
	if (t->n == t->room) {
		t->room = t->room ? 2 * t->room : 64;
		t->frames =
			base_realloc(t->frames, t->room * sizeof(*t->frames));
	}
	t->frames[t->n] = (struct trace_frame){ .pc = pc };
	return &t->frames[t->n++];
}

/* The compiler's suffixes (.resume, .7) begin with what no name in C has. */
static char *plain_name(const char *name)
{
	const char *dot = strchr(name + (name[0] == '.'), '.');

	return dot ? base_printf("%.*s", (int)(dot - name), name)
		   : base_strdup(name);
}

static bool find_unit(const struct trace *t, uint64_t pc, Dwarf_Die *unit)
{
	Dwarf_CU *cu = NULL;
	uint8_t type;

	while (t->lines &&
	       dwarf_get_units(t->lines, cu, &cu, NULL, &type, unit, NULL) == 0)
		if (type == DW_UT_compile && dwarf_haspc(unit, pc) == 1)
			return true;
	return false;
}

/* As the compiler was given it, if that was below where it ran. */
static char *file_name(Dwarf_Die *unit, const char *path)
{
	Dwarf_Attribute attribute;
	const char *dir =
		dwarf_formstring(dwarf_attr(unit, DW_AT_comp_dir, &attribute));
	size_t len = dir ? strlen(dir) : 0;

	if (len && strncmp(path, dir, len) == 0 && path[len] == '/')
		path += len + 1;
	return base_strdup(path);
}

static void set_line(struct trace_frame *f, Dwarf_Die *unit, uint64_t pc)
{
	Dwarf_Line *line = dwarf_getsrc_die(unit, pc);
	const char *path = line ? dwarf_linesrc(line, NULL, NULL) : NULL;

	if (!path || dwarf_lineno(line, &f->line) < 0)
		return;
	f->file = file_name(unit, path);
}

static int unsigned_attribute(Dwarf_Die *die, unsigned name, uint64_t *value)
{
	Dwarf_Attribute attribute;
	Dwarf_Word word = 0;
	int r = dwarf_formudata(dwarf_attr(die, name, &attribute), &word);

	*value = word;
	return r;
}

/* Where an inlined function was called from. */
static void set_call(struct trace_frame *f, Dwarf_Die *unit, Dwarf_Die *die)
{
	uint64_t file, line;
	Dwarf_Files *files;
	const char *path;
	size_t n;

	if (unsigned_attribute(die, DW_AT_call_file, &file) < 0 ||
	    unsigned_attribute(die, DW_AT_call_line, &line) < 0 ||
	    dwarf_getsrcfiles(unit, &files, &n) < 0 || file >= n)
		return;
	path = dwarf_filesrc(files, file, NULL, NULL);
	if (!path)
		return;
	f->file = file_name(unit, path);
	f->line = (int)line;
}

/* The first child that holds pc. */
static bool find_child(Dwarf_Die *parent, uint64_t pc, Dwarf_Die *child)
{
	int r = dwarf_child(parent, child);

	for (; r == 0; r = dwarf_siblingof(child, child))
		if (dwarf_haspc(child, pc) == 1)
			return true;
	return false;
}

/* The function at pc and what was inlined there, outermost first. (libdw
 * itself finds no function that comes from another unit, as a clone's do.) */
static int find_scopes(Dwarf_Die *unit, uint64_t pc, Dwarf_Die *at)
{
	Dwarf_Die die = *unit, child;
	int n = 0;

	while (n < SCOPES_MAX && find_child(&die, pc, &child)) {
		int tag = dwarf_tag(&child);

		if (tag == DW_TAG_subprogram ||
		    tag == DW_TAG_inlined_subroutine)
			at[n++] = child;
		die = child;
	}
	return n;
}

static void set_name(struct trace_frame *f, const char *name)
{
	if (!f->function && name)
		f->function = plain_name(name);
}

void trace_add(struct trace *t, uint64_t pc, bool exact)
{
	struct trace_frame *f = new_frame(t, pc);
	Dwarf_Die unit, scopes[SCOPES_MAX];
	GElf_Off offset;
	GElf_Sym symbol;
	int n = 0;

	pc -= !exact;
	if (find_unit(t, pc, &unit)) {
		set_line(f, &unit, pc);
		n = find_scopes(&unit, pc, scopes);
	}
	while (n-- > 0) {
		set_name(f, dwarf_diename(&scopes[n]));
		if (dwarf_tag(&scopes[n]) == DW_TAG_subprogram)
			break;
		f->inlined = true;
		f = new_frame(t, f->pc);
		set_call(f, &unit, &scopes[n]);
	}
	set_name(f, dwfl_module_addrinfo(t->module, pc, &offset, &symbol, NULL,
					 NULL, NULL));
}
