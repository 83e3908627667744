/* SPDX-License-Identifier: Apache-2.0 */
#include "node/client.h"

#include <errno.h>
#include <fcntl.h>
#include <jansson.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/isa.h"
#include "migrate/channel.h"
#include "node/hash.h"
#include "node/tunnel.h"

#define cleanup_inbox __attribute__((cleanup(migrate_inbox_free)))

enum {
	DATA_MAX = 1 << 18, /* bytes of one NODE_DATA message */
	RETRY_US = 10000,
	SPEED_BYTES = 32 << 10,
	SPEED_BYTES_MAX = 256 << 10,
	SPEED_TRIES = 4,
	SPEED_NS_MAX = 200000000,
};

static int wait_connected(int fd, int timeout_ms)
{
	struct pollfd p = { .fd = fd, .events = POLLOUT };
	socklen_t len = sizeof(int);
	int r, code = 0;

	do
		r = poll(&p, 1, timeout_ms);
	while (r < 0 && errno == EINTR);
	if (r == 0)
		return -ETIMEDOUT;
	if (r < 0 || getsockopt(fd, SOL_SOCKET, SO_ERROR, &code, &len) < 0)
		return -errno;
	return -code;
}

static int set_blocking(int fd)
{
	int flags = fcntl(fd, F_GETFL);

	return fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0 ? -errno : 0;
}

/* A Unix socket whose queue is full says EAGAIN at once and cannot be waited
 * for. */
static int connect_within(int fd, const struct node_address *address,
			  int timeout_ms)
{
	uint64_t end = base_now_ns() + (uint64_t)timeout_ms * 1000000;

	while (connect(fd, (const struct sockaddr *)&address->socket,
		       address->len) < 0) {
		if (errno == EINPROGRESS)
			return wait_connected(fd, timeout_ms);
		if (errno != EAGAIN)
			return -errno;
		if (base_now_ns() > end)
			return -ETIMEDOUT;
		usleep(RETRY_US);
	}
	return 0;
}

static int connect_socket(const struct node_address *address, int timeout_ms,
			  struct hexo_error *err)
{
	cleanup_close int fd =
		socket(address->socket.ss_family,
		       SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int r;

	if (fd < 0)
		return hexo_fail_errno(err, "cannot make a socket");
	r = connect_within(fd, address, timeout_ms);
	if (r == 0)
		r = set_blocking(fd);
	if (r < 0)
		return hexo_fail(err, r, "cannot reach hexod at %s: %s",
				 address->text, strerror(-r));
	node_socket_tune(fd);
	return base_take_fd(fd);
}

/* expected NULL: whoever answers. */
static int connect_tls(const struct node_address *address,
		       const struct node_key *expected, int timeout_ms,
		       struct node_key *peer, struct hexo_error *err)
{
	cleanup_close int tcp = connect_socket(address, timeout_ms, err);
	const struct node_tunnel tunnel = {
		.timeout_ms = timeout_ms,
		.expected = expected,
	};
	struct hexo_error why;
	int fd;

	if (tcp < 0)
		return tcp;
	fd = node_tunnel_open(tcp, &tunnel, peer, &why);
	if (fd < 0)
		return hexo_fail(err, fd, "hexod at %s: %s", address->text,
				 why.text);
	return fd;
}

int node_connect(const struct node_address *address, int timeout_ms,
		 struct hexo_error *err)
{
	struct node_key peer;
	int fd, r;

	if (address->socket.ss_family != AF_UNIX) {
		if (!address->key_known)
			return hexo_fail(err, -ENOKEY,
					 "the key of hexod at %s is not known: "
					 "run `hexo node add NAME %s`",
					 address->text, address->text);
		return connect_tls(address, &address->key, timeout_ms, &peer,
				   err);
	}
	fd = connect_socket(address, timeout_ms, err);
	if (fd < 0)
		return fd;
	r = node_address_check_peer(fd, err);
	if (r < 0) {
		close(fd);
		return r;
	}
	return fd;
}

int node_see_key(const struct node_address *address, int timeout_ms,
		 struct node_key *key, struct hexo_error *err)
{
	int fd = connect_tls(address, NULL, timeout_ms, key, err);

	if (fd < 0)
		return fd;
	close(fd);
	return 0;
}

/* Waits for the answer, a message of that type. */
static int expect(struct migrate_inbox *inbox, int fd, unsigned type,
		  int timeout_ms, struct hexo_error *err)
{
	int r = migrate_inbox_wait(inbox, fd, timeout_ms, err);

	if (r < 0)
		return r;
	if (inbox->msg.type == HEXO_MSG_NODE_REFUSED)
		return hexo_fail(err, -ECONNREFUSED, "refused: %.480s",
				 (const char *)inbox->msg.data);
	if (inbox->msg.type != type)
		return hexo_fail(err, -EPROTO, "answered %s instead of %s",
				 migrate_msg_name(inbox->msg.type),
				 migrate_msg_name(type));
	return 0;
}

static uint32_t isa_by_name(const char *name)
{
#define X(number, id, isa_name, machine) \
	if (!strcmp(name, isa_name))     \
		return HEXO_ISA_##id;
	HEXO_ISA_LIST(X)
#undef X
	return HEXO_ISA_NONE;
}

static int parse_info(const char *text, size_t len, struct node_info *info,
		      struct hexo_error *err)
{
	json_error_t why;
	json_t *root = json_loadb(text, len, 0, &why);
	json_int_t cpus, memory;
	const char *isa;
	json_t *vms;
	int kvm;

	if (!root || json_unpack_ex(root, &why, 0, "{s:s, s:I, s:I, s:b, s:o}",
				    "isa", &isa, "cpus", &cpus, "memory",
				    &memory, "kvm", &kvm, "vms", &vms) < 0) {
		json_decref(root);
		return hexo_fail(err, -EPROTO, "answered nonsense: %s",
				 why.text);
	}
	*info = (struct node_info){
		.isa = isa_by_name(isa),
		.cpus = (uint32_t)cpus,
		.memory = (uint64_t)memory,
		.kvm = kvm,
		.vms = (uint32_t)json_array_size(vms),
		.json = base_strdup(text),
	};
	json_decref(root);
	return 0;
}

int node_ask_info(int fd, int timeout_ms, struct node_info *info,
		  struct hexo_error *err)
{
	cleanup_inbox struct migrate_inbox inbox = { 0 };
	int r = migrate_channel_send(fd, HEXO_MSG_NODE_INFO, NULL, 0, err);

	if (r == 0)
		r = expect(&inbox, fd, HEXO_MSG_NODE_INFO, timeout_ms, err);
	if (r < 0)
		return r;
	return parse_info(inbox.msg.data, inbox.msg.len, info, err);
}

/* How long so many bytes take to be answered. */
static int ask_speed(int fd, const void *data, size_t len, int timeout_ms,
		     uint64_t *ns, struct hexo_error *err)
{
	cleanup_inbox struct migrate_inbox inbox = { 0 };
	uint64_t begin = base_now_ns();
	int r = migrate_channel_send(fd, HEXO_MSG_NODE_SPEED, data, len, err);

	if (r == 0)
		r = expect(&inbox, fd, HEXO_MSG_NODE_SPEED, timeout_ms, err);
	*ns = base_now_ns() - begin;
	return r;
}

int node_ask_speed(int fd, int timeout_ms, uint64_t *speed,
		   struct hexo_error *err)
{
	cleanup_free char *data = base_alloc(SPEED_BYTES_MAX);
	size_t len = SPEED_BYTES;
	uint64_t trip, ns = 0, cost, one, best = 0;
	int r = ask_speed(fd, NULL, 0, timeout_ms, &trip, err);

	/* Both ends may have other things to do: the best time counts. A slow
	 * link must not be busy for long with that. */
	for (int i = 0; r == 0 && i < SPEED_TRIES && ns < SPEED_NS_MAX; i++) {
		r = ask_speed(fd, data, len, timeout_ms, &ns, err);
		if (r < 0)
			return r;
		/* Without the way there and back, which varies. */
		cost = ns - (trip < ns / 2 ? trip : ns / 2) + 1;
		one = (uint64_t)((double)len / (double)cost * 1e9);
		/* The little before may have been a buffer's. */
		best = one > best || i == 1 ? one : best;
		len = SPEED_BYTES_MAX;
	}
	*speed = best;
	return r;
}

int node_info(const struct node_address *address, int timeout_ms,
	      struct node_info *info, struct hexo_error *err)
{
	cleanup_close int fd = node_connect(address, timeout_ms, err);

	if (fd < 0)
		return fd;
	if (node_ask_info(fd, timeout_ms, info, err) < 0)
		return hexo_fail_context(err, "hexod at %s", address->text);
	return 0;
}

/* The ELF in pieces; stops early when hexod answers before it has all. */
static void send_data(int fd, const struct node_vm *vm)
{
	const char *from = vm->elf;
	size_t left = vm->elf_size;
	struct pollfd p = { .fd = fd, .events = POLLIN };

	while (left) {
		size_t n = left < DATA_MAX ? left : DATA_MAX;

		if (poll(&p, 1, 0) > 0)
			return;
		/* A node that closes has said why before: it is read next. */
		if (migrate_channel_send(fd, HEXO_MSG_NODE_DATA, from, n,
					 NULL) < 0)
			return;
		from += n;
		left -= n;
	}
}

static int put_image(struct migrate_inbox *inbox, int fd,
		     const struct node_vm *vm,
		     const struct hexo_msg_image *image, int timeout_ms,
		     struct hexo_error *err)
{
	int r = migrate_channel_send(fd, HEXO_MSG_NODE_PUT, image,
				     sizeof(*image), err);

	if (r < 0)
		return r;
	send_data(fd, vm);
	return expect(inbox, fd, HEXO_MSG_NODE_IMAGE, timeout_ms, err);
}

static int ensure_image(struct migrate_inbox *inbox, int fd,
			const struct node_vm *vm,
			const struct hexo_msg_image *image, int timeout_ms,
			struct hexo_error *err)
{
	struct hexo_msg_image cached;
	int r = migrate_channel_send(fd, HEXO_MSG_NODE_IMAGE, image,
				     sizeof(*image), err);

	if (r == 0)
		r = expect(inbox, fd, HEXO_MSG_NODE_IMAGE, timeout_ms, err);
	if (r == 0)
		r = migrate_msg_check(&inbox->msg, sizeof(cached), true, err);
	if (r < 0)
		return r;
	memcpy(&cached, inbox->msg.data, sizeof(cached));
	if (cached.size == image->size)
		return 0;
	return put_image(inbox, fd, vm, image, timeout_ms, err);
}

/* The answer to NODE_VM and NODE_RESUME. */
static int expect_session(struct migrate_inbox *inbox, int fd,
			  const uint64_t session[2], int timeout_ms,
			  uint64_t *received, struct hexo_error *err)
{
	struct hexo_msg_resume answer;
	int r = expect(inbox, fd, HEXO_MSG_NODE_SESSION, timeout_ms, err);

	if (r == 0)
		r = migrate_msg_check(&inbox->msg, sizeof(answer), true, err);
	if (r < 0)
		return r;
	memcpy(&answer, inbox->msg.data, sizeof(answer));
	if (memcmp(answer.session, session, sizeof(answer.session)) != 0)
		return hexo_fail(err, -EPROTO, "answered with another session");
	*received = answer.received;
	return 0;
}

int node_start_vm(int fd, const struct node_vm *vm, int timeout_ms,
		  uint64_t session[2], struct hexo_error *err)
{
	cleanup_inbox struct migrate_inbox inbox = { 0 };
	struct hexo_msg_image image = { .size = vm->elf_size };
	struct hexo_msg_vm request = {
		.memory = vm->memory,
		.stack = vm->stack,
		.backend = vm->backend,
		.timeout_s = vm->timeout_s,
	};
	struct iovec parts[2] = { { &request, sizeof(request) } };
	size_t id = sizeof(request.session);
	uint64_t received;
	int r;

	node_hash(vm->elf, vm->elf_size, image.hash);
	r = ensure_image(&inbox, fd, vm, &image, timeout_ms, err);
	if (r < 0)
		return r;
	memcpy(request.hash, image.hash, sizeof(request.hash));
	snprintf(request.name, sizeof(request.name), "%s", vm->name);
	if (getrandom(request.session, id, 0) != (ssize_t)id)
		return hexo_fail_errno(err, "cannot get random bytes");
	memcpy(session, request.session, id);
	parts[1] = (struct iovec){ (void *)vm->volumes, vm->volumes_len };
	r = migrate_channel_sendv(fd, HEXO_MSG_NODE_VM, parts, 2, err);
	if (r < 0)
		return r;
	return expect_session(&inbox, fd, session, timeout_ms, &received, err);
}

int node_resume(int fd, const uint64_t session[2], int timeout_ms,
		uint64_t *received, struct hexo_error *err)
{
	cleanup_inbox struct migrate_inbox inbox = { 0 };
	const struct hexo_msg_resume request = {
		.session = { session[0], session[1] },
		.received = *received,
	};
	int r = migrate_channel_send(fd, HEXO_MSG_NODE_RESUME, &request,
				     sizeof(request), err);

	return r < 0 ? r
		     : expect_session(&inbox, fd, session, timeout_ms, received,
				      err);
}
