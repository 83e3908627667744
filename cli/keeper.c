/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/keeper.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "board/board.h"
#include "node/client.h"
#include "node/session.h"

/* Between attempts to connect, from the second on. */
enum { PAUSE_MS = 100, PAUSE_MAX_MS = 5000, GOODBYE_MS = 10000 };

/* A home that is gone need not hear it. */
static void tell_news(const struct cli_keeper *keeper,
		      const struct cli_keeper_news *news)
{
	send(keeper->news, news, sizeof(*news), MSG_NOSIGNAL | MSG_DONTWAIT);
}

static void tell(const struct cli_keeper *keeper, int what,
		 const struct hexo_error *why)
{
	struct cli_keeper_news news = { .what = what };

	if (why)
		news.why = *why;
	tell_news(keeper, &news);
}

static void tell_killed(const struct cli_keeper *keeper, uint32_t by)
{
	const struct cli_keeper_news news = { .what = CLI_VM_KILLED,
					      .signal = by };

	tell_news(keeper, &news);
}

/* Returns 0, -EAGAIN if it may work later, else why it never will. */
static int attempt(const struct cli_keeper *keeper, struct node_session *s,
		   struct hexo_error *err)
{
	const struct cli_place *place = keeper->place;
	struct node_address address;
	uint64_t received = s->received;
	char name[sizeof(place->name)];
	int fd, r;

	if (place->board && board_find(place->name, &address, name,
				       sizeof(name), err) == -ENOENT)
		return err->code;
	fd = node_connect(&place->address, NODE_TIMEOUT_MS, err);
	if (fd < 0)
		return -EAGAIN;
	r = node_resume(fd, keeper->session, NODE_TIMEOUT_MS, &received, err);
	if (r == 0)
		return node_session_link(s, fd, received, err);
	close(fd);
	/* The node's own word counts, not that of the network. */
	return r == -ECONNREFUSED ? r : -EAGAIN;
}

/* The link is broken: makes a new one. */
static int reconnect(const struct cli_keeper *keeper, struct node_session *s,
		     struct hexo_error *err)
{
	uint64_t end = base_now_ns() + keeper->timeout_s * UINT64_C(1000000000);
	unsigned pause_ms = PAUSE_MS;
	int r;

	tell(keeper, CLI_LINK_BROKEN, NULL);
	while ((r = attempt(keeper, s, err)) == -EAGAIN) {
		if (base_now_ns() > end)
			return hexo_fail_context(err, "no link for %u s",
						 keeper->timeout_s);
		usleep(pause_ms * 1000);
		pause_ms = pause_ms * 2 < PAUSE_MAX_MS ? pause_ms * 2
						       : PAUSE_MAX_MS;
	}
	if (r == 0)
		tell(keeper, CLI_LINK_BACK, NULL);
	return r;
}

/* Nobody waits for this process to close what the home has open. */
static void leave_standard(void)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd <= STDERR_FILENO; fd++)
		dup2(null, fd);
	if (null > STDERR_FILENO)
		close(null);
}

_Noreturn void cli_keep(const struct cli_keeper *keeper)
{
	struct node_session *s = base_alloc(sizeof(*s));
	enum node_session_state state = NODE_SESSION_ON;
	struct hexo_error err = { 0 };
	uint64_t end = 0;
	int r = 0;

	leave_standard();
	signal(SIGPIPE, SIG_IGN);
	/* A home that dies is told to the node before this process ends. */
	prctl(PR_SET_PDEATHSIG, 0);
	node_session_init(s, keeper->near);
	node_session_link(s, keeper->link, 0, &err);
	while (r == 0 && state != NODE_SESSION_OVER) {
		state = node_session_turn(s, -1, end ? 100 : -1);
		/* The home has closed: the node's answer is not needed for
		 * long. */
		if (s->ended && !end)
			end = base_now_ns() + GOODBYE_MS * UINT64_C(1000000);
		if (end && base_now_ns() > end)
			break;
		if (state == NODE_SESSION_BROKEN)
			r = reconnect(keeper, s, &err);
	}
	if (r < 0)
		tell(keeper, CLI_LINK_LOST, &err);
	else if (s->far_signal)
		tell_killed(keeper, s->far_signal);
	node_session_close(s);
	_exit(0);
}
