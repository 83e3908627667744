/* SPDX-License-Identifier: Apache-2.0 */
/* The home's dealings with its VMs: what comes from their channels, and what
 * is sent there. */
#include "cli/home_vm.h"

#include <ctype.h>
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/keeper.h"
#include "hexo/io.h"

/* How long a VM that was killed may take to end. */
enum { LAST_WRITES_MS = 1000 };

/* As much may wait for a VM to read it before those who add to it have to
 * wait, be it a slow target or one that asks and never takes the answer. */
#define QUEUE_MAX ((size_t)4 << 20)

/* The same for a target: while the guest runs its other requests wait behind
 * the stream. */
static size_t home_queue_max(enum home_state state)
{
	return state == HOME_COPYING ? 512 << 10 : QUEUE_MAX;
}

void home_send(struct home *home, struct cli_vm *vm, unsigned type,
	       const void *data, size_t len)
{
	if (migrate_link_send(&vm->link, type, data, len, NULL) < 0)
		return;
	home_watch_vm(home, vm);
}

void home_send_copy(struct home *home, const struct hexo_msg_copy *order)
{
	home->copies++;
	if (order)
		home_send(home, home->owner, HEXO_MSG_COPY, order,
			  sizeof(*order));
	else
		home_send(home, home->owner, HEXO_MSG_COPY_STOP, NULL, 0);
}

void home_send_poll(struct home *home, struct cli_vm *vm, unsigned type)
{
	const struct base_buffer *boot = home->config->boot;
	const struct hexo_msg_start message = {
		.poll_target =
			cli_plan_next(home->config->plan, home->stats.polls),
		.poll_flag = home->stats.polls_counted,
	};
	struct iovec parts[] = {
		{ (void *)&message, sizeof(message) },
		{ boot->data, boot->len },
	};
	bool start = type == HEXO_MSG_START;

	_Static_assert(sizeof(struct hexo_msg_start) ==
			       sizeof(struct hexo_msg_poll),
		       "the messages are one to this function");
	if (type != HEXO_MSG_RECEIVE)
		home->poll_target = message.poll_target;
	/* A VM that was received runs when it says so. */
	if (type == HEXO_MSG_START || type == HEXO_MSG_RESUME)
		cli_stats_running(&home->stats, vm->place.isa);
	if (migrate_link_sendv(&vm->link, type, parts, start ? 2 : 1, NULL) ==
	    0)
		home_watch_vm(home, vm);
	if (type != HEXO_MSG_RECEIVE)
		cli_probe_next(&home->probe);
}

void home_probe_ready(void *ctx, uint32_t events)
{
	struct home *home = ctx;

	if (!cli_probe_due(&home->probe))
		return;
	/* While a move is in progress it waits. */
	if (home->state != HOME_RUNNING) {
		cli_probe_next(&home->probe);
		return;
	}
	home->probe.asked++;
	home_send(home, home->owner, HEXO_MSG_PROBE, NULL, 0);
}

static void home_probed(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_probed probed;

	memcpy(&probed, msg->data, sizeof(probed));
	cli_probe_add(&home->probe, &probed);
	cli_probe_next(&home->probe);
}

/* The VM is gone, for the reason in home->why. */
static void home_lost(struct home *home, struct cli_vm *vm)
{
	home_handle(home, vm == home->owner ? OWNER_LOST : TARGET_LOST, NULL);
}

static void home_serve(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_io io;
	struct hexo_msg_io_reply reply;
	struct iovec parts[2] = { { &reply, sizeof(reply) },
				  { home->answer, 0 } };
	const char *data = (const char *)msg->data + sizeof(io);
	size_t len = msg->len - sizeof(io);

	home->served++;
	memcpy(&io, msg->data, sizeof(io));
	/* A node answers these itself. */
	if (home->owner->place.remote &&
	    files_is_local(home->config->volumes, &io, data, len))
		reply.result = -EIO;
	else
		reply.result = files_serve(&home->files, &io, data, len,
					   home->answer, &parts[1].iov_len);
	if (migrate_link_sendv(&home->owner->link, HEXO_MSG_IO_REPLY, parts, 2,
			       NULL) == 0)
		home_watch_vm(home, home->owner);
}

bool home_guest_runs(const struct home *home)
{
	return home->state == HOME_RUNNING || home->state == HOME_CALLING ||
	       home->state == HOME_MEASURING || home->state == HOME_PARKING ||
	       home->state == HOME_RETURNING || home->state == HOME_HALTING ||
	       home->state == HOME_COPYING || home->state == HOME_CALMING ||
	       home->state == HOME_FETCHING || home->state == HOME_TAKING;
}

/* A write that was posted; nothing waits for its answer. */
static bool home_is_posted(const struct migrate_msg *msg)
{
	struct hexo_msg_io io;

	if (msg->type != HEXO_MSG_IO || msg->len < sizeof(io))
		return false;
	memcpy(&io, msg->data, sizeof(io));
	return io.op == HEXO_IO_WRITE && io.arg[2] == HEXO_IO_WHOLE;
}

void home_last_writes(struct home *home)
{
	struct migrate_inbox *in = &home->owner->link.inbox;
	uint64_t end = base_now_ns() / 1000000 + LAST_WRITES_MS, now;

	cli_loop_watch(&home->loop, &home->owner->watch, 0, NULL);
	while (home->owner->link.fd >= 0 && !home->owner->unreachable &&
	       (now = base_now_ns() / 1000000) < end &&
	       migrate_inbox_wait(in, home->owner->link.fd, (int)(end - now),
				  NULL) == 0) {
		if (home_is_posted(&in->msg))
			home_serve(home, &in->msg);
		else if (in->msg.type == HEXO_MSG_IO)
			break;
	}
}

void home_plain(char *text)
{
	for (char *c = text; *c; c++)
		if (iscntrl((unsigned char)*c))
			*c = '?';
}

const char *home_text(const struct migrate_msg *msg, size_t from)
{
	char *text = (char *)msg->data + from;
	size_t len = strlen(text);

	if (len && text[len - 1] == '\n')
		text[len - 1] = '\0';
	home_plain(text);
	return text;
}

/* ERROR: the exit status that follows says whose fault it was. */
static void home_error(struct home *home, struct cli_vm *vm,
		       const struct migrate_msg *msg)
{
	const char *text = home_text(msg, 0);
	char how[CLI_VM_END_TEXT];
	int code = -EIO;

	if (cli_vm_end(vm, how, sizeof(how)) == CLI_RUN_UNUSABLE)
		code = -ENOEXEC;
	hexo_fail(&home->why, code, "%s", text);
	home_lost(home, vm);
}

/* SIZED or ROUND. Who asked may have given up since. */
static void home_told(struct home *home, const struct migrate_msg *msg)
{
	if (msg->type == HEXO_MSG_ROUND)
		move_note_round(home, msg);
	else
		move_note_size(home, msg);
	if (msg->type == HEXO_MSG_SIZED && home->state == HOME_MEASURING)
		home_handle(home, OWNER_SIZED, msg);
}

static void home_message(struct home *home, struct cli_vm *vm,
			 const struct migrate_msg *msg)
{
	enum home_event event = home_event_of(home, vm, msg);
	int r;

	if (msg->type == HEXO_MSG_LOG) {
		home_say(home, "%s", home_text(msg, 0));
		return;
	}
	if (msg->type == HEXO_MSG_IO && vm == home->owner &&
	    msg->len >= sizeof(struct hexo_msg_io) && home_guest_runs(home)) {
		home_serve(home, msg);
		return;
	}
	r = vm == home->owner
		    ? home_local_message(home, msg, home_guest_runs(home))
		    : 0;
	if (r < 0)
		home_lost(home, vm);
	if (r)
		return;
	if (msg->type == HEXO_MSG_PROBED && vm == home->owner &&
	    msg->len == sizeof(struct hexo_msg_probed) &&
	    home->probe.count < home->probe.asked) {
		home_probed(home, msg);
		return;
	}
	if (msg->type == HEXO_MSG_ERROR) {
		home_error(home, vm, msg);
		return;
	}
	if (event == HOME_EVENTS) {
		hexo_fail(&home->why, -EPROTO, "%s message out of turn",
			  migrate_msg_name(msg->type));
		home_lost(home, vm);
		return;
	}
	if (home_check(home, vm, msg) < 0) {
		home_lost(home, vm);
		return;
	}
	if (event == OWNER_SIZED)
		home_told(home, msg);
	else
		home_handle(home, event, msg);
}

static void home_vm_read(struct home *home, struct cli_vm *vm)
{
	int r = migrate_inbox_read(&vm->link.inbox, vm->link.fd, &home->why);
	char how[CLI_VM_END_TEXT];

	if (r > 0) {
		home_message(home, vm, &vm->link.inbox.msg);
	} else if (r < 0) {
		cli_vm_end(vm, how, sizeof(how));
		if (r != -EPROTO)
			hexo_fail(&home->why, r, "its hexo-vm vanished%s", how);
		home_lost(home, vm);
	}
}

/* What the keeper of the link to a node says. */
static void home_news_ready(void *ctx, uint32_t events)
{
	struct cli_vm *vm = ctx;
	struct home *home = vm->home;
	struct cli_keeper_news news;
	ssize_t n = recv(vm->news, &news, sizeof(news), MSG_DONTWAIT);

	if (n != (ssize_t)sizeof(news)) {
		cli_loop_watch(&home->loop, &vm->news_watch, 0, NULL);
		return;
	}
	if (news.what == CLI_VM_KILLED) {
		/* That its channel has ended shows there. */
		vm->killed_by = news.signal;
		return;
	}
	if (news.what == CLI_LINK_LOST) {
		home->why = news.why;
		home_lost(home, vm);
		return;
	}
	vm->unreachable = news.what == CLI_LINK_BROKEN;
	vm->broken_ns = base_now_ns();
	/* The time without a link was not the VM's. */
	if (!vm->unreachable &&
	    (vm == home->owner || home->state == HOME_FETCHING ||
	     home->state == HOME_REACHING))
		home_progress(home);
	if (vm->unreachable)
		home_say(home, "link to %s broken; trying again",
			 vm->place.name);
	else
		home_say(home, "link to %s is back", vm->place.name);
}

static void home_watch_news(struct home *home, struct cli_vm *vm)
{
	vm->news_watch.fd = vm->news;
	vm->news_watch.ready = home_news_ready;
	vm->news_watch.ctx = vm;
	cli_loop_watch(&home->loop, &vm->news_watch, EPOLLIN, NULL);
}

static void home_vm_ready(void *ctx, uint32_t events)
{
	struct cli_vm *vm = ctx;
	struct home *home = vm->home;

	if (vm->pending >= 0) {
		cli_loop_watch(&home->loop, &vm->watch, 0, NULL);
		if (cli_vm_connected(vm, &home->why) < 0) {
			home_lost(home, vm);
			return;
		}
		home_watch_vm(home, vm);
		home_watch_news(home, vm);
		return;
	}
	if (events & EPOLLOUT) {
		/* That the far end is gone shows when it is read from. */
		migrate_link_flush(&vm->link, NULL);
		if (vm == home->owner && move_feed(home) < 0) {
			home_lost(home, vm);
			return;
		}
		home_watch_vms(home);
	}
	if (events & ~(uint32_t)EPOLLOUT)
		home_vm_read(home, vm);
}

void home_watch_vm(struct home *home, struct cli_vm *vm)
{
	uint32_t events = EPOLLIN;

	/* What the owner says may be for the target, or is answered; what the
	 * target says is for the owner. */
	if (migrate_link_queued(&home->owner->link) > QUEUE_MAX ||
	    (vm == home->owner && migrate_link_queued(&home->target->link) >
					  home_queue_max(home->state)))
		events = 0;
	if (migrate_link_queued(&vm->link))
		events |= EPOLLOUT;
	vm->watch.fd = vm->pending >= 0 ? vm->pending : vm->link.fd;
	vm->watch.ready = home_vm_ready;
	vm->watch.ctx = vm;
	cli_loop_watch(&home->loop, &vm->watch, events, NULL);
}

void home_watch_vms(struct home *home)
{
	for (unsigned i = 0; i < 2; i++)
		if (home->vms[i].link.fd >= 0)
			home_watch_vm(home, &home->vms[i]);
}

int home_launch(struct home *home, struct cli_vm *vm,
		const struct cli_place *place, struct hexo_error *err)
{
	int r = 0;

	if (!place->remote)
		r = files_volumes_open_local(home->config->volumes, err);
	if (r == 0)
		r = cli_vm_launch(vm, &home->config->vm, place, err);
	vm->home = home;
	if (r < 0) {
		home_retire(home, vm);
		return r;
	}
	home_watch_vm(home, vm);
	return 0;
}

void home_retire(struct home *home, struct cli_vm *vm)
{
	pid_t pid;

	cli_loop_watch(&home->loop, &vm->watch, 0, NULL);
	cli_loop_watch(&home->loop, &vm->news_watch, 0, NULL);
	pid = cli_vm_close(vm);
	if (pid < 0)
		return;
	home->retired =
		base_realloc(home->retired, (home->retired_count + 1) *
						    sizeof(*home->retired));
	home->retired[home->retired_count++] = pid;
}
