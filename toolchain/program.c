/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/program.h"

#include <errno.h>
#include <llvm-c/Linker.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "toolchain/bitcode.h"
#include "toolchain/pass/ir.h"

enum { FILE_MAX = 1 << 30, REPORT_MAX = 50 };

static const char *unit_name(const struct tc_program *p, size_t unit)
{
	return unit == TC_NO_UNIT ? "the run-time system" : p->units[unit].name;
}

static int load_member(struct tc_program *p, size_t archive, size_t member,
		       struct hexo_error *err);

static int want(struct tc_program *p, const char *name, bool optional,
		size_t unit, struct hexo_error *err)
{
	struct tc_symbol *s = tc_symbols_get(&p->symbols, name);

	if (s->state == TC_LAZY) {
		size_t archive = s->archive, member = s->member;

		s->state = TC_WANTED;
		s->unit = unit;
		return load_member(p, archive, member, err);
	}
	if (s->state == TC_UNKNOWN || (s->state == TC_OPTIONAL && !optional)) {
		s->state = optional ? TC_OPTIONAL : TC_WANTED;
		s->unit = unit;
	}
	return 0;
}

/* A weak reference: does not take anything out of an archive. */
static void mention(struct tc_program *p, const char *name, size_t unit)
{
	struct tc_symbol *s = tc_symbols_get(&p->symbols, name);

	if (s->state == TC_UNKNOWN) {
		s->state = TC_OPTIONAL;
		s->unit = unit;
	}
}

static void report_duplicate(struct tc_program *p, const char *name,
			     size_t first, size_t second)
{
	fprintf(stderr,
		"hexo-cc: %s: duplicate definition of %s; the first is in %s\n",
		unit_name(p, second), name, unit_name(p, first));
	p->failed = true;
}

static void define(struct tc_program *p, const char *name,
		   enum tc_symbol_state state, size_t unit)
{
	struct tc_symbol *s = tc_symbols_get(&p->symbols, name);

	if (s->state == TC_DEFINED && state == TC_DEFINED)
		report_duplicate(p, name, s->unit, unit);
	if (s->state >= state && s->state >= TC_WEAK)
		return;
	s->state = state;
	s->unit = unit;
}

/* Enters what a unit defines, then what it refers to: a unit's own
 * definitions come before an archive's. */
static int enter_symbols(struct tc_program *p, size_t unit,
			 struct hexo_error *err)
{
	LLVMModuleRef m = p->units[unit].module;

	for (struct tc_bitcode_symbol s = tc_bitcode_first(m); s.value;
	     s = tc_bitcode_next(m, s)) {
		if (s.kind == TC_BITCODE_DEFINED)
			define(p, s.name, TC_DEFINED, unit);
		else if (s.kind == TC_BITCODE_WEAK)
			define(p, s.name, TC_WEAK, unit);
		else if (s.kind == TC_BITCODE_COMMON)
			define(p, s.name, TC_COMMON, unit);
	}
	for (struct tc_bitcode_symbol s = tc_bitcode_first(m); s.value;
	     s = tc_bitcode_next(m, s)) {
		int r = 0;

		if (s.kind == TC_BITCODE_WANTED)
			r = want(p, s.name, false, unit, err);
		else if (s.kind == TC_BITCODE_OPTIONAL)
			mention(p, s.name, unit);
		if (r < 0)
			return r;
	}
	return 0;
}

/* name and data (if any) become the unit's, or are freed. */
static int add_unit(struct tc_program *p, char *name, char *data,
		    const char *bytes, size_t len, struct tc_unit from,
		    struct hexo_error *err)
{
	LLVMModuleRef m;
	int r = tc_bitcode_read(p->context, name, bytes, len, &m, err);

	if (r < 0) {
		free(name);
		free(data);
		return r;
	}
	p->units = base_realloc(p->units, (p->n_units + 1) * sizeof(*p->units));
	from.name = name;
	from.module = m;
	from.data = data;
	p->units[p->n_units++] = from;
	return enter_symbols(p, p->n_units - 1, err);
}

static char *member_name(const struct tc_archive *a, const struct tc_member *m)
{
	return base_printf("%s(%s)", a->path, m->name);
}

static int load_member(struct tc_program *p, size_t archive, size_t member,
		       struct hexo_error *err)
{
	struct tc_archive *a = &p->archives[archive];
	struct tc_member *m = &a->members[member];

	if (m->loaded)
		return 0;
	m->loaded = true;
	return add_unit(p, member_name(a, m), NULL, m->data, m->size,
			(struct tc_unit){ .archive = archive,
					  .member = member },
			err);
}

/* An archive offers a symbol: taken at once where it is wanted already. */
static int offer(struct tc_program *p, const char *name, size_t archive,
		 size_t member, struct hexo_error *err)
{
	struct tc_symbol *s = tc_symbols_get(&p->symbols, name);

	if (s->state == TC_WANTED)
		return load_member(p, archive, member, err);
	if (s->state == TC_UNKNOWN || s->state == TC_OPTIONAL) {
		s->state = TC_LAZY;
		s->archive = archive;
		s->member = member;
	}
	return 0;
}

/* A member that the index does not know: `ar` without LLVM's plugin does not
 * see the symbols of bitcode. */
static int offer_member(struct tc_program *p, size_t archive, size_t member,
			struct hexo_error *err)
{
	struct tc_archive *a = &p->archives[archive];
	struct tc_member *m = &a->members[member];
	cleanup_free char *name = member_name(a, m);
	LLVMModuleRef module;
	int r = 0;

	if (tc_bitcode_kind(m->data, m->size) != TC_FILE_BITCODE)
		return 0;
	r = tc_bitcode_read(p->context, name, m->data, m->size, &module, err);
	if (r < 0)
		return r;
	for (struct tc_bitcode_symbol s = tc_bitcode_first(module);
	     s.value && r == 0; s = tc_bitcode_next(module, s))
		if (tc_bitcode_defines(s.kind))
			r = offer(p, s.name, archive, member, err);
	LLVMDisposeModule(module);
	return r;
}

static int add_archive(struct tc_program *p, const char *path, char *data,
		       size_t len, bool whole, struct hexo_error *err)
{
	size_t n = p->n_archives;
	struct tc_archive *a;
	int r;

	p->archives = base_realloc(p->archives, (n + 1) * sizeof(*p->archives));
	p->n_archives++;
	r = tc_archive_open(&p->archives[n], path, data, len, err);
	a = &p->archives[n];
	for (size_t k = 0; whole && k < a->n_members && r == 0; k++)
		r = load_member(p, n, k, err);
	for (size_t k = 0; k < a->n_index && r == 0; k++)
		r = offer(p, a->index[k].symbol, n, a->index[k].member, err);
	for (size_t k = 0; k < a->n_members && r == 0; k++)
		if (!a->members[k].indexed && !a->members[k].loaded)
			r = offer_member(p, n, k, err);
	return r;
}

int tc_program_add_file(struct tc_program *p, const char *path, bool whole,
			struct hexo_error *err)
{
	char *data;
	size_t len;
	int r = base_read_file(path, FILE_MAX, &data, &len, err);

	if (r < 0)
		return r;
	if (tc_bitcode_kind(data, len) == TC_FILE_ARCHIVE)
		return add_archive(p, path, data, len, whole, err);
	return add_unit(p, base_strdup(path), data, data, len,
			(struct tc_unit){ .archive = TC_NO_ARCHIVE }, err);
}

/* An archive of another compiler's objects is passed over, as linkers do. */
static bool is_foreign(const char *path)
{
	struct hexo_error ignored;
	struct tc_archive a = { 0 };
	char *data;
	size_t len;
	bool foreign = false;

	if (base_read_file(path, FILE_MAX, &data, &len, &ignored) < 0)
		return false;
	if (tc_archive_open(&a, path, data, len, &ignored) == 0 && a.n_members)
		foreign = tc_bitcode_kind(a.members[0].data,
					  a.members[0].size) == TC_FILE_ELF;
	tc_archive_free(&a);
	return foreign;
}

int tc_program_add_library(struct tc_program *p, const char *name, bool whole,
			   const struct tc_strings *dirs,
			   struct hexo_error *err)
{
	cleanup_free char *foreign = NULL;

	for (size_t k = 0; k < dirs->n; k++) {
		cleanup_free char *path = NULL;

		if (name[0] == ':')
			path = base_printf("%s/%s", dirs->at[k], name + 1);
		else
			path = base_printf("%s/lib%s.a", dirs->at[k], name);
		if (access(path, R_OK) < 0)
			continue;
		if (!is_foreign(path))
			return tc_program_add_file(p, path, whole, err);
		if (!foreign)
			foreign = base_take_ptr(path);
	}
	if (foreign)
		return hexo_fail(err, -ENOENT,
				 "-l%s: %s was made by another compiler; build "
				 "it with hexo-cc",
				 name, foreign);
	return hexo_fail(err, -ENOENT,
			 "-l%s: no lib%s.a found in any -L "
			 "directory",
			 name, name);
}

int tc_program_want(struct tc_program *p, const char *name, bool optional,
		    struct hexo_error *err)
{
	return want(p, name, optional, TC_NO_UNIT, err);
}

/* Is the symbol that a unit wants still referred to in m? The runtime's units
 * are not part of m if they stay apart. */
static bool is_used(const struct tc_program *p, LLVMModuleRef m,
		    const struct tc_symbol *s)
{
	if (s->unit != TC_NO_UNIT && p->units[s->unit].module)
		return true;
	return LLVMGetNamedFunction(m, s->name) ||
	       LLVMGetNamedGlobal(m, s->name);
}

int tc_program_check(const struct tc_program *p, LLVMModuleRef m,
		     const struct tc_symbols *provided, struct hexo_error *err)
{
	size_t missing = 0;

	for (size_t k = 0; k < p->symbols.n; k++) {
		const struct tc_symbol *s = &p->symbols.at[k];

		if (s->state != TC_WANTED || !is_used(p, m, s) ||
		    tc_symbols_find(provided, s->name))
			continue;
		if (missing++ < REPORT_MAX)
			fprintf(stderr, "hexo-cc: %s: undefined symbol %s\n",
				unit_name(p, s->unit), s->name);
	}
	if (!missing)
		return 0;
	return hexo_fail(err, -ENOENT, "%zu undefined symbol%s", missing,
			 missing == 1 ? "" : "s");
}

bool tc_program_is_runtime(const struct tc_program *p,
			   const struct tc_unit *unit)
{
	return p->first_runtime && unit->archive != TC_NO_ARCHIVE &&
	       unit->archive >= p->first_runtime - 1;
}

/* Is a symbol of this unit another part's? */
static bool crosses(const struct tc_program *p, const struct tc_unit *unit,
		    struct tc_bitcode_symbol s)
{
	const struct tc_symbol *found = tc_symbols_find(&p->symbols, s.name);
	bool runtime = tc_program_is_runtime(p, unit);

	if (s.kind == TC_BITCODE_LOCAL || !found || found->state < TC_WEAK ||
	    strcmp(s.name, "main") == 0 ||
	    runtime == tc_program_is_runtime(p, &p->units[found->unit]))
		return false;
	/* a program may use what the runtime defines, but not define it, too */
	return runtime || tc_bitcode_defines(s.kind);
}

const char *tc_program_override(const struct tc_program *p)
{
	for (size_t k = 0; k < p->n_units; k++) {
		LLVMModuleRef m = p->units[k].module;

		if (!m)
			continue;
		for (struct tc_bitcode_symbol s = tc_bitcode_first(m); s.value;
		     s = tc_bitcode_next(m, s))
			if (crosses(p, &p->units[k], s))
				return s.name;
	}
	return NULL;
}

int tc_program_join(struct tc_program *p, bool whole, LLVMModuleRef *out,
		    struct hexo_error *err)
{
	LLVMModuleRef m;

	if (p->failed)
		return hexo_fail(err, -EEXIST, "duplicate definitions");
	m = LLVMModuleCreateWithNameInContext("hexo", p->context);
	LLVMSetTarget(m, TC_TARGET);
	LLVMSetDataLayout(m, TC_DATA_LAYOUT);
	for (size_t k = 0; k < p->n_units; k++) {
		LLVMModuleRef unit;

		if (!whole && tc_program_is_runtime(p, &p->units[k]))
			continue;
		unit = base_take_ptr(p->units[k].module);
		if (LLVMLinkModules2(m, unit)) {
			LLVMDisposeModule(m);
			return hexo_fail(err, -EINVAL, "%s: cannot be linked",
					 p->units[k].name);
		}
	}
	*out = m;
	return 0;
}

/* definition is a function or another name of one. */
static void declare(LLVMModuleRef m, LLVMValueRef definition)
{
	LLVMTypeRef type = LLVMGlobalGetValueType(definition);
	cleanup_free char *name = base_strdup(ir_name(definition));
	LLVMValueRef f = LLVMGetNamedFunction(m, name), fresh;

	if (!f || !LLVMIsDeclaration(f))
		return;
	if (LLVMGetLinkage(f) == LLVMExternalWeakLinkage)
		LLVMSetLinkage(f, LLVMExternalLinkage); /* it is there */
	if (LLVMGlobalGetValueType(f) == type)
		return;
	fresh = LLVMAddFunction(m, "", type);
	LLVMReplaceAllUsesWith(f, fresh);
	LLVMDeleteFunction(f);
	LLVMSetValueName2(fresh, name, strlen(name));
}

void tc_program_declare_runtime(const struct tc_program *p, LLVMModuleRef m)
{
	for (size_t k = 0; k < p->n_units; k++) {
		LLVMModuleRef unit = p->units[k].module;

		if (!tc_program_is_runtime(p, &p->units[k]))
			continue;
		ir_each_definition (f, unit)
			declare(m, f);
		for (LLVMValueRef a = LLVMGetFirstGlobalAlias(unit); a;
		     a = LLVMGetNextGlobalAlias(a))
			if (LLVMGetTypeKind(LLVMGlobalGetValueType(a)) ==
			    LLVMFunctionTypeKind)
				declare(m, a);
	}
}

void tc_program_free(struct tc_program *p)
{
	for (size_t k = 0; k < p->n_units; k++) {
		if (p->units[k].module)
			LLVMDisposeModule(p->units[k].module);
		free(p->units[k].name);
		free(p->units[k].data);
	}
	free(p->units);
	for (size_t k = 0; k < p->n_archives; k++)
		tc_archive_free(&p->archives[k]);
	free(p->archives);
	tc_symbols_free(&p->symbols);
}
