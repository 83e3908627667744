/* SPDX-License-Identifier: Apache-2.0 */
#include "board/qemu.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "node/address.h"

static const char program[] = "qemu-system-aarch64";

/* A panic (hexod or init ended) ends QEMU; otherwise the console shows only
 * what init and hexod print. The kernel hands the last one on to init. */
static const char kernel_arguments[] =
	"console=ttyAMA0 quiet panic=-1 rdinit=/init hexo_client=";

enum { STOP_MS = 5000 };

static int find_file(const char *name, char **path, struct hexo_error *err)
{
	*path = base_sibling(name);
	if (access(*path, R_OK) < 0)
		return hexo_fail_errno(err,
				       "the board needs %s (made by `make`)",
				       *path);
	return 0;
}

/* Runs argv[0] to its end; what it prints to stderr goes to `said`. Returns
 * its wait status or -errno. */
static int run(char **argv, struct base_buffer *said)
{
	posix_spawn_file_actions_t actions;
	int out[2], status, r;
	char piece[512];
	ssize_t n;
	pid_t pid;

	if (pipe2(out, O_CLOEXEC) < 0)
		return -errno;
	posix_spawn_file_actions_init(&actions);
	posix_spawn_file_actions_addopen(&actions, 0, "/dev/null", O_RDONLY, 0);
	posix_spawn_file_actions_addopen(&actions, 1, "/dev/null", O_WRONLY, 0);
	posix_spawn_file_actions_adddup2(&actions, out[1], 2);
	r = posix_spawnp(&pid, argv[0], &actions, NULL, argv, environ);
	posix_spawn_file_actions_destroy(&actions);
	close(out[1]);
	if (r == 0) {
		while ((n = read(out[0], piece, sizeof(piece))) > 0)
			base_buffer_add(said, piece, (size_t)n);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
	}
	close(out[0]);
	return r ? -r : status;
}

static int qemu_failed(const struct base_buffer *said, struct hexo_error *err)
{
	const char *text = said->data ? said->data : "it says nothing";

	if (strstr(text, "Could not set up host forwarding rule"))
		return hexo_fail(err, -EADDRINUSE, "the port was taken");
	return hexo_fail(err, -EIO, "%s failed: %.*s", program,
			 (int)strcspn(text, "\n"), text);
}

static int start(const char *directory, const struct board *board,
		 const struct node_key *client, const char *kernel,
		 const char *initramfs, struct base_buffer *said)
{
	cleanup_free char *cpus = base_printf("%u", board->cpus);
	cleanup_free char *memory =
		base_printf("%" PRIu64 "M", board->memory >> 20);
	cleanup_free char *log =
		board_file(directory, board->name, "console.log");
	cleanup_free char *serial = base_printf("file:%s", log);
	cleanup_free char *pid = board_file(directory, board->name, "pid");
	cleanup_free char *net = base_printf("user,id=net,restrict=on,ipv6=off,"
					     "hostfwd=tcp:127.0.0.1:%u-:%u",
					     board->port, NODE_PORT);
	char key[NODE_KEY_TEXT];
	cleanup_free char *arguments =
		(node_key_text(client, key),
		 base_printf("%s%s%s%s", kernel_arguments, key,
			     *board->netem ? " hexo_netem=" : "",
			     board->netem));
	const struct {
		const char *name, *value;
	} options[] = {
		/* Virtualisation gives the board a KVM of its own. */
		{ "-M", "virt,virtualization=on,gic-version=3" },
		{ "-cpu", "cortex-a53" },
		/* All CPUs in one thread: with one for each, they spin on each
		 * other's locks while the host runs something else, and data
		 * leaves the board ten times slower. */
		{ "-accel", "tcg,thread=single,tb-size=256" },
		{ "-smp", cpus },
		{ "-m", memory },
		{ "-kernel", kernel },
		{ "-initrd", initramfs },
		{ "-append", arguments },
		{ "-netdev", net },
		{ "-device", "virtio-net-device,netdev=net" },
		{ "-serial", serial },
		{ "-display", "none" },
		{ "-monitor", "none" },
		{ "-name", board->name },
		{ "-pidfile", pid },
		{ "-sandbox", "on,obsolete=deny" },
	};
	enum { OPTIONS = sizeof(options) / sizeof(options[0]) };
	const char *argv[5 + 2 * OPTIONS + 1] = {
		program,      "-nodefaults", "-no-user-config",
		"-no-reboot", "-daemonize",
	};

	for (size_t i = 0; i < OPTIONS; i++) {
		argv[5 + 2 * i] = options[i].name;
		argv[6 + 2 * i] = options[i].value;
	}
	return run((char **)argv, said);
}

int board_qemu_start(const char *directory, const struct board *board,
		     const struct node_key *client, struct hexo_error *err)
{
	cleanup_free char *kernel = NULL, *initramfs = NULL;
	struct base_buffer said = { 0 };
	int r = find_file("../board/Image", &kernel, err);

	if (r == 0)
		r = find_file(*board->netem ? "../board/initramfs-netem.cpio.gz"
					    : "../board/initramfs.cpio.gz",
			      &initramfs, err);
	if (r < 0)
		return r;
	r = start(directory, board, client, kernel, initramfs, &said);
	if (r == -ENOENT)
		r = hexo_fail(err, r, "%s is not installed: run make", program);
	else if (r < 0)
		r = hexo_fail(err, r, "cannot start %s: %s", program,
			      strerror(-r));
	else if (r > 0)
		r = qemu_failed(&said, err);
	base_buffer_free(&said);
	return r;
}

static int wait_gone(int process, int timeout_ms)
{
	struct pollfd p = { .fd = process, .events = POLLIN };
	int r;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	return r;
}

int board_qemu_stop(const char *directory, const struct board *board,
		    struct hexo_error *err)
{
	cleanup_close int process = pidfd_open(board->pid, 0);

	/* Once it is opened the number cannot be another's: look again. */
	if (process < 0 || board_pid(directory, board->name) != board->pid)
		return 0;
	pidfd_send_signal(process, SIGTERM, NULL, 0);
	if (wait_gone(process, STOP_MS) == 1)
		return 0;
	pidfd_send_signal(process, SIGKILL, NULL, 0);
	if (wait_gone(process, STOP_MS) == 1)
		return 0;
	return hexo_fail(err, -EBUSY, "process %d does not end",
			 (int)board->pid);
}
