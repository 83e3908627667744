/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/link.h"

#include <errno.h>
#include <llvm-c/BitWriter.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <xxhash.h>

#include "base/base.h"
#include "hexo/frame.h"
#include "hexo/hypercall.h"
#include "hexo/layout.h"
#include "toolchain/backend.h"
#include "toolchain/bitcode.h"
#include "toolchain/compile.h"
#include "toolchain/elfcheck.h"
#include "toolchain/image.h"
#include "toolchain/internalize.h"
#include "toolchain/libcalls.h"
#include "toolchain/lines.h"
#include "toolchain/optimise.h"
#include "toolchain/pass/callgraph.h"
#include "toolchain/pass/pass.h"
#include "toolchain/portable.h"
#include "toolchain/program.h"
#include "toolchain/provided.h"
#include "toolchain/report.h"
#include "toolchain/runtime.h"
#include "toolchain/temp.h"
#include "toolchain/unavailable.h"

enum { ISAS_MAX = 8, LINES_MAX = 1 << 30 };

/* Not an error: the program has to be linked with the runtime's bitcode. */
enum { NEEDS_WHOLE = 1 << 20 };

struct linking {
	const struct tc_options *o;
	char *home; /* build/lib/hexo */
	struct tc_program program;
	struct tc_symbols provided; /* by native code */
	struct tc_runtime runtime;
	LLVMModuleRef module;
	bool whole;   /* the runtime's bitcode is part of it */
	bool retried; /* the second attempt: warnings have been given */
	/* why the runtime as compiled cannot be used, if known already */
	const char *obstacle;
	struct tc_image image;
	bool lines;       /* the image is to have them */
	uint64_t last_ns; /* when the last phase ended */
};

/* For -v: how long each phase took. */
static void phase_done(struct linking *l, const char *phase)
{
	uint64_t now = base_now_ns();

	if (l->o->verbose)
		fprintf(stderr, "hexo-cc: %s: %d ms\n", phase,
			(int)((now - l->last_ns) / 1000000));
	l->last_ns = now;
}

/* Sources become objects first: a broken one must not cost a link. */
static int compile_sources(struct linking *l, const char **objects,
			   struct hexo_error *err)
{
	int status = 0;

	for (size_t k = 0; k < l->o->n_inputs; k++) {
		const struct tc_input *in = &l->o->inputs[k];
		char name[32];
		int r;

		if (in->kind != TC_INPUT_SOURCE)
			continue;
		snprintf(name, sizeof(name), "source%zu.o", k);
		objects[k] = tc_temp_path(name);
		r = tc_compile(l->o, in, objects[k], err);
		if (r < 0)
			return r;
		if (r > 0)
			status = r;
	}
	phase_done(l, "compiling");
	return status;
}

static int add_inputs(struct linking *l, const char *const *objects,
		      struct hexo_error *err)
{
	cleanup_strings struct tc_strings dirs = { 0 };
	struct tc_program *p = &l->program;
	int r = 0;

	tc_strings_add_all(&dirs, &l->o->libraries);
	tc_strings_add(&dirs, l->home);
	for (size_t k = 0; k < l->o->n_inputs && r == 0; k++) {
		const struct tc_input *in = &l->o->inputs[k];

		if (in->kind == TC_INPUT_SOURCE)
			r = tc_program_add_file(p, objects[k], false, err);
		else if (in->kind == TC_INPUT_FILE)
			r = tc_program_add_file(p, in->name, in->whole, err);
		else
			r = tc_program_add_library(p, in->name, in->whole,
						   &dirs, err);
	}
	return r;
}

static int add_runtime(struct linking *l, struct hexo_error *err)
{
	struct tc_program *p = &l->program;
	int r = 0;

	p->first_runtime = p->n_archives + 1;
	for (size_t k = 0; k < TC_RUNTIME_ARCHIVES && r == 0; k++) {
		cleanup_free char *path =
			base_printf("%s/%s", l->home, tc_runtime_archives[k]);

		r = tc_program_add_file(p, path, false, err);
	}
	for (size_t k = 0; k < l->o->roots.n && r == 0; k++)
		r = tc_program_want(p, l->o->roots.at[k], false, err);
	for (const char *const *root = pass_roots; *root && r == 0; root++)
		r = tc_program_want(p, *root, false, err);
	return r < 0 ? r : tc_libcalls_want(p, err);
}

/* What returns twice must become part of its callers: sigsetjmp(). */
static bool wants_twice(LLVMModuleRef m)
{
	ir_each_function (f, m) {
		if (LLVMIsDeclaration(f) && !function_is_setjmp(f) &&
		    ir_has_attribute(f, "returns_twice"))
			return true;
	}
	return false;
}

/* Why a program cannot use the runtime as compiled; NULL if it can. */
static const char *find_obstacle(struct linking *l)
{
	if (l->obstacle)
		return l->obstacle;
	if (tc_backend_data_is_far(l->module))
		return "data out of reach";
	if (wants_twice(l->module))
		return "sigsetjmp";
	return tc_program_override(&l->program);
}

static int check_apart(struct linking *l)
{
	const char *obstacle = find_obstacle(l);

	if (obstacle && l->o->verbose)
		fprintf(stderr,
			"hexo-cc: the runtime is compiled with the program, "
			"because of %s\n",
			obstacle);
	return obstacle ? NEEDS_WHOLE : 0;
}

static int join(struct linking *l, struct hexo_error *err)
{
	int r = tc_provided_find(&l->provided, l->home, err);

	l->obstacle = tc_program_override(&l->program);
	if (l->obstacle && !l->whole && !l->program.failed)
		return check_apart(l);
	if (r == 0)
		r = tc_program_join(&l->program, l->whole, &l->module, err);
	if (r == 0)
		r = pass_refuse(l->module, err);
	if (r == 0 && !l->o->quiet && !l->retried)
		tc_unavailable_warn(l->module);
	phase_done(l, "joining");
	return r;
}

static int optimise(struct linking *l, struct hexo_error *err)
{
	LLVMModuleRef m = l->module;
	int r = l->whole ? 0 : check_apart(l);

	if (r)
		return r;
	if (!l->whole)
		tc_program_declare_runtime(&l->program, m);
	tc_internalize(m, false);
	tc_libcalls_hide_missing(m, l->whole ? NULL : &l->program);
	l->lines = l->o->lines;
	r = tc_portable_optimise(m, l->whole ? PASS_WHOLE : PASS_PROGRAM,
				 &l->lines, err);
	if (r < 0)
		return r;
	tc_internalize(m, true);
	r = tc_optimise(m, "globaldce", NULL, false, err);
	if (r == 0 && !l->whole)
		r = tc_libcalls_want_called(&l->program, m, err);
	if (r == 0 && !l->whole)
		r = check_apart(l);
	/* Now, since calls of what is nowhere often are in code that cannot
	 * run, and programs rely on compilers to find that. */
	if (r == 0)
		r = tc_program_check(&l->program, m, &l->provided, err);
	phase_done(l, "optimising");
	return r;
}

/* Everything that happens to the program as a whole; afterwards it is
 * portable and fixed. */
static int make_portable(struct linking *l, struct hexo_error *err)
{
	struct pass_outside runtime = tc_runtime_outside(&l->runtime);
	const struct pass_outside *outside = l->whole ? NULL : &runtime;
	struct pass_stats stats = {
		.on_function = l->o->report ? tc_report_function : NULL,
	};
	int r = optimise(l, err);

	if (r)
		return r;
	r = pass_polls(l->module, outside, &stats, err);
	if (r == 0)
		r = tc_portable_finish(l->module, outside, &stats, err);
	if (r == 0 && l->o->report)
		tc_report_all(&stats);
	l->image.features = (struct tc_image_features){
		.functions = stats.functions,
		.migratable = stats.migratable,
		.polls = stats.polls,
		.sites = stats.sites,
	};
	phase_done(l, "making it portable");
	return r;
}

/* The build's identity is what all ISAs' code is made from. */
static void identify(struct linking *l)
{
	LLVMMemoryBufferRef bitcode = LLVMWriteBitcodeToMemoryBuffer(l->module);
	XXH128_hash_t hash = XXH3_128bits(LLVMGetBufferStart(bitcode),
					  LLVMGetBufferSize(bitcode));

	/* the runtime's objects follow from its bitcode and the program */
	l->image.build_id[0] = hash.high64 ^ l->runtime.hash[0];
	l->image.build_id[1] = hash.low64 ^ l->runtime.hash[1];
	LLVMDisposeMemoryBuffer(bitcode);
	if (l->o->save)
		LLVMPrintModuleToFile(l->module, tc_temp_path("portable.ll"),
				      NULL);
}

static const char *isa_file(const struct tc_isa *isa, const char *suffix)
{
	cleanup_free char *name = base_printf("%s%s", isa->name, suffix);

	return tc_temp_path(name);
}

/* The runtime's objects that the program takes, for one ISA; in the order in
 * which they were taken, which is the same for all. */
static void list_runtime(struct linking *l, const char *isa,
			 struct tc_strings *out)
{
	const struct tc_program *p = &l->program;

	for (size_t k = 0; k < p->n_units && !l->whole; k++) {
		const struct tc_unit *u = &p->units[k];
		cleanup_free char *path = NULL;

		if (!tc_program_is_runtime(p, u))
			continue;
		path = tc_runtime_object(l->home, isa,
					 u->archive - (p->first_runtime - 1),
					 u->member);
		tc_strings_add(out, path);
	}
}

static int build_all(struct linking *l, const char **paths,
		     struct hexo_error *err)
{
	struct tc_backend backends[ISAS_MAX];
	struct tc_strings others[ISAS_MAX] = { 0 };
	cleanup_strings struct tc_strings names = { 0 };
	int r;

	tc_strings_printf(&names, "%s/image.ld", l->home);
	for (size_t k = 0; k < tc_isa_count; k++) {
		tc_strings_printf(&names, "%s/%s", l->home, tc_isas[k].name);
		paths[k] = isa_file(&tc_isas[k], ".elf");
		list_runtime(l, tc_isas[k].name, &others[k]);
	}
	for (size_t k = 0; k < tc_isa_count; k++)
		backends[k] = (struct tc_backend){
			.isa = &tc_isas[k],
			.object = isa_file(&tc_isas[k], ".o"),
			.executable = paths[k],
			.lines = l->lines ? isa_file(&tc_isas[k], ".debug")
					  : NULL,
			.script = names.at[0],
			.runtime = names.at[1 + k],
			.others = others[k].at,
			.n_others = others[k].n,
			.verbose = l->o->verbose,
		};
	r = tc_backend_build(l->module, backends, tc_isa_count, err);
	for (size_t k = 0; k < tc_isa_count; k++)
		tc_strings_free(&others[k]);
	phase_done(l, "generating code");
	return r;
}

static int check_all(struct linking *l, struct tc_elf *elfs,
		     struct hexo_error *err)
{
	struct hexo_note note = {
		.image_format = HEXO_IMAGE_FORMAT,
		.layout_version = HEXO_LAYOUT_VERSION,
		.abi_version = HEXO_ABI_VERSION,
		.frame_version = HEXO_FRAME_VERSION,
		.build_id = { l->image.build_id[0], l->image.build_id[1] },
	};
	int r = 0;

	for (size_t k = 0; k < tc_isa_count && r == 0; k++) {
		r = tc_elfcheck_segments(&elfs[k], tc_isas[k].machine, err);
		if (r == 0 && k > 0)
			r = tc_elfcheck_same(&elfs[0], &elfs[k], err);
	}
	if (r < 0)
		return r;
	l->image.layout_hash = tc_elfcheck_layout_hash(&elfs[0]);
	note.layout_hash = l->image.layout_hash;
	for (size_t k = 0; k < tc_isa_count && r == 0; k++)
		r = tc_elfcheck_set_note(&elfs[k], &note, err);
	for (size_t k = 0; k < tc_isa_count && r == 0; k++)
		tc_elf_keep_functions(&elfs[k]);
	return r;
}

/* The files of line tables, to be freed by the caller in any case. */
static int read_lines(struct linking *l, struct tc_image_elf *entries,
		      char **lines, struct hexo_error *err)
{
	int r = 0;

	for (size_t k = 0; k < tc_isa_count && l->lines && r == 0; k++) {
		r = base_read_file(isa_file(&tc_isas[k], ".debug"), LINES_MAX,
				   &lines[k], &entries[k].lines_len, err);
		entries[k].lines = lines[k];
	}
	return r;
}

static int write_image(struct linking *l, const struct tc_elf *elfs,
		       struct hexo_error *err)
{
	const char *output = l->o->output ? l->o->output : "a.out";
	const char *base = strrchr(output, '/');
	struct tc_image_elf entries[ISAS_MAX];
	char *lines[ISAS_MAX] = { NULL };
	int r;

	for (size_t k = 0; k < tc_isa_count; k++)
		entries[k] = (struct tc_image_elf){
			.isa = tc_isas[k].name,
			.data = elfs[k].data,
			.len = elfs[k].len,
		};
	l->image.name = base ? base + 1 : output;
	l->image.elfs = entries;
	l->image.n_elfs = tc_isa_count;
	r = read_lines(l, entries, lines, err);
	if (r == 0)
		r = tc_image_write(&l->image, output, err);
	for (size_t k = 0; k < tc_isa_count; k++)
		free(lines[k]);
	return r;
}

static int make_image(struct linking *l, struct hexo_error *err)
{
	const char *paths[ISAS_MAX];
	struct tc_elf elfs[ISAS_MAX] = { 0 };
	int r = build_all(l, paths, err);

	for (size_t k = 0; k < tc_isa_count && r == 0; k++)
		r = tc_elf_open(&elfs[k], paths[k], err);
	if (r == 0)
		r = check_all(l, elfs, err);
	if (r == 0)
		r = write_image(l, elfs, err);
	for (size_t k = 0; k < tc_isa_count; k++)
		tc_elf_close(&elfs[k]);
	phase_done(l, "checking and writing");
	return r;
}

static int run(struct linking *l, const char *const *objects,
	       struct hexo_error *err)
{
	int r = l->whole ? 0 : tc_runtime_open(&l->runtime, l->home, err);

	if (r == 0)
		r = add_inputs(l, objects, err);
	if (r == 0)
		r = add_runtime(l, err);
	phase_done(l, "reading");
	if (r == 0)
		r = join(l, err);
	if (r == 0)
		r = make_portable(l, err);
	if (r)
		return r;
	identify(l);
	return make_image(l, err);
}

/* LLVM's own complaints; what is only a remark is left out. */
static void on_diagnostic(LLVMDiagnosticInfoRef info, void *unused)
{
	char *text;

	if (LLVMGetDiagInfoSeverity(info) != LLVMDSError)
		return;
	text = LLVMGetDiagInfoDescription(info);
	fprintf(stderr, "hexo-cc: %s\n", text);
	LLVMDisposeMessage(text);
}

static int link_program(struct linking *l, const char *const *objects,
			struct hexo_error *err)
{
	int r;

	l->program.context = LLVMContextCreate();
	l->home = base_sibling("../lib/hexo");
	LLVMContextSetDiagnosticHandler(l->program.context, on_diagnostic,
					NULL);
	r = run(l, objects, err);
	/* The module goes with the process. */
	tc_program_free(&l->program);
	tc_runtime_free(&l->runtime);
	tc_symbols_free(&l->provided);
	free(l->home);
	return r;
}

int tc_link(const struct tc_options *o, struct hexo_error *err)
{
	cleanup_free const char **objects =
		base_alloc((o->n_inputs + 1) * sizeof(*objects));
	struct linking l = { .o = o, .last_ns = base_now_ns() };
	int r = tc_temp_make(o->save, err);

	if (r == 0)
		r = compile_sources(&l, objects, err);
	if (r || o->dry)
		return r;
	l.whole = o->whole;
	r = link_program(&l, objects, err);
	if (r != NEEDS_WHOLE)
		return r;
	l = (struct linking){
		.o = o, .last_ns = base_now_ns(), .whole = true, .retried = true
	};
	return link_program(&l, objects, err);
}
