/* SPDX-License-Identifier: Apache-2.0 */
#include "board/start.h"

#include <errno.h>
#include <inttypes.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/base.h"
#include "board/qemu.h"
#include "node/identity.h"
#include "node/list.h"

enum {
	PORT_TRIES = 5,
	ASK_MS = 300, /* QEMU accepts before the board listens: ask anew */
	PAUSE_US = 50000,
	CONSOLE_MAX = 1 << 20,
};

void board_address(const struct board *board, struct node_address *address)
{
	cleanup_free char *text = base_printf("127.0.0.1:%u", board->port);

	/* Cannot fail: the text has the right form. */
	node_address_parse(text, address, NULL);
	address->key_known =
		node_key_parse(board->key, &address->key, NULL) == 0;
}

/* A port nobody listens on right now. */
static int free_port(uint16_t *port, struct hexo_error *err)
{
	struct node_address address;
	int fd, r = node_address_parse("127.0.0.1:0", &address, err);

	if (r < 0)
		return r;
	fd = node_address_listen(&address, err);
	if (fd < 0)
		return fd;
	close(fd);
	*port = ntohs(((struct sockaddr_in *)&address.socket)->sin_port);
	return 0;
}

static int choose_name(const char *directory, struct board *board,
		       struct hexo_error *err)
{
	struct board_list list;
	int r = board_read_all(directory, &list, err);

	if (r < 0)
		return r;
	if (!*board->name) {
		unsigned n = 0;

		do
			snprintf(board->name, sizeof(board->name), "board%u",
				 n++);
		while (board_list_find(&list, board->name));
	} else if (board_list_find(&list, board->name)) {
		r = hexo_fail(err, -EEXIST, "board %s runs already",
			      board->name);
	}
	board_list_free(&list);
	return r;
}

static int start_once(const char *directory, struct board *board,
		      const struct node_key *client, struct hexo_error *err)
{
	int r = free_port(&board->port, err);

	if (r == 0)
		r = board_create(directory, board, err);
	if (r == 0)
		r = board_qemu_start(directory, board, client, err);
	if (r == 0)
		board->pid = board_pid(directory, board->name);
	else
		board_remove(directory, board->name);
	return r;
}

/* Whom the board is to let in: this user. */
static int own_key(struct node_key *key, struct hexo_error *err)
{
	cleanup_free char *keys = NULL;
	struct node_identity identity;
	int r = node_config_directory(&keys, err);

	if (r == 0)
		r = node_identity_open(keys, &identity, err);
	if (r < 0)
		return r;
	*key = identity.key;
	node_identity_close(&identity);
	return 0;
}

int board_start(const char *directory, struct board *board,
		struct hexo_error *err)
{
	cleanup_close int lock = board_lock(directory, err);
	struct node_key client;
	int r, tries;

	if (lock < 0)
		return lock;
	r = own_key(&client, err);
	if (r < 0)
		return r;
	r = choose_name(directory, board, err);
	if (r < 0)
		return r;
	snprintf(board->isa, sizeof(board->isa), "aarch64");
	/* Another program may take the port before QEMU does. */
	for (tries = 0; tries < PORT_TRIES; tries++) {
		r = start_once(directory, board, &client, err);
		if (r != -EADDRINUSE)
			break;
	}
	return r;
}

/* Puts the last line of the console into the message. */
static int board_failed(const char *directory, const struct board *board,
			const char *what, struct hexo_error *err)
{
	cleanup_free char *path =
		board_file(directory, board->name, "console.log");
	cleanup_free char *text = NULL;
	const char *last = NULL;
	size_t len = 0;

	if (base_read_file(path, CONSOLE_MAX, &text, &len, NULL) == 0) {
		while (len && strchr("\r\n", text[len - 1]))
			text[--len] = '\0';
		last = strrchr(text, '\n');
		last = last ? last + 1 : text;
	}
	return hexo_fail(err, -EIO, "board %s %s; its console ends with: %s",
			 board->name, what, last && *last ? last : "(nothing)");
}

/* The key is made on the board and never leaves it; its console is this
 * user's alone. Returns whether the key was there. */
static bool read_key(const char *directory, struct board *board)
{
	static const char before[] = "hexod: key ";
	cleanup_free char *path =
		board_file(directory, board->name, "console.log");
	cleanup_free char *text = NULL;
	struct node_key key;
	const char *at;
	size_t len = 0;

	if (base_read_file(path, CONSOLE_MAX, &text, &len, NULL) < 0)
		return false;
	at = strstr(text, before);
	if (!at || !strchr(at, '\n'))
		return false;
	at += strlen(before);
	snprintf(board->key, sizeof(board->key), "%.*s",
		 (int)strcspn(at, "\r\n"), at);
	return node_key_parse(board->key, &key, NULL) == 0;
}

int board_await(const char *directory, struct board *board,
		struct hexo_error *err)
{
	uint64_t end = base_now_ns() + BOARD_READY_MS * UINT64_C(1000000);
	struct node_address address;
	struct node_info info;
	int ask_ms = ASK_MS, r = -EAGAIN;

	while (base_now_ns() < end) {
		if (*board->key || read_key(directory, board)) {
			board_address(board, &address);
			r = node_info(&address, ask_ms, &info, NULL);
		}
		if (r == 0) {
			free(info.json);
			if (info.kvm)
				return board_write(directory, board, err);
			r = board_failed(directory, board, "has no KVM", err);
			board_qemu_stop(directory, board, NULL);
			return r;
		}
		if (!board_pid(directory, board->name))
			return board_failed(directory, board, "died", err);
		usleep(PAUSE_US);
		/* A busy machine may need longer for an answer. */
		ask_ms += ASK_MS / 10;
	}
	r = board_failed(directory, board, "is not ready in time", err);
	board_qemu_stop(directory, board, NULL);
	return r;
}
