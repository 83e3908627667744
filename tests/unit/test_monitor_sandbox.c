/* SPDX-License-Identifier: Apache-2.0 */
// LINK: monitor/sandbox.c base/sandbox.c base/error.c base/base.c
// LINK: base/thread.c; -lseccomp -lpthread
/* What the filters of hexo-vm's threads let through, and what kills it. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <fcntl.h>
#include <linux/kvm.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/thread.h"
#include "monitor/backend.h"
#include "monitor/sandbox.h"

/* Where a real hexo-vm has its channel, and its VM and vCPU. */
enum { CHANNEL = 3, OTHER = 4, VM = 5, VCPU = 6 };

static void descriptors(int *vm, int *vcpu)
{
	*vm = VM;
	*vcpu = VCPU;
}

static const struct vm_backend backend = { .name = "test",
					   .descriptors = descriptors };
static struct vm vm = { .backend = &backend, .fetch.fd = -1 };

/* What a thread does once it is confined; raw, so that libc does no more. */
typedef long act(void);

static long act_getrandom(void)
{
	char byte;

	return syscall(SYS_getrandom, &byte, 1, 0);
}

static long act_message(void)
{
	return syscall(SYS_sendto, CHANNEL, "x", 1, MSG_NOSIGNAL, NULL, 0);
}

static long act_run(void)
{
	return syscall(SYS_ioctl, VCPU, KVM_RUN, 0);
}

static long act_log(void)
{
	return syscall(SYS_ioctl, VM, KVM_GET_DIRTY_LOG, 0);
}

static long act_message_elsewhere(void)
{
	return syscall(SYS_sendto, OTHER, "x", 1, MSG_NOSIGNAL, NULL, 0);
}

static long act_write_elsewhere(void)
{
	return syscall(SYS_write, OTHER, "x", 1);
}

static long act_open(void)
{
	return syscall(SYS_openat, AT_FDCWD, "/", O_RDONLY);
}

static long act_socket(void)
{
	return syscall(SYS_socket, AF_INET, SOCK_STREAM, 0);
}

static long act_exec(void)
{
	return syscall(SYS_execve, "/bin/true", NULL, NULL);
}

static long act_clone(void)
{
	return syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
}

static long act_code(void)
{
	return syscall(SYS_mmap, NULL, 4096, PROT_READ | PROT_EXEC,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
}

static long act_ptrace(void)
{
	return syscall(SYS_ptrace, 0, 0, 0, 0);
}

static long act_kill(void)
{
	return syscall(SYS_kill, 1, 0);
}

static long act_request_elsewhere(void)
{
	return syscall(SYS_ioctl, VM, KVM_RUN, 0);
}

static long act_other_request(void)
{
	return syscall(SYS_ioctl, VM, KVM_CREATE_VCPU, 0);
}

/* Before what does not return the sanitizer makes system calls of its own,
 * which no thread may make. */
#define CONFINED __attribute__((no_sanitize_address))

static void leave(void)
{
	syscall(SYS_exit_group, 0);
}

static void idle(void)
{
	for (;;)
		syscall(SYS_ppoll, NULL, 0, NULL, NULL, 0);
}

static act *helpers_act;

static CONFINED void *helper_main(void *arg)
{
	vm_confine(&vm);
	if (arg && helpers_act) {
		helpers_act();
		leave();
	}
	idle();
	return NULL;
}

static CONFINED void child(act *guest, act *helper)
{
	struct hexo_error err;
	pthread_t thread;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
	    dup2(ends[0], CHANNEL) < 0 ||
	    socketpair(AF_UNIX, SOCK_STREAM, 0, ends) < 0 ||
	    dup2(ends[0], OTHER) < 0)
		_exit(3);
	helpers_act = helper;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	    vm_sandbox_prepare(&vm, CHANNEL, &err) < 0)
		_exit(5);
	/* As many as there are: the link's and the copy's. */
	if (base_thread_start(&thread, helper_main, &vm, &err) < 0 ||
	    base_thread_start(&thread, helper_main, NULL, &err) < 0 ||
	    vm_sandbox_enter(&vm, &err) < 0)
		_exit(4);
	if (guest) {
		guest();
		leave();
	}
	idle();
}

/* How the process ends: 0, or the signal that kills it. */
static int ending(act *guest, act *helper)
{
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		alarm(20);
		child(guest, helper);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	if (WIFSIGNALED(status))
		return WTERMSIG(status);
	assert_int_equal(WEXITSTATUS(status), 0);
	return 0;
}

static void what_is_needed_is_allowed(void **state)
{
	static act *const guest[] = { act_getrandom, act_message, act_run,
				      act_log };
	static act *const helper[] = { act_message, act_log };

	for (size_t i = 0; i < sizeof(guest) / sizeof(*guest); i++)
		assert_int_equal(ending(guest[i], NULL), 0);
	for (size_t i = 0; i < sizeof(helper) / sizeof(*helper); i++)
		assert_int_equal(ending(NULL, helper[i]), 0);
}

static act *const forbidden[] = {
	act_open,
	act_socket,
	act_exec,
	act_clone,
	act_code,
	act_ptrace,
	act_kill,
	act_message_elsewhere,
	act_write_elsewhere,
	act_request_elsewhere,
	act_other_request,
};

static void anything_else_kills_the_guests_thread(void **state)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		assert_int_equal(ending(forbidden[i], NULL), SIGSYS);
}

static void anything_else_kills_the_helpers(void **state)
{
	for (size_t i = 0; i < sizeof(forbidden) / sizeof(*forbidden); i++)
		assert_int_equal(ending(NULL, forbidden[i]), SIGSYS);
}

static void only_the_guests_thread_runs_the_vcpu(void **state)
{
	assert_int_equal(ending(NULL, act_run), SIGSYS);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_needed_is_allowed),
		cmocka_unit_test(anything_else_kills_the_guests_thread),
		cmocka_unit_test(anything_else_kills_the_helpers),
		cmocka_unit_test(only_the_guests_thread_runs_the_vcpu),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
