/* SPDX-License-Identifier: Apache-2.0 */
#include "toolchain/backend.h"

#include <errno.h>
#include <llvm-c/Analysis.h>
#include <llvm-c/Support.h>
#include <llvm-c/Target.h>
#include <llvm-c/TargetMachine.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/layout.h"
#include "toolchain/pass/ir.h"
#include "toolchain/process.h"
#include "toolchain/strings.h"
#include "toolchain/optimise.h"

/*
 * The part of clang's -O2 that comes after inlining, but no module passes:
 * they would change what is portable. The common pipeline has combined
 * instructions: once more, behind what changes loops, is enough. In a
 * pipeline given as text, LLVM ends the process where instcombine finds more
 * to do, unless told not to.
 */
static const char pipeline[] =
	"function(float2int,lower-constant-intrinsics,"
	"loop(loop-rotate,loop-deletion),loop-distribute,"
	"loop-vectorize,infer-alignment,loop-load-elim,"
	"simplifycfg<bonus-inst-threshold=1;forward-switch-cond;"
	"switch-range-to-icmp;switch-to-lookup;no-keep-loops;"
	"hoist-common-insts;sink-common-insts>,"
	"slp-vectorizer,vector-combine,loop-unroll<O2>,"
	"sroa<preserve-cfg>,infer-alignment,instcombine<no-verify-fixpoint>,"
	"loop-mssa(licm<allowspeculation>),alignment-from-assumptions,"
	"loop-sink,instsimplify,div-rem-pairs,"
	"simplifycfg<bonus-inst-threshold=1;switch-range-to-icmp>)";

/* More than the runtime's own portable data; it shares the reach of code with
 * the program's. */
#define RUNTIME_DATA (UINT64_C(16) << 20)

static uint64_t data_size(LLVMModuleRef m)
{
	LLVMTargetDataRef layout = LLVMGetModuleDataLayout(m);
	uint64_t size = 0;

	for (LLVMValueRef g = LLVMGetFirstGlobal(m); g;
	     g = LLVMGetNextGlobal(g))
		if (!LLVMIsDeclaration(g))
			size += LLVMABISizeOfType(layout,
						  LLVMGlobalGetValueType(g)) +
				LLVMGetAlignment(g);
	return size;
}

/* x86-64's back end tells by a section's name that it is far away: .bss.x is
 * near in any model, .lbss.x is not. */
static void rename_sections(LLVMModuleRef m)
{
	for (LLVMValueRef g = LLVMGetFirstGlobal(m); g;
	     g = LLVMGetNextGlobal(g)) {
		const char *section = LLVMGetSection(g);
		cleanup_free char *far = NULL;

		if (!section || section[0] != '.')
			continue;
		far = base_printf(".l%s", section + 1);
		LLVMSetSection(g, far);
	}
}

/* Blocks that save a large frame hold hundreds of stores, for which the
 * scheduler's time is quadratic; this is the size from which on it groups
 * them. */
static const char schedule_option[] = "-dag-maps-huge-region=50";

/* With lines, x86-64's back end would look for where variables are, for a
 * tenth of its time. None are described. */
static const char lines_option[] =
	"-experimental-debug-variable-locations=false";

/* LLVM keeps options for the whole process: those of all ISAs, once. */
static void parse_options(void)
{
	static bool done;
	const char *argv[16] = { "hexo-cc", schedule_option, lines_option };
	int argc = 3;

	if (done)
		return;
	done = true;
	for (size_t k = 0; k < tc_isa_count; k++)
		for (const char *const *o = tc_isas[k].options; *o && argc < 16;
		     o++)
			argv[argc++] = *o;
	LLVMParseCommandLineOptions(argc, argv, "");
}

int tc_backend_machine(const struct tc_isa *isa, LLVMCodeModel model,
		       LLVMTargetMachineRef *out, struct hexo_error *err)
{
	LLVMTargetRef target;
	char *why = NULL;

	isa->initialize();
	parse_options();
	if (LLVMGetTargetFromTriple(isa->triple, &target, &why)) {
		int r = hexo_fail(err, -ENOTSUP, "%s: %s", isa->name, why);

		LLVMDisposeMessage(why);
		return r;
	}
	*out = LLVMCreateTargetMachine(target, isa->triple, isa->cpu,
				       isa->features, LLVMCodeGenLevelDefault,
				       LLVMRelocStatic, model);
	return *out ? 0
		    : hexo_fail(err, -ENOTSUP, "%s: no back end", isa->name);
}

static void tune(LLVMModuleRef m, const struct tc_isa *isa)
{
	static const char name[] = "tune-cpu";
	LLVMAttributeRef a;

	if (!isa->tune)
		return;
	a = LLVMCreateStringAttribute(LLVMGetModuleContext(m), name,
				      sizeof(name) - 1, isa->tune,
				      (unsigned)strlen(isa->tune));
	for (LLVMValueRef f = LLVMGetFirstFunction(m); f;
	     f = LLVMGetNextFunction(f))
		if (!LLVMIsDeclaration(f))
			LLVMAddAttributeAtIndex(f, LLVMAttributeFunctionIndex,
						a);
}

bool tc_backend_data_is_far(LLVMModuleRef m)
{
	uint64_t size = data_size(m);

	for (size_t k = 0; k < tc_isa_count; k++)
		if (size > tc_isas[k].far_data - RUNTIME_DATA)
			return true;
	return false;
}

/* A fault's trace goes through any function. With lines, LLVM describes all
 * frames anyway: so code is the same with and without. */
static void describe_frames(LLVMModuleRef m)
{
	ir_each_definition (f, m)
		ir_function_attribute(f, "uwtable", 2);
}

int tc_backend_generate(LLVMModuleRef m, const struct tc_isa *isa,
			const char *object, struct hexo_error *err)
{
	LLVMCodeModel model = LLVMCodeModelSmall;
	LLVMTargetMachineRef machine = NULL;
	char *why = NULL;
	int r;

	if (data_size(m) > isa->far_data - RUNTIME_DATA) {
		model = isa->far;
		rename_sections(m);
	}
	LLVMSetTarget(m, isa->triple);
	LLVMSetDataLayout(m, isa->data_layout);
	tune(m, isa);
	describe_frames(m);
	r = tc_backend_machine(isa, model, &machine, err);
	if (r == 0)
		r = tc_optimise(m, pipeline, machine, true, err);
	if (r == 0)
		r = pass_isa(m, &isa->pass, err);
	if (r == 0 && LLVMTargetMachineEmitToFile(machine, m, (char *)object,
						  LLVMObjectFile, &why)) {
		r = hexo_fail(err, -EIO, "%s: %s", object, why);
		LLVMDisposeMessage(why);
	}
	if (machine)
		LLVMDisposeTargetMachine(machine);
	return r;
}

static int link_executable(const struct tc_backend *b, struct hexo_error *err)
{
	static const char *const options[] = {
		"-static",
		"--build-id=none",
		"--eh-frame-hdr",
		"-z",
		"noexecstack",
		"-z",
		"separate-code",
		"-z",
		"norelro",
		"-z",
		"max-page-size=4096",
		"--no-gc-sections",
	};
	static const char *const libraries[] = { "native.a", "libgcc_eh.a",
						 "libgcc.a" };
	cleanup_strings struct tc_strings argv = { 0 };
	int r;

	tc_strings_add(&argv, "ld.lld-19");
	tc_strings_add(&argv, "-m");
	tc_strings_add(&argv, b->isa->emulation);
	for (size_t k = 0; k < sizeof(options) / sizeof(options[0]); k++)
		tc_strings_add(&argv, options[k]);
	tc_strings_add(&argv, b->lines ? "--compress-debug-sections=zlib"
				       : "--strip-debug");
	tc_strings_add(&argv, "-T");
	tc_strings_add(&argv, b->script);
	tc_strings_add(&argv, "-o");
	tc_strings_add(&argv, b->executable);
	for (size_t k = 0; k < b->n_others; k++)
		tc_strings_add(&argv, b->others[k]);
	tc_strings_add(&argv, b->object);
	/* native code's calls to libgcc and libgcc's to native code */
	tc_strings_add(&argv, "--start-group");
	for (size_t k = 0; k < sizeof(libraries) / sizeof(libraries[0]); k++)
		tc_strings_printf(&argv, "%s/%s", b->runtime, libraries[k]);
	tc_strings_add(&argv, "--end-group");
	r = tc_process_run(argv.at, b->verbose, err);
	if (r > 0)
		return hexo_fail(err, -ENOEXEC, "%s: linking failed",
				 b->isa->name);
	return r;
}

/* objcopy OPTION FROM TO */
static int copy_object(const struct tc_backend *b, const char *option,
		       const char *from, const char *to, struct hexo_error *err)
{
	cleanup_strings struct tc_strings argv = { 0 };
	int r;

	tc_strings_add(&argv, "llvm-objcopy-19");
	tc_strings_add(&argv, option);
	tc_strings_add(&argv, from);
	tc_strings_add(&argv, to);
	r = tc_process_run(argv.at, b->verbose, err);
	if (r > 0)
		return hexo_fail(err, -ENOEXEC,
				 "%s: separating the line tables failed",
				 b->isa->name);
	return r;
}

/* Line tables stay at home, in a file of their own: VMs and boards get what
 * they would get without. */
static int separate_lines(const struct tc_backend *b, struct hexo_error *err)
{
	int r = copy_object(b, "--only-keep-debug", b->executable, b->lines,
			    err);

	return r < 0 ? r
		     : copy_object(b, "--strip-debug", b->executable,
				   b->executable, err);
}

static int build_one(LLVMModuleRef m, const struct tc_backend *b,
		     struct hexo_error *err)
{
	uint64_t start = base_now_ns(), middle;
	int r = tc_backend_generate(m, b->isa, b->object, err);

	if (r < 0)
		return r;
	middle = base_now_ns();
	r = link_executable(b, err);
	if (r == 0 && b->lines)
		r = separate_lines(b, err);
	if (r == 0 && b->verbose)
		fprintf(stderr, "hexo-cc: %s: %d ms, linking %d ms\n",
			b->isa->name, (int)((middle - start) / 1000000),
			(int)((base_now_ns() - middle) / 1000000));
	return r;
}

/* err is memory shared with the child. Returns its process id. */
static pid_t start(LLVMModuleRef m, const struct tc_backend *b,
		   struct hexo_error *err)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		/* The copy is the child's: nothing is to be cleaned up. */
		_exit(build_one(m, b, err) < 0);
	}
	if (pid < 0)
		hexo_fail_errno(err, "starting a process for %s", b->isa->name);
	return pid;
}

static void finish(const struct tc_backend *b, pid_t pid,
		   struct hexo_error *err)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR) {
			hexo_fail_errno(err, "waiting for %s", b->isa->name);
			return;
		}
	}
	if (status && !err->code)
		hexo_fail(err, -EPIPE,
			  "%s: the code generator ended abnormally",
			  b->isa->name);
}

int tc_backend_build(LLVMModuleRef m, const struct tc_backend *b, size_t n,
		     struct hexo_error *err)
{
	cleanup_free pid_t *pids = base_alloc(n * sizeof(*pids));
	struct hexo_error *errors =
		mmap(NULL, n * sizeof(*errors), PROT_READ | PROT_WRITE,
		     MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	int r = 0;

	if (errors == MAP_FAILED)
		return hexo_fail_errno(err, "memory for %zu processes", n);
	fflush(NULL);
	for (size_t k = 0; k < n; k++)
		pids[k] = start(m, &b[k], &errors[k]);
	for (size_t k = 0; k < n; k++) {
		if (pids[k] > 0)
			finish(&b[k], pids[k], &errors[k]);
		if (errors[k].code && r == 0)
			r = hexo_fail(err, errors[k].code, "%s",
				      errors[k].text);
	}
	munmap(errors, n * sizeof(*errors));
	return r;
}
