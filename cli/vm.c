/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/connect.h"
#include "cli/keeper.h"

static const char *const vm_backends[] = {
	[CLI_BACKEND_KVM] = "kvm",
	[CLI_BACKEND_PROCESS] = "process",
	[CLI_BACKEND_AUTO] = "auto",
};

void cli_vm_init(struct cli_vm *vm)
{
	*vm = (struct cli_vm){
		.link.fd = -1,
		.pending = -1,
		.pid = -1,
		.keeper = -1,
		.news = -1,
		.watch.fd = -1,
		.news_watch.fd = -1,
	};
}

bool cli_vm_exists(const struct cli_vm *vm)
{
	return vm->link.fd >= 0 || vm->pending >= 0;
}

/* Descriptors of the child: these two, and standard error. */
enum { VM_CHANNEL = 3, VM_ELF = 4 };

/* In the child: leaves nothing open but what hexo-vm is given. */
static int vm_child_descriptors(int channel, int elf)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high_channel = fcntl(channel, F_DUPFD_CLOEXEC, 16);
	int high_elf = fcntl(elf, F_DUPFD_CLOEXEC, 16);

	if (null < 0 || high_channel < 0 || high_elf < 0)
		return -errno;
	if (dup2(null, STDIN_FILENO) < 0 || dup2(null, STDOUT_FILENO) < 0 ||
	    dup2(high_channel, VM_CHANNEL) < 0 || dup2(high_elf, VM_ELF) < 0)
		return -errno;
	return close_range(VM_ELF + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* In the child: becomes hexo-vm, or tells on the channel why it cannot. */
static _Noreturn void vm_child(const char *const *argv, int channel, int elf,
			       pid_t home)
{
	sigset_t none;

	/* A ^C at the terminal is for the home to handle. */
	signal(SIGINT, SIG_IGN);
	signal(SIGQUIT, SIG_IGN);
	signal(SIGPIPE, SIG_DFL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != home)
		_exit(125);
	if (vm_child_descriptors(channel, elf) == 0)
		execvp(argv[0], (char *const *)argv);
	migrate_channel_print(VM_CHANNEL, HEXO_MSG_ERROR, NULL,
			      "cannot run %s: %s", argv[0], strerror(errno));
	_exit(125);
}

/* A stream is sent in messages of this size: each would wait for its reader
 * several times. That there is less room is no failure. */
static void vm_channel_widen(int fd)
{
	const int room = 2 << 20;

	(void)setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &room, sizeof(room));
}

static int vm_launch_local(struct cli_vm *vm,
			   const struct cli_vm_config *config,
			   const struct cli_elf *elf, struct hexo_error *err)
{
	bool foreign = elf->isa != cli_isa_host();
	cleanup_free char *name =
		base_printf("hexo-vm-%s", cli_isa_name(elf->isa));
	cleanup_free char *program = base_sibling(name);
	cleanup_free char *qemu =
		base_printf("qemu-%s", cli_isa_machine(elf->isa));
	cleanup_free char *memory = base_printf("%lu", config->memory);
	cleanup_free char *stack = base_printf("%lu", config->stack);
	enum cli_backend backend =
		foreign ? CLI_BACKEND_PROCESS : config->backend;
	const char *argv[] = { qemu,       program,     "--channel",
			       "3",        "--elf",     "4",
			       "--memory", memory,      "--stack",
			       stack,      "--backend", vm_backends[backend],
			       NULL };
	cleanup_close int ours = -1, theirs = -1;
	pid_t home = getpid();
	int pair[2];

	if (access(program, X_OK) < 0)
		return hexo_fail_errno(err, "cannot run %s", program);
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hexo_fail_errno(err, "cannot make a channel");
	ours = pair[0];
	theirs = pair[1];
	vm_channel_widen(ours);
	vm_channel_widen(theirs);
	vm->pid = fork();
	if (vm->pid < 0)
		return hexo_fail_errno(err, "cannot start %s", name);
	if (vm->pid == 0)
		vm_child(foreign ? argv : argv + 1, theirs, elf->fd, home);
	migrate_link_open(&vm->link, base_take_fd(ours));
	return 0;
}

static int vm_launch_remote(struct cli_vm *vm,
			    const struct cli_vm_config *config,
			    struct hexo_error *err)
{
	struct cli_image *image = config->image;

	/* The node says which ISA it is only when asked, by the child. */
	for (int i = 0; i < image->count; i++) {
		int r = cli_image_load(image, &image->elf[i], err);

		if (r < 0)
			return r;
	}
	return cli_connect_start(config, &vm->place, &vm->pending, &vm->pid,
				 err);
}

int cli_vm_launch(struct cli_vm *vm, const struct cli_vm_config *config,
		  const struct cli_place *place, struct hexo_error *err)
{
	struct cli_elf *elf = cli_image_find(config->image, place->isa);
	int r;

	cli_vm_init(vm);
	vm->place = *place;
	if (place->remote)
		return vm_launch_remote(vm, config, err);
	if (!elf)
		return hexo_fail(err, -ENOEXEC, "%s has no ISA %s",
				 config->image->path, cli_isa_name(place->isa));
	r = cli_image_load(config->image, elf, err);
	if (r < 0)
		return r;
	return vm_launch_local(vm, config, elf, err);
}

int cli_vm_connected(struct cli_vm *vm, struct hexo_error *err)
{
	int channel;
	int r = cli_connect_finish(vm->pending, &vm->place.isa, &vm->speed,
				   &channel, err);
	int pending = base_take_fd(vm->pending);
	pid_t pid = vm->pid;

	vm->pid = -1;
	if (r < 0) {
		close(pending);
		/* The child that could not connect ends now. */
		cli_child_wait(pid, -1, NULL);
		return r;
	}
	vm->keeper = pid;
	vm->news = pending;
	migrate_link_open(&vm->link, channel);
	return 0;
}

pid_t cli_vm_close(struct cli_vm *vm)
{
	struct cli_place place = vm->place;
	pid_t pid = vm->keeper >= 0 ? vm->keeper : vm->pid;

	migrate_link_close(&vm->link);
	if (vm->news >= 0)
		close(vm->news);
	if (vm->pending >= 0) {
		close(vm->pending);
		kill(pid, SIGKILL);
	}
	cli_vm_init(vm);
	vm->place = place;
	return pid;
}

int cli_child_wait(pid_t pid, int timeout_ms, int *status)
{
	cleanup_close int fd = (int)syscall(SYS_pidfd_open, pid, 0);
	struct pollfd p = { .fd = fd, .events = POLLIN };

	if (fd >= 0)
		poll(&p, 1, timeout_ms);
	return waitpid(pid, status, timeout_ms < 0 ? 0 : WNOHANG) == pid;
}

static void vm_killed_text(int by, char *text, size_t size)
{
	if (by == SIGSYS)
		snprintf(text, size,
			 " (killed: its sandbox forbids a system call that it "
			 "made)");
	else if (by == SIGKILL)
		snprintf(text, size,
			 " (killed by signal 9: is that machine out of "
			 "memory?)");
	else
		snprintf(text, size, " (killed by signal %d)", by);
}

/* The keeper's last words, which come behind the channel's end. */
static void vm_end_remote(struct cli_vm *vm)
{
	struct pollfd p = { .fd = vm->news, .events = POLLIN };
	struct cli_keeper_news news;

	while (!vm->killed_by && poll(&p, 1, 1000) > 0 &&
	       recv(vm->news, &news, sizeof(news), MSG_DONTWAIT) ==
		       (ssize_t)sizeof(news))
		if (news.what == CLI_VM_KILLED)
			vm->killed_by = news.signal;
}

int cli_vm_end(struct cli_vm *vm, char *text, size_t size)
{
	int status;

	text[0] = '\0';
	if (vm->news >= 0)
		vm_end_remote(vm);
	if (vm->killed_by) {
		vm_killed_text((int)vm->killed_by, text, size);
		return -1;
	}
	if (vm->pid < 0 || vm->pending >= 0 ||
	    !cli_child_wait(vm->pid, 500, &status))
		return -1;
	vm->pid = -1;
	if (WIFSIGNALED(status)) {
		vm_killed_text(WTERMSIG(status), text, size);
		return -1;
	}
	snprintf(text, size, " (exit status %d)", WEXITSTATUS(status));
	return WEXITSTATUS(status);
}
