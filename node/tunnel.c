/* SPDX-License-Identifier: Apache-2.0 */
#include "node/tunnel.h"

#include <errno.h>
#include <fcntl.h>
#include <openssl/err.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "migrate/channel.h"
#include "node/list.h"
#include "node/pump.h"

/* Descriptors of the process. */
enum { TUNNEL_TCP = 3, TUNNEL_PLAIN = 4 };

/* How the handshake went: the first bytes on the plain socket. */
struct tunnel_report {
	struct node_key peer;
	struct hexo_error err; /* code 0: it is up */
};

struct tunnel {
	const struct node_tunnel *config;
	SSL *ssl;
	struct tunnel_report report;
};

/* Waits for the peer; ends when whoever started this process is gone. */
static int wait_peer(short events, uint64_t end, struct hexo_error *err)
{
	struct pollfd fds[2] = { { TUNNEL_TCP, events, 0 },
				 { TUNNEL_PLAIN, 0, 0 } };
	uint64_t now = base_now_ns();
	int r = 0;

	if (now < end)
		r = poll(fds, 2, (int)((end - now) / 1000000) + 1);
	if (r < 0 && errno != EINTR)
		return hexo_fail_errno(err, "cannot wait for the peer");
	if (fds[1].revents)
		_exit(0);
	if (r == 0)
		return hexo_fail(err, -ETIMEDOUT,
				 "the TLS handshake was not over in time");
	return 0;
}

static int fail_handshake(struct tunnel *t, const struct node_check *check,
			  int code, struct hexo_error *err)
{
	char seen[NODE_KEY_TEXT], expected[NODE_KEY_TEXT];
	int saved = errno;

	if (check->wrong) {
		node_key_text(&check->seen, seen);
		node_key_text(&check->expected, expected);
		return hexo_fail(err, -EKEYREJECTED,
				 "its key is %s, not %s: another answers in "
				 "its place, or it was set up anew (then `hexo "
				 "node remove` and `hexo node add` it)",
				 seen, expected);
	}
	if (code == SSL_ERROR_SYSCALL || !ERR_peek_error())
		return hexo_fail(
			err, -ECONNRESET,
			"the connection ended in the TLS handshake%s%s",
			saved ? ": " : "", saved ? strerror(saved) : "");
	return hexo_fail(err, -EPROTO, "no TLS 1.3 handshake: %s",
			 node_identity_error());
}

static int handshake(struct tunnel *t, const struct node_check *check,
		     struct hexo_error *err)
{
	uint64_t end =
		base_now_ns() + (uint64_t)t->config->timeout_ms * 1000000;
	int r = 0;

	while (r == 0) {
		int done, code;

		errno = 0;
		done = SSL_do_handshake(t->ssl);
		if (done == 1)
			return 0;
		code = SSL_get_error(t->ssl, done);
		if (code == SSL_ERROR_WANT_READ)
			r = wait_peer(POLLIN, end, err);
		else if (code == SSL_ERROR_WANT_WRITE)
			r = wait_peer(POLLOUT, end, err);
		else
			r = fail_handshake(t, check, code, err);
	}
	return r;
}

static SSL_CTX *client_context(struct node_check *check, struct hexo_error *err)
{
	cleanup_free char *directory = NULL;
	struct node_identity identity;
	SSL_CTX *context;

	if (node_config_directory(&directory, err) < 0 ||
	    node_identity_open(directory, &identity, err) < 0)
		return NULL;
	context = node_identity_context(&identity, check, err);
	node_identity_close(&identity);
	return context;
}

static int tunnel_begin(struct tunnel *t, struct hexo_error *err)
{
	const struct node_tunnel *config = t->config;
	struct node_check own = { .any = !config->expected };
	struct node_check *check = config->context ? config->check : &own;
	SSL_CTX *context = config->context;
	int r;

	if (config->expected)
		own.expected = *config->expected;
	if (!context)
		context = client_context(check, err);
	if (!context)
		return err->code;
	t->ssl = SSL_new(context);
	if (!t->ssl || SSL_set_fd(t->ssl, TUNNEL_TCP) != 1)
		return hexo_fail(err, -EIO, "cannot begin TLS: %s",
				 node_identity_error());
	if (config->context)
		SSL_set_accept_state(t->ssl);
	else
		SSL_set_connect_state(t->ssl);
	r = handshake(t, check, err);
	t->report.peer = check->seen;
	return r;
}

/* Tells a peer that has shown its key why it cannot come in. */
static void tunnel_refuse(struct tunnel *t)
{
	const char *why = t->report.err.text;
	struct iovec part = { (void *)why, strlen(why) };
	struct hexo_msg_head head =
		migrate_msg_head(HEXO_MSG_NODE_REFUSED, &part, 1);

	/* So little fits the socket's buffer. */
	SSL_write(t->ssl, &head, sizeof(head));
	SSL_write(t->ssl, why, (int)strlen(why));
	node_pump_end(t->ssl, TUNNEL_TCP);
}

static _Noreturn void tunnel_main(const struct node_tunnel *config)
{
	struct tunnel t = { .config = config };
	struct hexo_error *err = &t.report.err;
	bool up = tunnel_begin(&t, err) == 0;
	int r = up ? 0 : err->code;

	if (up && config->admit)
		r = config->admit(config->ctx, &t.report.peer, err);
	if (r == 0)
		r = node_pump_sandbox(err);
	if (base_write_all(TUNNEL_PLAIN, &t.report, sizeof(t.report)) < 0)
		_exit(1);
	if (r == 0)
		node_pump(t.ssl, TUNNEL_TCP, TUNNEL_PLAIN);
	else if (up)
		tunnel_refuse(&t);
	_exit(0);
}

/* In the new process: nothing stays open but what it needs. */
static int tunnel_descriptors(int tcp, int plain)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int high_tcp = fcntl(tcp, F_DUPFD_CLOEXEC, 16);
	int high_plain = fcntl(plain, F_DUPFD_CLOEXEC, 16);
	int flags = fcntl(tcp, F_GETFL);

	if (null < 0 || high_tcp < 0 || high_plain < 0 ||
	    fcntl(tcp, F_SETFL, flags | O_NONBLOCK) < 0)
		return -errno;
	for (int fd = 0; fd <= STDERR_FILENO; fd++)
		if (dup2(null, fd) < 0)
			return -errno;
	if (dup2(high_tcp, TUNNEL_TCP) < 0 ||
	    dup2(high_plain, TUNNEL_PLAIN) < 0)
		return -errno;
	return close_range(TUNNEL_PLAIN + 1, ~0U, 0) < 0 ? -errno : 0;
}

/* It is nobody's child: whoever has the socket need not reap it. */
static _Noreturn void tunnel_child(const struct node_tunnel *config, int tcp,
				   int plain)
{
	static const int ignored[] = { SIGINT, SIGQUIT, SIGHUP, SIGPIPE };
	pid_t pid = fork();
	sigset_t none;

	if (pid)
		_exit(pid < 0);
	/* What the terminal sends is for those it serves to handle. */
	for (size_t i = 0; i < sizeof(ignored) / sizeof(ignored[0]); i++)
		signal(ignored[i], SIG_IGN);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	/* Nobody reads the key from this process. */
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (tunnel_descriptors(tcp, plain) < 0)
		_exit(1);
	tunnel_main(config);
}

static int tunnel_reported(int plain, struct node_key *peer,
			   struct hexo_error *err)
{
	struct tunnel_report report;
	int r = base_read_all(plain, &report, sizeof(report));

	if (r < 0)
		return hexo_fail(err, -EIO, "the process for TLS vanished");
	*peer = report.peer;
	if (report.err.code)
		return hexo_fail(err, report.err.code, "%s", report.err.text);
	return 0;
}

int node_tunnel_open(int tcp, const struct node_tunnel *config,
		     struct node_key *peer, struct hexo_error *err)
{
	cleanup_close int near = -1, far = -1;
	int pair[2], status, r;
	pid_t pid;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hexo_fail_errno(err, "cannot make a socket pair");
	near = pair[0];
	far = pair[1];
	pid = fork();
	if (pid == 0)
		tunnel_child(config, tcp, far);
	if (pid < 0)
		return hexo_fail_errno(err, "cannot start a process for TLS");
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	close(base_take_fd(far));
	r = tunnel_reported(near, peer, err);
	return r < 0 ? r : base_take_fd(near);
}
