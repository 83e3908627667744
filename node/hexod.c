/* SPDX-License-Identifier: Apache-2.0 */
/*
 * hexod: lets VMs of other machines run on this one. This file: options and
 * the loop that accepts connections; each is served by a process of its own.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "node/address.h"
#include "node/clients.h"
#include "node/host.h"
#include "node/jobs.h"
#include "node/list.h"
#include "node/relay.h"
#include "node/serve.h"
#include "node/tunnel.h"

static const char usage[] =
	"usage: hexod --listen IPV4:PORT|[IPV6]:PORT|unix:PATH --cache DIR\n"
	"             [--state DIR] [--cache-size SIZE] [--max-vms N]\n"
	"             [--memory SIZE] [--timeout SECONDS]\n"
	"             [--volume-local DIR]... [--volume-user UID[:GID]]\n"
	"       hexod [--state DIR] key | clients |\n"
	"             accept FINGERPRINT [NAME] | remove FINGERPRINT|NAME\n"
	"Runs VMs for clients whose keys were accepted; on a Unix socket, for\n"
	"this user. The commands print this node's key, the clients' keys,\n"
	"and accept or remove one.\n"
	"  --state       where keys are kept ($XDG_STATE_HOME/hexod)\n"
	"  --cache-size  bytes the image cache may take (1G)\n"
	"  --max-vms     VMs at a time (16)\n"
	"  --memory      memory for all VMs together (all of this machine's)\n"
	"  --timeout     for a client's handshake and next message (10)\n"
	"  --volume-local  a directory that VMs may use, and all below it, "
	"when\n"
	"                their jobs' --volume-local says so (none)\n"
	"  --volume-user whose rights count there if hexod is root (65534)\n";

enum {
	EXIT_HEXOD = 125,
	SHUTDOWN_MS = 2000,
	DEADLINE_TIMEOUTS = 30, /* a client has this many timeouts in all */
};

/* Who has connected, for the check of his key. */
struct hexod_client {
	const char *state, *address;
};

struct hexod {
	struct node_address address;
	struct node_config config;
	struct node_jobs jobs;
	struct node_identity identity;
	SSL_CTX *context;
	struct node_check check;
	char *state;
	const char *cache_path;
	uint64_t cache_size;
	sigset_t old_mask;
	int listener, signals, epoll;
	bool ending;
};

static int parse_number(const char *option, const char *text, uint64_t low,
			uint64_t high, uint64_t *value, struct hexo_error *err)
{
	if (base_parse_size(text, value) < 0 || *value < low || *value > high)
		return hexo_fail(err, -EINVAL, "--%s %s: not valid", option,
				 text);
	return 0;
}

static int parse_option(struct hexod *d, int option, const char *text,
			struct hexo_error *err)
{
	uint64_t n = 0;
	int r;

	switch (option) {
	case 'l':
		return node_address_parse(text, &d->address, err);
	case 'c':
		d->cache_path = text;
		return 0;
	case 'd':
		free(d->state);
		d->state = base_strdup(text);
		return 0;
	case 's':
		return parse_number("cache-size", text, 1 << 20, INT64_MAX,
				    &d->cache_size, err);
	case 'v':
		r = parse_number("max-vms", text, 1, NODE_VMS_MAX, &n, err);
		d->jobs.limits.vms = (uint32_t)n;
		return r;
	case 'm':
		return parse_number("memory", text, 1 << 20, INT64_MAX,
				    &d->jobs.limits.memory, err);
	case 'V':
		return node_storage_allow(&d->config.storage, text, err);
	case 'u':
		return node_storage_user(&d->config.storage, text, err);
	case 't':
		r = parse_number("timeout", text, 1, 3600, &n, err);
		d->config.timeout_ms = (unsigned)n * 1000;
		return r;
	default:
		return hexo_fail(err, -EINVAL,
				 "%s: unknown, or its value is missing; see "
				 "hexod --help",
				 text);
	}
}

static int parse_options(struct hexod *d, int argc, char **argv,
			 struct hexo_error *err)
{
	static const struct option options[] = {
		{ "listen", required_argument, NULL, 'l' },
		{ "cache", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 'd' },
		{ "cache-size", required_argument, NULL, 's' },
		{ "max-vms", required_argument, NULL, 'v' },
		{ "memory", required_argument, NULL, 'm' },
		{ "timeout", required_argument, NULL, 't' },
		{ "volume-local", required_argument, NULL, 'V' },
		{ "volume-user", required_argument, NULL, 'u' },
		{ "help", no_argument, NULL, 'h' },
		{ 0 },
	};
	int option, r;

	opterr = 0;
	while ((option = getopt_long(argc, argv, ":", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		r = parse_option(d, option, optarg ?: argv[optind - 1], err);
		if (r < 0)
			return r;
	}
	if (!d->state) {
		r = node_state_directory(&d->state, err);
		if (r < 0)
			return hexo_fail_context(err, "--state is missing");
	}
	if (optind < argc)
		return 0;
	if (!d->address.len || !d->cache_path)
		return hexo_fail(err, -EINVAL,
				 "--listen and --cache are needed; see "
				 "hexod --help");
	return 0;
}

static int watch(struct hexod *d, int fd, void *what, struct hexo_error *err)
{
	struct epoll_event event = { .events = EPOLLIN, .data.ptr = what };

	if (epoll_ctl(d->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return hexo_fail_errno(err, "cannot watch a descriptor");
	return 0;
}

static int open_signals(struct hexod *d, struct hexo_error *err)
{
	static const int handled[] = { SIGTERM, SIGINT, SIGHUP, SIGCHLD };
	sigset_t set;

	sigemptyset(&set);
	for (size_t i = 0; i < sizeof(handled) / sizeof(handled[0]); i++)
		sigaddset(&set, handled[i]);
	if (sigprocmask(SIG_BLOCK, &set, &d->old_mask) < 0)
		return hexo_fail_errno(err, "cannot block signals");
	d->signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (d->signals < 0)
		return hexo_fail_errno(err, "cannot make a signalfd");
	return 0;
}

/* Once for all connections: only the handshake is each one's own. */
static int open_tls(struct hexod *d, struct hexo_error *err)
{
	int r = node_identity_open(d->state, &d->identity, err);

	if (r < 0)
		return r;
	d->check.any = true;
	d->context = node_identity_context(&d->identity, &d->check, err);
	return d->context ? 0 : err->code;
}

static int hexod_open(struct hexod *d, struct hexo_error *err)
{
	int r;

	if (!d->jobs.limits.memory)
		d->jobs.limits.memory = node_host_memory();
	d->config.deadline_s = d->config.timeout_ms / 1000 * DEADLINE_TIMEOUTS;
	r = node_cache_open(&d->config.cache, d->cache_path, d->cache_size,
			    err);
	if (r < 0)
		return r;
	d->config.sessions = base_printf("%s/sessions", d->state);
	r = node_relay_sweep(d->config.sessions, err);
	if (r == 0 && d->address.socket.ss_family != AF_UNIX)
		r = open_tls(d, err);
	if (r == 0)
		r = open_signals(d, err);
	if (r < 0)
		return r;
	d->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (d->epoll < 0)
		return hexo_fail_errno(err, "cannot make an epoll instance");
	d->listener = node_address_listen(&d->address, err);
	if (d->listener < 0)
		return d->listener;
	r = watch(d, d->listener, &d->listener, err);
	return r < 0 ? r : watch(d, d->signals, &d->signals, err);
}

/* In the process that has TLS. */
static int admit_client(void *address, const struct node_key *peer,
			struct hexo_error *err)
{
	struct hexod_client *client = address;

	return node_clients_admit(client->state, peer, client->address, err);
}

/* Returns a socket on which the client can be served, once he has shown who
 * he is; the key then is in this process no more. */
static int meet_client(struct hexod *d, int socket, char *address,
		       struct node_key *peer, struct hexo_error *err)
{
	struct hexod_client client = { d->state, address };
	const struct node_tunnel tunnel = {
		.timeout_ms = (int)d->config.timeout_ms,
		.context = d->context,
		.check = &d->check,
		.admit = admit_client,
		.ctx = &client,
	};
	int r;

	if (!d->context) {
		r = node_address_check_peer(socket, err);
		return r < 0 ? r : socket;
	}
	node_socket_tune(socket);
	r = node_tunnel_open(socket, &tunnel, peer, err);
	SSL_CTX_free(d->context);
	node_identity_close(&d->identity);
	close(socket);
	return r;
}

/* In the new process: only the two sockets stay. */
static _Noreturn void connection_main(struct hexod *d, int socket,
				      char *address, int control)
{
	static const struct node_ask known = { .what = NODE_ASK_KNOWN };
	const struct node_job *job = d->jobs.job;
	size_t count = sizeof(d->jobs.job) / sizeof(d->jobs.job[0]);
	struct node_key peer = { { 0 } }; /* on a Unix socket: this user */
	struct hexo_error err;
	int client;

	close(d->listener);
	close(d->signals);
	close(d->epoll);
	for (; count--; job++)
		if (job->pid && job->control >= 0)
			close(job->control);
	sigprocmask(SIG_SETMASK, &d->old_mask, NULL);
	client = meet_client(d, socket, address, &peer, &err);
	if (client < 0) {
		fprintf(stderr, "hexod: %s: %s\n", address, err.text);
		_exit(1);
	}
	send(control, &known, sizeof(known), MSG_NOSIGNAL);
	node_serve(&d->config, &peer, client, control);
}

static bool make_room(struct hexod *d)
{
	pid_t stranger = node_jobs_stranger(&d->jobs);

	if (!node_jobs_full(&d->jobs))
		return true;
	if (!stranger)
		return false;
	kill(stranger, SIGKILL);
	waitpid(stranger, NULL, 0);
	return node_jobs_remove(&d->jobs, stranger);
}

/* Starts the process of a connection. Failures are the client's loss. */
static void accept_client(struct hexod *d)
{
	struct sockaddr_storage from = { 0 };
	socklen_t len = sizeof(from);
	cleanup_close int client =
		accept4(d->listener, (struct sockaddr *)&from, &len,
			SOCK_CLOEXEC);
	char address[64];
	struct node_job *job;
	int control[2];
	pid_t pid;

	if (client < 0 || !make_room(d))
		return;
	node_address_print(&from, address, sizeof(address));
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, control) < 0)
		return;
	pid = fork();
	if (pid == 0) {
		close(control[0]);
		connection_main(d, client, address, control[1]);
	}
	close(control[1]);
	if (pid < 0) {
		close(control[0]);
		return;
	}
	job = node_jobs_add(&d->jobs, pid, control[0]);
	if (!job || watch(d, job->control, job, NULL) < 0)
		kill(pid, SIGKILL);
}

static void reap(struct hexod *d)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (!node_jobs_remove(&d->jobs, pid))
			continue;
		node_cache_sweep(&d->config.cache, pid);
		if (WIFSIGNALED(status) && !d->ending)
			fprintf(stderr, "hexod: process %d ended: %s\n",
				(int)pid, strsignal(WTERMSIG(status)));
	}
}

static void take_signals(struct hexod *d)
{
	struct signalfd_siginfo info;

	while (read(d->signals, &info, sizeof(info)) == sizeof(info))
		if (info.ssi_signo != SIGCHLD)
			d->ending = true;
	reap(d);
}

static int hexod_step(struct hexod *d, int timeout_ms, struct hexo_error *err)
{
	struct epoll_event event;
	int n = epoll_wait(d->epoll, &event, 1, timeout_ms);
	struct node_job *job = event.data.ptr;

	if (n < 0 && errno != EINTR)
		return hexo_fail_errno(err, "cannot wait for events");
	if (n <= 0)
		return 0;
	if (event.data.ptr == &d->listener)
		accept_client(d);
	else if (event.data.ptr == &d->signals)
		take_signals(d);
	else if (job->pid && job->control >= 0)
		node_jobs_answer(&d->jobs, job);
	return 0;
}

/* Ends all VMs and connections: asks first, then insists. */
static int hexod_end(struct hexod *d, struct hexo_error *err)
{
	uint64_t end = base_now_ns() + SHUTDOWN_MS * UINT64_C(1000000);
	int r = 0;

	close(d->listener);
	node_address_unlink(&d->address);
	node_jobs_kill(&d->jobs, SIGTERM);
	while (r == 0 && !node_jobs_empty(&d->jobs)) {
		if (base_now_ns() > end)
			node_jobs_kill(&d->jobs, SIGKILL);
		r = hexod_step(d, 100, err);
	}
	return r;
}

static int hexod_run(struct hexod *d, struct hexo_error *err)
{
	char key[NODE_KEY_TEXT];
	int r = 0;

	printf("hexod: %s, listening on %s\n", node_host_isa(),
	       d->address.text);
	if (d->context) {
		node_key_text(&d->identity.key, key);
		printf("hexod: key %s\n", key);
	}
	fflush(stdout);
	while (r == 0 && !d->ending)
		r = hexod_step(d, -1, err);
	return r < 0 ? r : hexod_end(d, err);
}

int main(int argc, char **argv)
{
	static struct hexod d = {
		.cache_size = UINT64_C(1) << 30,
		.config.timeout_ms = 10000,
		.config.storage.uid = NODE_STORAGE_NOBODY,
		.config.storage.gid = NODE_STORAGE_NOBODY,
		.jobs.limits.vms = 16,
	};
	struct hexo_error err;
	int r = parse_options(&d, argc, argv, &err);

	if (r == 0 && optind < argc) {
		r = node_clients_command(d.state, argc - optind, argv + optind,
					 &err);
	} else if (r == 0) {
		r = hexod_open(&d, &err);
		if (r == 0)
			r = hexod_run(&d, &err);
	}
	if (r == 0)
		return 0;
	fprintf(stderr, "hexod: %s\n", err.text);
	return EXIT_HEXOD;
}
