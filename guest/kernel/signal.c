/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Signals that a program sends to itself: nobody else sends any. Handlers run
 * as plain calls out of the system call that delivers. A fault of the program
 * is no signal: the monitor ends the VM with a report.
 */
#include "guest/kernel/kernel.h"
#include "guest/kernel/syscall.h"

typedef void handler_fn(int signal, struct abi_siginfo *info, void *context);

static struct abi_sigaction actions[SIG_MAX + 1];
static uint64_t blocked, pending; /* bit signal - 1 */

static uint64_t bit_of(int signal)
{
	return UINT64_C(1) << (signal - 1);
}

static bool is_signal(int signal)
{
	return signal >= 1 && signal <= SIG_MAX;
}

static void act_by_default(int signal)
{
	switch (signal) {
	case SIGCHLD:
	case SIGCONT:
	case SIGURG:
	case SIGWINCH:
		return;
	default:
		kernel_exit(HEXO_EXIT_SIGNAL + (uint64_t)signal);
	}
}

/* The context that a handler gets: nothing in it is meaningful. */
static uint64_t context[128];

static void run_handler(int signal)
{
	static struct abi_siginfo info;
	struct abi_sigaction *a = &actions[signal];
	handler_fn *handler = (handler_fn *)a->handler;
	uint64_t saved = blocked;

	blocked |= a->mask;
	if (!(a->flags & SA_NODEFER))
		blocked |= bit_of(signal);
	if (a->flags & SA_RESETHAND)
		a->handler = SIG_DFL;
	info = (struct abi_siginfo){ .signal = signal,
				     .code = SI_TKILL,
				     .pid = KERNEL_PID,
				     .uid = KERNEL_UID };
	handler(signal, &info, context);
	blocked = saved;
}

/* Delivers what is pending and not blocked. */
static void deliver(void)
{
	while (pending & ~blocked) {
		int signal = __builtin_ctzll(pending & ~blocked) + 1;

		pending &= ~bit_of(signal);
		if (actions[signal].handler == SIG_DFL)
			act_by_default(signal);
		else if (actions[signal].handler != SIG_IGN)
			run_handler(signal);
	}
}

void kernel_signal_send(int signal)
{
	pending |= bit_of(signal);
	deliver();
}

static long send_to(int signal, bool self)
{
	if (!self)
		return -ESRCH;
	if (!signal)
		return 0;
	if (!is_signal(signal))
		return -EINVAL;
	kernel_signal_send(signal);
	return 0;
}

long sys_kill(int pid, int signal)
{
	return send_to(signal, pid == KERNEL_PID || pid == 0 || pid == -1);
}

long sys_tkill(int tid, int signal)
{
	return send_to(signal, tid == KERNEL_PID);
}

long sys_tgkill(int pid, int tid, int signal)
{
	return send_to(signal, pid == KERNEL_PID && tid == KERNEL_PID);
}

long sys_rt_sigaction(int signal, const struct abi_sigaction *to,
		      struct abi_sigaction *old)
{
	if (!is_signal(signal))
		return -EINVAL;
	if (old)
		*old = actions[signal];
	if (!to)
		return 0;
	if (signal == SIGKILL || signal == SIGSTOP)
		return -EINVAL;
	actions[signal] = *to;
	return 0;
}

long sys_rt_sigprocmask(int how, const uint64_t *set, uint64_t *old)
{
	uint64_t never = bit_of(SIGKILL) | bit_of(SIGSTOP), before = blocked;

	if (set) {
		switch (how) {
		case SIG_BLOCK:
			blocked |= *set & ~never;
			break;
		case SIG_UNBLOCK:
			blocked &= ~*set;
			break;
		case SIG_SETMASK:
			blocked = *set & ~never;
			break;
		default:
			return -EINVAL;
		}
	}
	if (old)
		*old = before;
	deliver();
	return 0;
}

long sys_rt_sigpending(uint64_t *to)
{
	*to = pending;
	return 0;
}

long sys_rt_sigsuspend(const uint64_t *mask)
{
	uint64_t saved = blocked;

	if (!(pending & ~*mask))
		kernel_panic("deadlock: the program's only thread waits for a "
			     "signal that it alone could send");
	blocked = *mask;
	deliver();
	blocked = saved;
	return -EINTR;
}

/* Handlers run on the stack of the caller. */
long sys_sigaltstack(const struct abi_stack *to, struct abi_stack *old)
{
	if (old)
		*old = (struct abi_stack){ .flags = SS_DISABLE };
	return 0;
}
