/* SPDX-License-Identifier: Apache-2.0 */
/*
 * usage: proxy PORT [RECORD] < COMMANDS
 *
 * Passes TCP connections on to a port of 127.0.0.1, and harms them as lines
 * on standard input say: "cut" ends all connections, "down" also those to
 * come until "up", "stall" moves nothing until "go", "corrupt" changes a bit
 * of what comes next, "rate BYTES" moves no more than that a second. Prints its
 * own port. RECORD gets what clients sent.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { PAIRS = 64, ROOM = 16384 };

/* One direction of a connection. */
struct way {
	int from, to;
	size_t at, len;
	char data[ROOM];
};

/* A pair has two ways, in a row; from -1: free. */
static struct way ways[2 * PAIRS];
static bool down, stalled, corrupt;
static FILE *record;
static long every, count; /* bytes since the last cut */
static long limit;        /* bytes until the end; 0: none */
static long rate;         /* bytes a second; 0: no limit */
static double room;       /* bytes that may be taken now */

static struct sockaddr_in loopback(int port)
{
	return (struct sockaddr_in){
		.sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK),
	};
}

static void end_pair(int pair)
{
	struct way *w = &ways[2 * pair];

	if (w->from < 0)
		return;
	close(w->from);
	close(w->to);
	w[0].from = w[1].from = -1;
}

static void end_all(void)
{
	for (int i = 0; i < PAIRS; i++)
		end_pair(i);
}

static void add_pair(int client, int port)
{
	struct sockaddr_in to = loopback(port);
	int server = socket(AF_INET, SOCK_STREAM, 0), i = 0, on = 1;

	while (i < PAIRS && ways[2 * i].from >= 0)
		i++;
	if (down || i == PAIRS ||
	    connect(server, (struct sockaddr *)&to, sizeof(to)) < 0) {
		close(client);
		close(server);
		return;
	}
	/* What it takes is on its way at once. */
	setsockopt(client, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	setsockopt(server, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
	ways[2 * i].from = ways[2 * i + 1].to = client;
	ways[2 * i].to = ways[2 * i + 1].from = server;
	ways[2 * i].len = ways[2 * i + 1].len = 0;
}

/* Moves what can be moved; false when the connection is over. */
static bool move(struct way *w, short events, bool from_client)
{
	ssize_t n;

	if (!w->len && events & (POLLIN | POLLHUP | POLLERR)) {
		n = recv(w->from, w->data, ROOM, MSG_DONTWAIT);
		if (n <= 0)
			return n < 0 && errno == EAGAIN;
		if (from_client && record) {
			fwrite(w->data, 1, (size_t)n, record);
			fflush(record);
		}
		count += n;
		if (rate)
			room -= (double)n;
		if (limit && (limit -= n) <= 0) {
			limit = 0;
			down = true;
			return false;
		}
		if (corrupt)
			w->data[n / 2] ^= 1;
		corrupt = false;
		w->at = 0;
		w->len = (size_t)n;
	}
	while (w->len) {
		n = send(w->to, w->data + w->at, w->len,
			 MSG_DONTWAIT | MSG_NOSIGNAL);
		if (n < 0)
			return errno == EAGAIN;
		w->at += (size_t)n;
		w->len -= (size_t)n;
	}
	return true;
}

static void command(const char *line)
{
	if (!strcmp(line, "cut") || !strcmp(line, "down"))
		end_all();
	if (!strcmp(line, "down") || !strcmp(line, "up"))
		down = line[0] == 'd';
	if (!strcmp(line, "stall") || !strcmp(line, "go"))
		stalled = line[0] == 's';
	if (!strncmp(line, "every ", 6))
		every = atol(line + 6);
	if (!strncmp(line, "limit ", 6))
		limit = atol(line + 6);
	if (!strncmp(line, "rate ", 5)) {
		rate = atol(line + 5);
		room = 0;
	}
	count = 0;
	if (!strcmp(line, "corrupt"))
		corrupt = true;
}

static void read_commands(void)
{
	char text[256], *state;
	ssize_t n = read(STDIN_FILENO, text, sizeof(text) - 1);

	if (n <= 0)
		exit(0);
	text[n] = '\0';
	for (char *line = strtok_r(text, "\n", &state); line;
	     line = strtok_r(NULL, "\n", &state))
		command(line);
}

static double seconds(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec + (double)t.tv_nsec * 1e-9;
}

/* Whether bytes may be taken; what was not used of 2 ms is lost. */
static bool refill(void)
{
	static double last;
	double now = seconds(), most = (double)rate / 500;

	room += (now - last) * (double)rate;
	room = room < most ? room : most;
	last = now;
	return !rate || room > 0;
}

static void turn(int listener, int port)
{
	struct pollfd fds[2 + 2 * PAIRS] = { { STDIN_FILENO, POLLIN, 0 },
					     { listener, POLLIN, 0 } };

	bool may_take = refill();

	for (int i = 0; i < 2 * PAIRS; i++) {
		struct way *w = &ways[i];

		fds[2 + i].fd = stalled ? -1 : w->len ? w->to : w->from;
		fds[2 + i].events = w->len ? POLLOUT : POLLIN;
		if (w->from < 0 || (!w->len && !may_take))
			fds[2 + i].fd = -1;
	}
	if (poll(fds, 2 + 2 * PAIRS, may_take ? -1 : 1) < 0)
		exit(1);
	for (int i = 0; i < 2 * PAIRS; i++)
		if (fds[2 + i].revents && ways[i].from >= 0 &&
		    !move(&ways[i], fds[2 + i].revents, i % 2 == 0))
			end_pair(i / 2);
	if (down || (every && count >= every)) {
		count = 0;
		end_all();
	}
	if (fds[1].revents)
		add_pair(accept(listener, NULL, NULL), port);
	if (fds[0].revents)
		read_commands();
}

int main(int argc, char **argv)
{
	struct sockaddr_in own = loopback(0);
	socklen_t len = sizeof(own);
	int listener = socket(AF_INET, SOCK_STREAM, 0);

	for (int i = 0; i < 2 * PAIRS; i++)
		ways[i].from = -1;
	if (argc < 2 || bind(listener, (struct sockaddr *)&own, len) < 0 ||
	    listen(listener, 64) < 0 ||
	    getsockname(listener, (struct sockaddr *)&own, &len) < 0)
		return 1;
	if (argc > 2)
		record = fopen(argv[2], "w");
	printf("%d\n", ntohs(own.sin_port));
	fflush(stdout);
	for (;;)
		turn(listener, atoi(argv[1]));
}
