/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/client.c node/address.c node/hash.c node/host.c
// LINK: node/key.c node/list.c node/identity.c node/tunnel.c node/pump.c
// LINK: migrate/channel.c migrate/hash.c base/base.c base/error.c
// LINK: base/sandbox.c; -lssl -lcrypto -lseccomp -ljansson -lxxhash
/* A whole hexod, as its clients see it. Runs from the top directory. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/layout.h"
#include "hexo/session.h"
#include "migrate/channel.h"
#include "node/client.h"
#include "node/hash.h"
#include "node/host.h"

enum { WAIT_MS = 20000 };

static char directory[] = "/tmp/hexo-test-XXXXXX";
static struct node_address address;
static pid_t hexod;

static int start(void **state)
{
	cleanup_free char *listen = NULL, *cache = NULL, *program = NULL;
	cleanup_free char *keys = NULL;
	struct node_info info;
	int tries = 100;

	if (!mkdtemp(directory))
		return -1;
	listen = base_printf("unix:%s/socket", directory);
	cache = base_printf("%s/cache", directory);
	keys = base_printf("%s/state", directory);
	program = base_printf("build/bin/hexod-%s", node_host_isa());
	if (node_address_parse(listen, &address, NULL) < 0)
		return -1;
	hexod = fork();
	if (hexod == 0) {
		execl(program, program, "--listen", listen, "--cache", cache,
		      "--state", keys, "--timeout", "1", "--max-vms", "2",
		      "--memory", "1G", "--cache-size", "4M", NULL);
		_exit(127);
	}
	while (node_info(&address, WAIT_MS, &info, NULL) < 0) {
		if (!tries--)
			return -1;
		usleep(50000);
	}
	free(info.json);
	return 0;
}

static int stop(void **state)
{
	cleanup_free char *command = base_printf("rm -r %s", directory);
	int status;

	kill(hexod, SIGTERM);
	waitpid(hexod, &status, 0);
	return system(command) || !WIFEXITED(status) || WEXITSTATUS(status);
}

static int connect_node(void)
{
	int fd = node_connect(&address, WAIT_MS, NULL);

	assert_true(fd >= 0);
	return fd;
}

/* hexod's last words on a connection, which it then closes. */
static void assert_refused(int fd, const char *why)
{
	struct migrate_inbox inbox = { 0 };

	assert_int_equal(migrate_inbox_wait(&inbox, fd, WAIT_MS, NULL), 0);
	assert_int_equal(inbox.msg.type, HEXO_MSG_NODE_REFUSED);
	if (!strstr(inbox.msg.data, why))
		fail_msg("refused with \"%s\", not \"%s\"",
			 (char *)inbox.msg.data, why);
	assert_int_equal(migrate_inbox_wait(&inbox, fd, WAIT_MS, NULL),
			 -ENODATA);
	migrate_inbox_free(&inbox);
	close(fd);
}

static void says_what_it_is(void **state)
{
	struct node_info info;

	assert_int_equal(node_info(&address, WAIT_MS, &info, NULL), 0);
	assert_int_not_equal(info.isa, 0);
	assert_int_equal(info.memory, UINT64_C(1) << 30);
	assert_true(info.cpus > 0);
	assert_int_equal(info.kvm, node_host_kvm());
	free(info.json);
}

static void drops_garbage(void **state)
{
	static const char garbage[] =
		"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n";
	int fd = connect_node();

	base_write_all(fd, garbage, sizeof(garbage));
	assert_refused(fd, "not a message");

	fd = connect_node();
	migrate_channel_send(fd, HEXO_MSG_START, NULL, 0, NULL);
	assert_refused(fd, "START message to hexod");

	fd = connect_node();
	migrate_channel_send(fd, HEXO_MSG_NODE_IMAGE, "x", 1, NULL);
	assert_refused(fd, "NODE_IMAGE message of 1 bytes");
}

static void tells_how_fast_the_link_is(void **state)
{
	cleanup_close int fd = connect_node();
	struct node_info info;
	struct hexo_error err;
	uint64_t speed = 0;

	assert_int_equal(node_ask_speed(fd, 1000, &speed, &err), 0);
	assert_true(speed > 1000000);
	/* The connection is as it was. */
	assert_int_equal(node_ask_info(fd, 1000, &info, &err), 0);
	free(info.json);
}

static void drops_slow_clients(void **state)
{
	int fd = connect_node();

	assert_refused(fd, "no message within 1000 ms");
	fd = connect_node();
	base_write_all(fd, "HXM1", 4);
	assert_refused(fd, "no message within 1000 ms");
}

static int socket_of_nobody(const struct sockaddr *to, socklen_t len)
{
	int fd = socket(AF_UNIX, SOCK_STREAM, 0);

	if (setuid(65534) < 0 || connect(fd, to, len) < 0)
		return -1;
	/* hexod may have hung up before this: then it fails. */
	migrate_channel_send(fd, HEXO_MSG_NODE_INFO, NULL, 0, NULL);
	return fd;
}

/* Whoever can open the socket's file is not let in because of that. */
static void drops_other_users(void **state)
{
	cleanup_free char *socket = base_printf("%s/socket", directory);
	int status;
	pid_t pid;

	if (geteuid() != 0)
		skip();
	assert_int_equal(chmod(directory, 0755), 0);
	assert_int_equal(chmod(socket, 0777), 0);
	pid = fork();
	if (pid == 0) {
		struct hexo_error err;
		int fd;

		if (setuid(65534) < 0)
			_exit(3);
		/* The client would not trust the node, either. */
		fd = node_connect(&address, WAIT_MS, &err);
		_exit(fd == -EPERM && strstr(err.text, "belongs to") ? 0 : 4);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
	pid = fork();
	if (pid == 0) {
		struct sockaddr *to = (struct sockaddr *)&address.socket;
		int fd = socket_of_nobody(to, address.len);
		char byte;

		_exit(fd >= 0 && read(fd, &byte, 1) <= 0 ? 0 : 5);
	}
	waitpid(pid, &status, 0);
	assert_int_equal(status, 0);
}

static void checks_images(void **state)
{
	struct hexo_msg_image image = { .size = 3 };
	int fd = connect_node();

	node_hash("abd", 3, image.hash);
	migrate_channel_send(fd, HEXO_MSG_NODE_PUT, &image, sizeof(image),
			     NULL);
	migrate_channel_send(fd, HEXO_MSG_NODE_DATA, "abc", 3, NULL);
	assert_refused(fd, "hash differs");

	fd = connect_node();
	migrate_channel_send(fd, HEXO_MSG_NODE_PUT, &image, sizeof(image),
			     NULL);
	migrate_channel_send(fd, HEXO_MSG_NODE_INFO, NULL, 0, NULL);
	assert_refused(fd, "NODE_INFO message inside an image");

	fd = connect_node();
	image.size = UINT64_C(1) << 40;
	migrate_channel_send(fd, HEXO_MSG_NODE_PUT, &image, sizeof(image),
			     NULL);
	assert_refused(fd, "an image of 1099511627776 bytes");
}

static const struct hexo_msg_vm good_vm = {
	.memory = HEXO_MEMORY_DEFAULT,
	.stack = HEXO_STACK_DEFAULT,
	.backend = 2,
	.timeout_s = 10,
	.name = "job",
};

static void assert_vm_refused(struct hexo_msg_vm vm, const char *why)
{
	int fd = connect_node();

	migrate_channel_send(fd, HEXO_MSG_NODE_VM, &vm, sizeof(vm), NULL);
	assert_refused(fd, why);
}

static void checks_vms(void **state)
{
	struct hexo_msg_vm vm = good_vm;

	assert_vm_refused(vm, "is not in the cache");
	vm.memory = 1;
	assert_vm_refused(vm, "not within limits");
	vm.memory = UINT64_MAX & ~(HEXO_HUGE_SIZE - 1);
	assert_vm_refused(vm, "not within limits");
	vm = good_vm;
	vm.stack = 0;
	assert_vm_refused(vm, "not within limits");
	vm = good_vm;
	vm.timeout_s = 0;
	assert_vm_refused(vm, "kept for 0 s");
	vm = good_vm;
	vm.backend = 3;
	assert_vm_refused(vm, "unknown backend");
	vm = good_vm;
	vm.name[1] = '\n';
	assert_vm_refused(vm, "printable");
	memset(vm.name, 'x', sizeof(vm.name));
	assert_vm_refused(vm, "printable");
}

static struct node_vm vm_of(const char *name, const void *elf, size_t size,
			    uint32_t backend)
{
	return (struct node_vm){
		.name = name,
		.elf = elf,
		.elf_size = size,
		.memory = HEXO_MEMORY_DEFAULT,
		.stack = HEXO_STACK_DEFAULT,
		.backend = backend,
		.timeout_s = 10,
	};
}

static void client_hears_refusals(void **state)
{
	cleanup_free char *big = base_alloc(5 << 20);
	struct node_vm vm = vm_of("big", big, 5 << 20, 2);
	uint64_t session[2];
	struct hexo_error err;
	int fd = connect_node();

	/* Told while it is still sending. */
	assert_int_equal(node_start_vm(fd, &vm, WAIT_MS, session, &err),
			 -ECONNREFUSED);
	close(fd);
	assert_non_null(strstr(err.text, "at most 4194304"));
	vm.elf_size = 1000;
	vm.memory = UINT64_C(2) << 30;
	fd = connect_node();
	assert_int_equal(node_start_vm(fd, &vm, WAIT_MS, session, &err),
			 -ECONNREFUSED);
	close(fd);
	assert_non_null(strstr(err.text, "2048 MiB of memory asked for"));
}

static void hands_the_connection_to_the_vm(void **state)
{
	static const char elf[] = "no ELF at all";
	struct node_vm vm = vm_of("bad", elf, sizeof(elf), 1);
	struct hexo_session_head head;
	uint64_t session[2], received = 0;
	struct migrate_inbox inbox = { 0 };
	struct hexo_error err;
	int fd = connect_node();

	/* hexo-vm's own words, no longer hexod's. */
	assert_int_equal(node_start_vm(fd, &vm, WAIT_MS, session, &err), 0);
	assert_int_equal(base_read_all(fd, &head, sizeof(head)), 0);
	assert_int_equal(head.magic, HEXO_SESSION_MAGIC);
	assert_int_equal(head.type, HEXO_SESSION_BYTES);
	assert_int_equal(head.offset, 0);
	assert_int_equal(migrate_inbox_wait(&inbox, fd, WAIT_MS, &err), 0);
	assert_int_equal(inbox.msg.type, HEXO_MSG_ERROR);
	migrate_inbox_free(&inbox);
	close(fd);

	/* Another connection hears the same again. */
	fd = connect_node();
	assert_int_equal(node_resume(fd, session, WAIT_MS, &received, &err), 0);
	assert_int_equal(received, 0);
	assert_int_equal(base_read_all(fd, &head, sizeof(head)), 0);
	assert_int_equal(head.type, HEXO_SESSION_BYTES);
	assert_int_equal(head.offset, 0);
	assert_int_equal(migrate_inbox_wait(&inbox, fd, WAIT_MS, &err), 0);
	assert_int_equal(inbox.msg.type, HEXO_MSG_ERROR);
	migrate_inbox_free(&inbox);
	close(fd);
}

static void a_sessions_number_is_used_once(void **state)
{
	static const char elf[] = "no ELF either";
	struct node_vm vm = vm_of("first", elf, sizeof(elf), 1);
	struct hexo_msg_vm second = good_vm;
	struct hexo_error err;
	int fd = connect_node();

	assert_int_equal(node_start_vm(fd, &vm, WAIT_MS, second.session, &err),
			 0);
	node_hash(elf, sizeof(elf), second.hash);
	second.backend = 1;
	assert_vm_refused(second, "in use");
	close(fd);
}

static void knows_its_sessions(void **state)
{
	uint64_t session[2] = { 1, 2 }, received = 0;
	struct hexo_error err;
	int fd = connect_node();

	assert_int_equal(node_resume(fd, session, WAIT_MS, &received, &err),
			 -ECONNREFUSED);
	assert_non_null(strstr(err.text, "no such session"));
	close(fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(says_what_it_is),
		cmocka_unit_test(drops_garbage),
		cmocka_unit_test(tells_how_fast_the_link_is),
		cmocka_unit_test(drops_slow_clients),
		cmocka_unit_test(drops_other_users),
		cmocka_unit_test(checks_images),
		cmocka_unit_test(checks_vms),
		cmocka_unit_test(client_hears_refusals),
		cmocka_unit_test(a_sessions_number_is_used_once),
		cmocka_unit_test(hands_the_connection_to_the_vm),
		cmocka_unit_test(knows_its_sessions),
	};

	return cmocka_run_group_tests_name("hexod", tests, start, stop);
}
