/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/runtime.h"

#include <errno.h>
#include <inttypes.h>
#include <llvm-c/Linker.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "base/base.h"
#include "toolchain/archive.h"
#include "toolchain/backend.h"
#include "toolchain/bitcode.h"
#include "toolchain/pass/callgraph.h"
#include "toolchain/portable.h"

enum { ARCHIVE_MAX = 64 << 20, JOBS_MAX = 64 };

/* A member of an archive. */
struct object {
	LLVMModuleRef module;
	size_t archive, member;
};

struct building {
	const char *dir;
	bool verbose;
	LLVMContextRef context;
	struct tc_archive archives[TC_RUNTIME_ARCHIVES];
	struct object *objects;
	size_t n;
	struct tc_symbols reaching; /* may reach a poll */
};

/* What the runtime does not define is the program's (main), or native code,
 * which never polls. */
static bool reaches(const void *context, const char *name)
{
	const struct building *b = context;

	return tc_symbols_find(&b->reaching, name) ||
	       strcmp(name, "main") == 0 ||
	       strcmp(name, "hexo_constructors") == 0 ||
	       strcmp(name, "hexo_destructors") == 0;
}

static struct pass_outside outside(const struct building *b)
{
	return (struct pass_outside){ .reaches = reaches,
				      .context = b,
				      .indirect = true };
}

/* The linker is what reads the bodies of a module that was read lazily. */
static int read_object(struct building *b, const struct tc_member *m,
		       struct object *o, struct hexo_error *err)
{
	LLVMModuleRef lazy;
	int r = tc_bitcode_read(b->context, m->name, m->data, m->size, &lazy,
				err);

	if (r < 0)
		return r;
	o->module = LLVMModuleCreateWithNameInContext(m->name, b->context);
	LLVMSetTarget(o->module, TC_TARGET);
	LLVMSetDataLayout(o->module, TC_DATA_LAYOUT);
	if (LLVMLinkModules2(o->module, lazy))
		return hexo_fail(err, -EINVAL, "%s: cannot be read", m->name);
	return 0;
}

static int read_archive(struct building *b, size_t archive,
			struct hexo_error *err)
{
	struct tc_archive *a = &b->archives[archive];
	char *path = base_printf("%s/%s", b->dir, tc_runtime_archives[archive]);
	char *data;
	size_t len;
	int r = base_read_file(path, ARCHIVE_MAX, &data, &len, err);

	if (r == 0)
		r = tc_archive_open(a, path, data, len, err);
	free(path);
	if (r < 0)
		return r;
	b->objects = base_realloc(b->objects,
				  (b->n + a->n_members) * sizeof(*b->objects));
	for (size_t k = 0; k < a->n_members && r == 0; k++) {
		struct object *o = &b->objects[b->n];

		*o = (struct object){ .archive = archive, .member = k };
		r = read_object(b, &a->members[k], o, err);
		b->n += r == 0;
	}
	return r;
}

/* Phase 1: every object as far as its polls. */
static int place_polls(struct building *b, struct hexo_error *err)
{
	struct pass_outside out = outside(b);
	struct pass_stats stats = { 0 };

	for (size_t k = 0; k < b->n; k++) {
		LLVMModuleRef m = b->objects[k].module;
		bool lines = false;
		int r = pass_refuse(m, err);

		if (r == 0)
			r = tc_portable_optimise(m, PASS_RUNTIME, &lines, err);
		if (r == 0)
			r = pass_polls(m, &out, &stats, err);
		if (r < 0)
			return r;
		if (b->verbose && (k + 1) % 400 == 0)
			fprintf(stderr,
				"hexo-cc: runtime: optimised %zu of %zu"
				" objects\n",
				k + 1, b->n);
	}
	return 0;
}

/* Enters the names under which others know a function that reaches a poll.
 * Returns whether one is new. */
static bool enter_reaching(struct building *b, const struct callgraph *g,
			   LLVMModuleRef m)
{
	size_t before = b->reaching.n;

	for (unsigned i = 0; i < g->functions.n; i++) {
		LLVMValueRef f = g->functions.at[i];

		if (!g->reaches[i] && !function_is_poll(f))
			continue;
		if (LLVMGetLinkage(f) != LLVMInternalLinkage)
			tc_symbols_get(&b->reaching, ir_name(f));
		for (LLVMValueRef a = LLVMGetFirstGlobalAlias(m); a;
		     a = LLVMGetNextGlobalAlias(a))
			if (LLVMAliasGetAliasee(a) == f)
				tc_symbols_get(&b->reaching, ir_name(a));
	}
	return b->reaching.n > before;
}

/* Phase 2: which functions may reach a poll, over all objects: as many rounds
 * as it takes. */
static int find_reaching(struct building *b, struct hexo_error *err)
{
	struct pass_outside out = outside(b);
	bool changed = true;

	while (changed) {
		changed = false;
		for (size_t k = 0; k < b->n; k++) {
			LLVMModuleRef m = b->objects[k].module;
			struct callgraph g;
			int r;

			callgraph_make(&g, m, &out);
			r = callgraph_find_reaching(&g, err);
			if (r == 0)
				changed |= enter_reaching(b, &g, m);
			callgraph_free(&g);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

/* Few frames of the runtime are ever resumed: their code is to be small. */
static void shrink_clones(LLVMModuleRef m)
{
	ir_each_definition (f, m) {
		if (!ir_is_marked(f, "hexo-resume"))
			continue;
		ir_function_attribute(f, "optsize", 0);
		ir_function_attribute(f, "minsize", 0);
	}
}

/* Phase 3: one object for each ISA. */
static int generate(struct building *b, const struct object *o,
		    struct hexo_error *err)
{
	struct pass_outside out = outside(b);
	struct pass_stats stats = { 0 };
	int r = tc_portable_finish(o->module, &out, &stats, err);

	shrink_clones(o->module);
	for (size_t k = 0; k < tc_isa_count && r == 0; k++) {
		LLVMModuleRef copy = LLVMCloneModule(o->module);
		cleanup_free char *path =
			tc_runtime_object(b->dir, tc_isas[k].name, o->archive,
					  o->member);

		r = tc_backend_generate(copy, &tc_isas[k], path, err);
		LLVMDisposeModule(copy);
	}
	return r;
}

/* Every jobs-th object, in a process of its own. */
static pid_t start(struct building *b, size_t first, size_t jobs)
{
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (size_t k = first; k < b->n; k += jobs) {
		struct hexo_error err = { 0 };

		if (generate(b, &b->objects[k], &err) < 0) {
			fprintf(stderr, "hexo-cc: %s\n", err.text);
			_exit(1);
		}
		if (b->verbose && first == 0 && k / jobs % 100 == 99)
			fprintf(stderr,
				"hexo-cc: runtime: compiled %zu of %zu"
				" objects\n",
				k, b->n);
	}
	_exit(0);
}

static int generate_all(struct building *b, struct hexo_error *err)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);
	size_t jobs = cpus < 1 ? 1 : cpus > JOBS_MAX ? JOBS_MAX : (size_t)cpus;
	pid_t pids[JOBS_MAX];
	int r = 0;

	fflush(NULL);
	for (size_t k = 0; k < jobs; k++)
		pids[k] = start(b, k, jobs);
	for (size_t k = 0; k < jobs; k++) {
		int status = 1;

		if (pids[k] < 0 || waitpid(pids[k], &status, 0) < 0 || status)
			r = hexo_fail(err, -EIO, "compiling the runtime");
	}
	return r;
}

static int make_directories(const char *dir, struct hexo_error *err)
{
	for (size_t k = 0; k < tc_isa_count; k++) {
		cleanup_free char *path =
			base_printf("%s/%s/runtime", dir, tc_isas[k].name);

		if (mkdir(path, 0777) < 0 && errno != EEXIST)
			return hexo_fail_errno(err, "%s", path);
	}
	return 0;
}

/* Last, and by renaming: an index is there only when all is. */
static int write_index(struct building *b, struct hexo_error *err)
{
	cleanup_free char *path = base_printf("%s/" TC_RUNTIME_INDEX, b->dir);
	cleanup_free char *temporary = base_printf("%s.new", path);
	uint64_t hash[TC_RUNTIME_ARCHIVES];
	int r = tc_runtime_hash(b->dir, hash, err);
	FILE *f;

	if (r < 0)
		return r;
	f = fopen(temporary, "w");
	if (!f)
		return hexo_fail_errno(err, "%s", temporary);
	fprintf(f, TC_RUNTIME_MAGIC " %016" PRIx64 " %016" PRIx64 "\n", hash[0],
		hash[1]);
	for (size_t k = 0; k < b->reaching.n; k++)
		fprintf(f, "reaches %s\n", b->reaching.at[k].name);
	if (fclose(f) != 0 || rename(temporary, path) < 0)
		return hexo_fail_errno(err, "%s", path);
	return 0;
}

int tc_runtime_build(const char *dir, bool verbose, struct hexo_error *err)
{
	struct building b = {
		.dir = dir,
		.verbose = verbose,
		.context = LLVMContextCreate(),
	};
	int r = make_directories(dir, err);

	for (size_t k = 0; k < TC_RUNTIME_ARCHIVES && r == 0; k++)
		r = read_archive(&b, k, err);
	if (r == 0)
		r = place_polls(&b, err);
	if (r == 0)
		r = find_reaching(&b, err);
	if (r == 0)
		r = generate_all(&b, err);
	if (r == 0)
		r = write_index(&b, err);
	/* The modules go with the process. */
	for (size_t k = 0; k < TC_RUNTIME_ARCHIVES; k++)
		tc_archive_free(&b.archives[k]);
	tc_symbols_free(&b.reaching);
	free(b.objects);
	return r;
}
