/* SPDX-License-Identifier: Apache-2.0 */
#include "node/serve.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/layout.h"
#include "hexo/session.h"
#include "migrate/channel.h"
#include "node/host.h"
#include "node/jobs.h"
#include "node/relay.h"

enum { VM_CHANNEL = 3, VM_ELF = 4 }; /* descriptors of a hexo-vm */

struct serve {
	const struct node_config *config;
	const struct node_key *peer;
	int client, control;
	struct migrate_inbox inbox;
	struct node_answer answer;
};

static int serve_info(struct serve *s, struct hexo_error *err)
{
	static const struct node_ask ask = { .what = NODE_ASK_INFO };
	int r = migrate_msg_check(&s->inbox.msg, 0, true, err);

	if (r == 0)
		r = node_ask(s->control, &ask, &s->answer, err);
	if (r < 0)
		return r;
	return migrate_channel_send(s->client, HEXO_MSG_NODE_INFO,
				    s->answer.text, strlen(s->answer.text),
				    err);
}

static int serve_image(struct serve *s, struct hexo_error *err)
{
	cleanup_close int fd = -1;
	struct hexo_msg_image image;
	int r = migrate_msg_check(&s->inbox.msg, sizeof(image), true, err);

	if (r < 0)
		return r;
	memcpy(&image, s->inbox.msg.data, sizeof(image));
	image.size = 0;
	fd = node_cache_get(&s->config->cache, image.hash, &image.size, err);
	if (fd < 0 && fd != -ENOENT)
		return fd;
	return migrate_channel_send(s->client, HEXO_MSG_NODE_IMAGE, &image,
				    sizeof(image), err);
}

static int next_message(struct serve *s, struct hexo_error *err)
{
	return migrate_inbox_wait(&s->inbox, s->client,
				  (int)s->config->timeout_ms, err);
}

static int receive_image(struct serve *s, struct node_put *put,
			 struct hexo_error *err)
{
	int r = 0;

	while (r == 0 && put->done < put->image.size) {
		r = next_message(s, err);
		if (r < 0)
			return r;
		if (s->inbox.msg.type != HEXO_MSG_NODE_DATA ||
		    !s->inbox.msg.len)
			return hexo_fail(err, -EPROTO,
					 "%s message inside an image",
					 migrate_msg_name(s->inbox.msg.type));
		r = node_put_data(put, s->inbox.msg.data, s->inbox.msg.len,
				  err);
	}
	return r < 0 ? r : node_put_end(put, err);
}

static int serve_put(struct serve *s, struct hexo_error *err)
{
	struct hexo_msg_image image;
	struct node_put put;
	int r = migrate_msg_check(&s->inbox.msg, sizeof(image), true, err);

	if (r < 0)
		return r;
	memcpy(&image, s->inbox.msg.data, sizeof(image));
	r = node_put_begin(&s->config->cache, &image, &put, err);
	if (r == 0)
		r = receive_image(s, &put, err);
	node_put_abort(&put);
	if (r < 0)
		return r;
	return migrate_channel_send(s->client, HEXO_MSG_NODE_IMAGE, &image,
				    sizeof(image), err);
}

static bool is_size(uint64_t size, uint64_t low, uint64_t high)
{
	return size >= low && size <= high && size % HEXO_HUGE_SIZE == 0;
}

static int check_name(const char *name, size_t room, struct hexo_error *err)
{
	size_t i;

	for (i = 0; i < room && name[i]; i++)
		if (name[i] < ' ' || name[i] > '~')
			break;
	if (i == room || name[i])
		return hexo_fail(err, -EPROTO, "a VM's name must be printable");
	return 0;
}

/* Checks what the client wants; resolves the backend. */
static int check_vm(struct hexo_msg_vm *vm, struct hexo_error *err)
{
	bool kvm = node_host_kvm();

	if (!is_size(vm->memory, HEXO_MEMORY_MIN, HEXO_MEMORY_MAX) ||
	    !is_size(vm->stack, HEXO_STACK_MIN, HEXO_STACK_MAX))
		return hexo_fail(err, -EINVAL,
				 "a VM with %" PRIu64 " bytes of memory and "
				 "%" PRIu64 " of stack: not within limits",
				 vm->memory, vm->stack);
	if (!vm->timeout_s || vm->timeout_s > HEXO_SESSION_TIMEOUT_MAX)
		return hexo_fail(
			err, -EINVAL,
			"a VM that is kept for %u s: not within limits",
			vm->timeout_s);
	if (vm->backend > 2)
		return hexo_fail(err, -EINVAL, "unknown backend %u",
				 vm->backend);
	if (vm->backend == 0 && !kvm)
		return hexo_fail(err, -ENODEV, "this node cannot use /dev/kvm");
	if (vm->backend == 2)
		vm->backend = kvm ? 0 : 1;
	return check_name(vm->name, sizeof(vm->name), err);
}

/* In the child: becomes the hexo-vm, with these two descriptors. */
static _Noreturn void exec_vm(const struct hexo_msg_vm *vm, int channel,
			      int elf)
{
	cleanup_free char *name = base_printf("hexo-vm-%s", node_host_isa());
	cleanup_free char *path = base_sibling(name);
	cleanup_free char *memory = base_printf("%" PRIu64, vm->memory);
	cleanup_free char *stack = base_printf("%" PRIu64, vm->stack);
	const char *const argv[] = {
		name,
		"--channel",
		"3",
		"--elf",
		"4",
		"--memory",
		memory,
		"--stack",
		stack,
		"--backend",
		vm->backend ? "process" : "kvm",
		NULL,
	};
	int high_channel = fcntl(channel, F_DUPFD_CLOEXEC, 16);
	int high_elf = fcntl(elf, F_DUPFD_CLOEXEC, 16);

	/* Nobody but its relay can speak to it. */
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (high_channel >= 0 && high_elf >= 0 &&
	    dup2(high_channel, VM_CHANNEL) >= 0 &&
	    dup2(high_elf, VM_ELF) >= 0) {
		close_range(VM_ELF + 1, ~0U, 0);
		execv(path, (char *const *)argv);
	}
	migrate_channel_print(VM_CHANNEL, HEXO_MSG_ERROR, NULL,
			      "cannot start %s: %s", path, strerror(errno));
	_exit(1);
}

/* Puts who serves local volumes between the relay and what was to be its
 * VM. */
static int start_storage(struct serve *s, struct files_volumes *volumes,
			 struct node_relay *relay, struct hexo_error *err)
{
	struct node_storage storage;
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hexo_fail_errno(err, "cannot make a channel");
	storage = (struct node_storage){ .vm = relay->vm, .home = pair[1] };
	relay->vm = pair[0];
	r = node_storage_start(&s->config->storage, volumes, &storage, err);
	relay->storage = storage.control;
	return r;
}

/* Starts the hexo-vm and becomes its relay: returns only on failure. */
static int start_vm(struct serve *s, const struct hexo_msg_vm *vm, int elf,
		    struct files_volumes *volumes, struct hexo_error *err)
{
	struct node_relay relay = {
		.directory = s->config->sessions,
		.session = { vm->session[0], vm->session[1] },
		.home = *s->peer,
		.timeout_s = vm->timeout_s,
		.link = s->client,
		.storage = -1,
	};
	int pair[2], r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return hexo_fail_errno(err, "cannot make a channel");
	relay.vm = pair[0];
	r = files_volumes_have_local(volumes)
		    ? start_storage(s, volumes, &relay, err)
		    : 0;
	if (r < 0) {
		close(relay.vm);
		close(pair[1]);
		return r;
	}
	alarm(0);
	relay.pid = fork();
	if (relay.pid == 0)
		exec_vm(vm, pair[1], elf);
	close(pair[1]);
	if (relay.pid < 0) {
		close(relay.vm);
		return hexo_fail_errno(err, "cannot start a hexo-vm");
	}
	close(elf);
	node_relay(&relay);
}

static int run_vm(struct serve *s, struct hexo_msg_vm *vm,
		  struct files_volumes *volumes, struct hexo_error *err)
{
	struct node_ask ask = { .what = NODE_ASK_VM, .memory = vm->memory };
	uint64_t size;
	int elf, r = check_vm(vm, err);

	if (r < 0)
		return r;
	elf = node_cache_get(&s->config->cache, vm->hash, &size, err);
	if (elf < 0)
		return elf;
	memcpy(ask.name, vm->name, sizeof(ask.name));
	r = node_ask(s->control, &ask, &s->answer, err);
	if (r == 0)
		r = start_vm(s, vm, elf, volumes, err);
	close(elf);
	return r;
}

static int serve_vm(struct serve *s, struct hexo_error *err)
{
	const struct migrate_msg *msg = &s->inbox.msg;
	struct files_volumes volumes = { .count = 0 };
	struct hexo_msg_vm vm;
	int r = migrate_msg_check(msg, sizeof(vm), false, err);

	if (r < 0)
		return r;
	memcpy(&vm, msg->data, sizeof(vm));
	r = files_volumes_parse(&volumes, (const char *)msg->data + sizeof(vm),
				msg->len - sizeof(vm), err);
	if (r == 0)
		r = run_vm(s, &vm, &volumes, err);
	files_volumes_free(&volumes);
	return r;
}

/* The connection is the session's from now on. */
static int serve_resume(struct serve *s, struct hexo_error *err)
{
	struct hexo_msg_resume resume;
	int r = migrate_msg_check(&s->inbox.msg, sizeof(resume), true, err);

	if (r < 0)
		return r;
	memcpy(&resume, s->inbox.msg.data, sizeof(resume));
	r = node_relay_resume(s->config->sessions, &resume, s->peer, s->client,
			      err);
	return r < 0 ? r : -ENODATA;
}

static int serve_message(struct serve *s, struct hexo_error *err)
{
	int r = next_message(s, err);

	if (r < 0)
		return r;
	switch (s->inbox.msg.type) {
	case HEXO_MSG_NODE_INFO:
		return serve_info(s, err);
	case HEXO_MSG_NODE_IMAGE:
		return serve_image(s, err);
	case HEXO_MSG_NODE_PUT:
		return serve_put(s, err);
	case HEXO_MSG_NODE_VM:
		return serve_vm(s, err);
	case HEXO_MSG_NODE_RESUME:
		return serve_resume(s, err);
	case HEXO_MSG_NODE_SPEED:
		return migrate_channel_send(s->client, HEXO_MSG_NODE_SPEED,
					    NULL, 0, err);
	default:
		return hexo_fail(err, -EPROTO, "%s message to hexod",
				 migrate_msg_name(s->inbox.msg.type));
	}
}

/* Says why and reads what the client still sends, so that closing does not
 * throw the message away on its way. */
static void refuse(const struct serve *s, const struct hexo_error *why)
{
	char rest[4096];

	fprintf(stderr, "hexod: client dropped: %s\n", why->text);
	alarm(s->config->timeout_ms / 1000 + 1);
	migrate_channel_print(s->client, HEXO_MSG_NODE_REFUSED, NULL, "%s",
			      why->text);
	shutdown(s->client, SHUT_WR);
	while (recv(s->client, rest, sizeof(rest), 0) > 0)
		;
}

_Noreturn void node_serve(const struct node_config *config,
			  const struct node_key *peer, int client, int control)
{
	struct serve *s = base_alloc(sizeof(*s));
	struct hexo_error err;
	int r;

	s->config = config;
	s->peer = peer;
	s->client = client;
	s->control = control;
	/* Without its hexod nobody counts this connection. */
	prctl(PR_SET_PDEATHSIG, SIGTERM);
	alarm(config->deadline_s);
	do
		r = serve_message(s, &err);
	while (r == 0);
	if (r != -ENODATA)
		refuse(s, &err);
	_exit(r == -ENODATA ? 0 : 1);
}
