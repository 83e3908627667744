/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/vm.h"

/* What the child may use: it reads what came from a guest. */
enum { TRACE_SECONDS = 10, TRACE_MEMORY = 2000000000 };

/* Descriptors of the child besides the standard ones. */
enum { TRACE_ELF = 3, TRACE_LINES = 4 };

/* A file to read the fault from. */
static int trace_input(const struct hexo_msg_fault *fault, const void *stack)
{
	cleanup_close int fd = memfd_create("hexo-fault", MFD_CLOEXEC);

	if (fd < 0 || base_write_all(fd, fault, sizeof(*fault)) < 0 ||
	    base_write_all(fd, stack, fault->stack_len) < 0 ||
	    lseek(fd, 0, SEEK_SET) < 0)
		return -1;
	return base_take_fd(fd);
}

static void trace_limit(int resource, rlim_t value)
{
	const struct rlimit limit = { value, value };

	setrlimit(resource, &limit);
}

/* In the child: becomes hexo-trace. */
static _Noreturn void trace_child(const char *program, int input, int elf,
				  int lines)
{
	const char *argv[] = { program, "3", lines < 0 ? NULL : "4", NULL };
	int high_input = fcntl(input, F_DUPFD_CLOEXEC, 16);
	int high_elf = fcntl(elf, F_DUPFD_CLOEXEC, 16);
	int high_lines = lines < 0 ? -1 : fcntl(lines, F_DUPFD_CLOEXEC, 16);
	sigset_t none;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	trace_limit(RLIMIT_CPU, TRACE_SECONDS);
	trace_limit(RLIMIT_AS, TRACE_MEMORY);
	trace_limit(RLIMIT_CORE, 0);
	if (dup2(high_input, STDIN_FILENO) < 0 ||
	    dup2(STDERR_FILENO, STDOUT_FILENO) < 0 ||
	    dup2(high_elf, TRACE_ELF) < 0 ||
	    (lines >= 0 && dup2(high_lines, TRACE_LINES) < 0))
		_exit(1);
	close_range(lines < 0 ? TRACE_LINES : TRACE_LINES + 1, ~0U, 0);
	execv(program, (char *const *)argv);
	_exit(1);
}

void cli_trace_print(struct cli_image *image, enum hexo_isa isa,
		     const struct hexo_msg_fault *fault, const void *stack)
{
	cleanup_free char *program = base_sibling("hexo-trace");
	struct cli_elf *elf = cli_image_find(image, isa);
	cleanup_close int input = -1, lines = -1;
	pid_t pid;

	if (!fault->registers || !elf || elf->fd < 0)
		return;
	input = trace_input(fault, stack);
	if (input < 0)
		return;
	lines = cli_image_lines(image, elf, NULL);
	pid = fork();
	if (pid == 0)
		trace_child(program, input, elf->fd, lines);
	if (pid < 0 || cli_child_wait(pid, TRACE_SECONDS * 1000, NULL))
		return;
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}
