/* SPDX-License-Identifier: Apache-2.0 */
/* Jumps out of signal handlers, with and without the mask. */
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

static sigjmp_buf out;
static volatile int handled;

static int work(int n)
{
	volatile int sum = 0;

	for (int i = 0; i < n; i++)
		sum += i * n;
	return sum & 3;
}

static void handler(int signal)
{
	handled++;
	work(50);
	siglongjmp(out, signal + handled);
}

static int is_blocked(int signal)
{
	sigset_t now;

	sigprocmask(SIG_SETMASK, NULL, &now);
	return sigismember(&now, signal);
}

static void unblock(int signal)
{
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, signal);
	sigprocmask(SIG_UNBLOCK, &set, NULL);
}

static void raised(int save)
{
	volatile int rounds = 0;
	int code;

	handled = 0;
	code = sigsetjmp(out, save);
	if (code)
		printf("signal: code %d, blocked %d\n", code,
		       is_blocked(SIGUSR1));
	unblock(SIGUSR1);
	if (rounds++ < 3)
		raise(SIGUSR1);
}

/* A handler whose signal is pending again: it comes when the mask is put
 * back, after the jump, and not inside of the jump. */
static void again(int signal)
{
	if (++handled < 5000)
		raise(signal);
	siglongjmp(out, handled);
}

static void pending(void)
{
	volatile int jumps = 0;

	handled = 0;
	signal(SIGUSR2, again);
	if (sigsetjmp(out, 1))
		jumps++;
	else
		raise(SIGUSR2);
	printf("pending: %d handled\n", handled);
}

/* The mask is that of sigsetjmp(), not that of the jump. */
static void mask(void)
{
	sigset_t both;

	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGTERM);
	if (sigsetjmp(out, 1) == 0) {
		sigprocmask(SIG_BLOCK, &both, NULL);
		printf("mask: %d %d\n", is_blocked(SIGINT),
		       is_blocked(SIGTERM));
		work(100);
		siglongjmp(out, 1);
	}
	printf("mask: %d %d\n", is_blocked(SIGINT), is_blocked(SIGTERM));
}

int main(void)
{
	signal(SIGUSR1, handler);
	raised(1);
	raised(0);
	pending();
	mask();
	return 0;
}
