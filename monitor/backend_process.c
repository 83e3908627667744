/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Backend `process`: the guest's code runs in the monitor's own main thread,
 * its memory at its own addresses. The hypercall instruction is not allowed
 * to a process, so it arrives as a signal, as do faults. For hosts without
 * KVM and for emulators; it isolates nothing: the guest could make system
 * calls of its own.
 *
 * Its log of writes is guard.h's. This thread is the only one that writes to
 * the program's memory, as guest and in hypercalls; system calls do not.
 */
#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <string.h>
#include <sys/mman.h>

#include "monitor/arch.h"
#include "monitor/backend.h"
#include "monitor/guard.h"

/* Hypercalls are served on this stack, moves included. */
enum { STACK = 1 << 20 };

static const int signals[] = { SIGSEGV, SIGBUS, SIGFPE, SIGILL, SIGTRAP };

static struct {
	struct vm *vm;
	pthread_t thread;
	volatile sig_atomic_t in_guest;
	sigjmp_buf leave;
	struct vm_guard guard;
} process;

static int process_probe(struct hexo_error *err)
{
	return 0;
}

static int process_create(struct vm *vm, struct hexo_error *err)
{
	void *window = (void *)HEXO_HC_MMIO;
	stack_t stack = { .ss_size = STACK };

	process.vm = vm;
	/* Stores to the hypercall window must fault on every ISA's host. */
	if (mmap(window, HEXO_PAGE_SIZE, PROT_NONE,
		 MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE |
			 MAP_FIXED_NOREPLACE,
		 -1, 0) != window)
		return hexo_fail_errno(err,
				       "cannot reserve the hypercall window");
	stack.ss_sp = mmap(NULL, STACK, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (stack.ss_sp == MAP_FAILED || sigaltstack(&stack, NULL) < 0)
		return hexo_fail_errno(err, "cannot set up a signal stack");
	vm_guard_create(&process.guard, &vm->memory);
	return 0;
}

static int process_log_start(struct vm *vm, struct hexo_error *err)
{
	return vm_guard_start(&process.guard, err);
}

static int process_log_take(struct vm *vm, uint64_t *bits,
			    struct hexo_error *err)
{
	vm_guard_take(&process.guard, bits);
	return 0;
}

static void process_log_stop(struct vm *vm)
{
	vm_guard_stop(&process.guard);
}

/*
 * A write to memory that is protected for the log, by the guest or by a
 * hypercall, is tried again. All of the program's memory is readable, so what
 * is refused there is a write, unless the program jumped to it.
 */
static bool process_write(const siginfo_t *info, const void *ucontext)
{
	const struct vm_range *code =
		vm_memory_find(&process.vm->memory, vm_process_pc(ucontext));

	return info->si_signo == SIGSEGV && info->si_code == SEGV_ACCERR &&
	       (!code || (code->perm & VM_EXEC)) &&
	       vm_guard_open(&process.guard, (uint64_t)info->si_addr);
}

static void process_signal(int sig, siginfo_t *info, void *ucontext)
{
	struct vm *vm = process.vm;
	struct vm_exit exit = { .registers = &vm->registers };
	int kept = errno;

	if (process_write(info, ucontext)) {
		errno = kept;
		return;
	}
	if (!process.in_guest ||
	    !pthread_equal(pthread_self(), process.thread)) {
		/* A fault of the monitor itself: let it end the process. */
		signal(sig, SIG_DFL);
		return;
	}
	process.in_guest = 0;
	vm_process_exit(&vm->memory, sig, info, ucontext, &exit);
	if (exit.hypercall)
		vm_hypercall(vm, exit.number, exit.request);
	else
		vm_fault(vm, &exit.fault);
	if (vm_is_over(vm))
		siglongjmp(process.leave, 1);
	vm_process_skip(ucontext);
	process.in_guest = 1;
}

static int process_run(struct vm *vm, struct hexo_error *err)
{
	struct sigaction action = {
		.sa_sigaction = process_signal,
		.sa_flags = SA_SIGINFO | SA_ONSTACK | SA_NODEFER,
	};
	unsigned i;
	int r;

	r = vm_memory_protect(&vm->memory, err);
	if (r < 0)
		return r;
	/* A hypercall's own writes to protected memory come inside of it. */
	sigfillset(&action.sa_mask);
	sigdelset(&action.sa_mask, SIGSEGV);
	for (i = 0; i < sizeof(signals) / sizeof(signals[0]); i++)
		if (sigaction(signals[i], &action, NULL) < 0)
			return hexo_fail_errno(err, "cannot handle signals");
	process.thread = pthread_self();
	if (sigsetjmp(process.leave, 1) == 0) {
		process.in_guest = 1;
		vm_process_enter(vm->elf.entry, vm->memory.layout.nstack_high);
	}
	return 0;
}

const struct vm_backend vm_backend_process = {
	.name = "process",
	.number = 1,
	.own_address = true,
	.probe = process_probe,
	.create = process_create,
	.log_start = process_log_start,
	.log_take = process_log_take,
	.log_stop = process_log_stop,
	.run = process_run,
};
