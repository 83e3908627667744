/* SPDX-License-Identifier: Apache-2.0 */
#include "node/storage_serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "files/state.h"
#include "hexo/io.h"
#include "migrate/link.h"

/* One side is read from until so much waits for the other. */
enum { STORAGE_QUEUE = 1 << 20 };

struct storage {
	struct files files;
	struct migrate_link vm, home;
	int control; /* from the relay: a byte when the link's state is
			another */
	bool linked; /* the home can be reached, as far as is known */
	bool asked, granted;
	unsigned waiting; /* requests that the home has not answered */
	bool held;        /* vm.inbox has one for us that is not yet due */
	char *answer;     /* HEXO_IO_MAX bytes */
};

/* What cannot be sent shows when that side is read from. */
static void storage_pass(struct migrate_link *to, const struct migrate_msg *msg)
{
	migrate_link_send(to, msg->type, msg->data, msg->len, NULL);
}

/* The VM cannot go on. Its home gets to know why. */
static void storage_fail(struct storage *s, const struct hexo_error *why)
{
	migrate_link_send(&s->home, HEXO_MSG_ERROR, why->text,
			  strlen(why->text), NULL);
	migrate_link_close(&s->vm);
	/* Its request is gone with it. */
	s->held = false;
}

/* ---- requests ---- */

static void storage_answer(struct storage *s)
{
	const struct migrate_msg *msg = &s->vm.inbox.msg;
	struct hexo_msg_io_reply reply;
	struct hexo_msg_io io;
	struct iovec parts[2] = { { &reply, sizeof(reply) }, { s->answer, 0 } };

	memcpy(&io, msg->data, sizeof(io));
	reply.result = files_serve(&s->files, &io,
				   (const char *)msg->data + sizeof(io),
				   msg->len - sizeof(io), s->answer,
				   &parts[1].iov_len);
	migrate_link_sendv(&s->vm, HEXO_MSG_IO_REPLY, parts, 2, NULL);
}

/*
 * Answers the request that is held when it may be: what came before it is done,
 * and the home knows that this VM has effects, and has not given it up.
 */
static void storage_try(struct storage *s)
{
	if (!s->held || s->waiting || !s->linked)
		return;
	if (!s->granted) {
		if (!s->asked)
			migrate_link_send(&s->home, HEXO_MSG_LOCAL_ASK, NULL, 0,
					  NULL);
		s->asked = true;
		return;
	}
	storage_answer(s);
	s->held = false;
}

static void storage_request(struct storage *s, const struct migrate_msg *msg)
{
	struct hexo_msg_io io;

	memcpy(&io, msg->data, sizeof(io));
	if (files_is_local(s->files.volumes, &io,
			   (const char *)msg->data + sizeof(io),
			   msg->len - sizeof(io))) {
		s->held = true;
		storage_try(s);
		return;
	}
	s->waiting++;
	storage_pass(&s->home, msg);
}

/* ---- what the home wants ---- */

/* What is open, or why it cannot be opened elsewhere. */
static void storage_state(struct storage *s)
{
	struct hexo_error why = { 0 };
	json_t *files = files_state_local(&s->files, &why);
	json_t *root = files ? json_pack("{s:o}", "files", files)
			     : json_pack("{s:s}", "error", why.text);
	cleanup_free char *text = json_dumps(root, JSON_COMPACT);

	json_decref(root);
	if (!text) {
		text = base_strdup("{\"error\":\"a name of an open file is no "
				   "UTF-8\"}");
	} else if (strlen(text) > HEXO_MSG_MAX) {
		free(text);
		text = base_strdup("{\"error\":\"too many files are open in "
				   "local volumes\"}");
	}
	migrate_link_send(&s->home, HEXO_MSG_LOCAL_STATE, text, strlen(text),
			  NULL);
}

static int storage_reopen(struct storage *s, const struct migrate_msg *msg,
			  struct base_buffer *notes, struct hexo_error *err)
{
	json_error_t why;
	json_t *root =
		json_loadb(msg->data, msg->len, JSON_REJECT_DUPLICATES, &why);
	bool cut = json_is_true(json_object_get(root, "cut"));
	const struct files_reopen how = {
		.keep = !cut,
		.notes = cut ? notes : NULL,
	};
	const json_t *entry;
	size_t i;
	int r = 0;

	if (!json_is_array(json_object_get(root, "files")))
		r = hexo_fail(err, -EPROTO, "LOCAL_OPEN message without files");
	json_array_foreach(json_object_get(root, "files"), i, entry)
	{
		if (r == 0)
			r = files_state_open(&s->files, entry, &how, err);
	}
	json_decref(root);
	return r;
}

static void storage_open(struct storage *s, const struct migrate_msg *msg)
{
	struct base_buffer notes = { 0 };
	struct hexo_error why = { 0 };
	char *rest;

	files_close_local(&s->files);
	if (storage_reopen(s, msg, &notes, &why) < 0)
		storage_fail(s, &why);
	base_buffer_add(&notes, "", 1);
	for (char *line = strtok_r(notes.data, "\n", &rest); line;
	     line = strtok_r(NULL, "\n", &rest))
		migrate_link_send(&s->home, HEXO_MSG_LOG, line, strlen(line),
				  NULL);
	base_buffer_free(&notes);
}

static void storage_sync(struct storage *s)
{
	const struct files_volumes *volumes = s->files.volumes;
	struct hexo_error why = { 0 };

	for (int i = 0; i < volumes->count && !why.code; i++) {
		const struct files_volume *v = &volumes->at[i];
		const struct files_path root = { v, "" };
		cleanup_close int fd = -1;

		if (v->root < 0 || v->readonly)
			continue;
		fd = files_volume_open(&root, O_RDONLY | O_DIRECTORY, 0);
		if (fd < 0 || syncfs(fd) < 0)
			hexo_fail_errno(&why, "cannot sync local volume %s",
					v->prefix);
	}
	migrate_link_send(&s->home, HEXO_MSG_LOCAL_SYNCED, why.text,
			  strlen(why.text), NULL);
}

/* ---- messages ---- */

static void storage_from_vm(struct storage *s, const struct migrate_msg *msg)
{
	if (msg->type == HEXO_MSG_IO &&
	    msg->len >= sizeof(struct hexo_msg_io)) {
		storage_request(s, msg);
		return;
	}
	if (msg->type == HEXO_MSG_PARKED)
		storage_state(s);
	storage_pass(&s->home, msg);
}

static void storage_from_home(struct storage *s, const struct migrate_msg *msg)
{
	struct hexo_error why;

	switch (msg->type) {
	case HEXO_MSG_LOCAL_OPEN:
		storage_open(s, msg);
		return;
	case HEXO_MSG_LOCAL_GRANT:
		s->granted = true;
		break;
	case HEXO_MSG_LOCAL_SYNC:
		storage_sync(s);
		return;
	case HEXO_MSG_RUN:
		if (files_state_cut(&s->files, &why) < 0)
			storage_fail(s, &why);
		storage_pass(&s->vm, msg);
		return;
	case HEXO_MSG_IO_REPLY:
		if (s->waiting)
			s->waiting--;
		storage_pass(&s->vm, msg);
		break;
	default:
		storage_pass(&s->vm, msg);
		return;
	}
	storage_try(s);
}

static bool storage_reads(const struct storage *s,
			  const struct migrate_link *from)
{
	const struct migrate_link *to = from == &s->vm ? &s->home : &s->vm;

	return from->fd >= 0 && !(from == &s->vm && s->held) &&
	       migrate_link_queued(to) < STORAGE_QUEUE;
}

/* Takes what is there from one side. False: it has closed, or says what is no
 * message. */
static bool storage_read(struct storage *s, struct migrate_link *from)
{
	int r = 1;

	while (r > 0 && storage_reads(s, from)) {
		r = migrate_inbox_read(&from->inbox, from->fd, NULL);
		if (r > 0 && from == &s->vm)
			storage_from_vm(s, &from->inbox.msg);
		else if (r > 0)
			storage_from_home(s, &from->inbox.msg);
	}
	return r >= 0;
}

/* The relay says how the link is. False: it is gone. */
static bool storage_control(struct storage *s)
{
	char state;
	ssize_t n = recv(s->control, &state, 1, MSG_DONTWAIT);

	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		return false;
	if (n == 1) {
		s->linked = state;
		storage_try(s);
	}
	return true;
}

static struct pollfd storage_poll(const struct storage *s,
				  const struct migrate_link *link)
{
	short in = storage_reads(s, link) ? POLLIN : 0;
	short out = migrate_link_queued(link) ? POLLOUT : 0;

	/* One that hung up would say so again and again; but that a VM whose
	 * request is held has ended is to be seen. */
	return (struct pollfd){ in | out || (link == &s->vm && s->held)
					? link->fd
					: -1,
				in | out, 0 };
}

/* False: it is over. */
static bool storage_turn(struct storage *s)
{
	struct pollfd fds[3] = {
		storage_poll(s, &s->home),
		storage_poll(s, &s->vm),
		{ s->control, POLLIN, 0 },
	};

	if (poll(fds, 3, -1) < 0)
		return errno == EINTR;
	if (fds[2].revents && !storage_control(s))
		return false;
	if (s->held && fds[1].revents & (POLLHUP | POLLERR)) {
		migrate_link_close(&s->vm);
		s->held = false;
	}
	migrate_link_flush(&s->home, NULL);
	if (s->vm.fd >= 0)
		migrate_link_flush(&s->vm, NULL);
	/* A home that has given the VM up counts more than what the VM asks. */
	if (!storage_read(s, &s->home))
		return false;
	if (s->vm.fd >= 0 && !storage_read(s, &s->vm))
		migrate_link_close(&s->vm);
	return s->vm.fd >= 0 || migrate_link_queued(&s->home);
}

void node_storage_serve(struct files_volumes *volumes, int vm, int home,
			int control)
{
	struct storage *s = base_alloc(sizeof(*s));

	files_init(&s->files, volumes);
	migrate_link_open(&s->vm, vm);
	migrate_link_open(&s->home, home);
	s->control = control;
	s->answer = base_alloc(HEXO_IO_MAX);
	while (storage_turn(s))
		;
}
