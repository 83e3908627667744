/* SPDX-License-Identifier: Apache-2.0 */
// LINK: node/storage.c node/storage_serve.c node/storage_jail.c
// LINK: files/files.c files/data.c files/dir.c files/path.c files/volume.c
// LINK: files/local.c files/state.c migrate/channel.c migrate/link.c
// LINK: migrate/hash.c base/base.c base/error.c base/sandbox.c
// LINK: ; -ljansson -lxxhash -lseccomp
/* The process between a VM and its home that serves local volumes: the test is
 * VM, home and relay. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/base.h"
#include "hexo/io.h"
#include "migrate/channel.h"
#include "node/storage.h"

enum { LONG_MS = 20000, SHORT_MS = 150 };

/* DIR/v is allowed, and local volume /l; /h is the home's. */
static char *dir, *allowed;
static struct node_storage_policy policy;
static struct files_volumes volumes;
static struct migrate_inbox vm_in, home_in;
static int vm, home, control;

static char *path_of(const char *name)
{
	return base_printf("%s/%s", dir, name);
}

static void put(const char *name, const char *text)
{
	cleanup_free char *path = path_of(name);
	cleanup_file FILE *f = fopen(path, "w");

	assert_non_null(f);
	fputs(text, f);
	assert_int_equal(chmod(path, 0666), 0);
}

static void remove_file(const char *name)
{
	cleanup_free char *path = path_of(name);

	assert_int_equal(unlink(path), 0);
}

static off_t size_of(const char *name)
{
	cleanup_free char *path = path_of(name);
	struct stat st;

	return stat(path, &st) < 0 ? -1 : st.st_size;
}

static void make_dir(const char *name)
{
	cleanup_free char *path = path_of(name);

	assert_int_equal(mkdir(path, 0777), 0);
	assert_int_equal(chmod(path, 0777), 0);
}

static int start(const char *host, struct hexo_error *err)
{
	struct node_storage storage;
	int vms[2], homes[2], r;

	files_volumes_free(&volumes);
	r = files_volume_add_local(&volumes, host, "/l", false, err);
	if (r == 0)
		r = files_volume_add_local(&volumes, NULL, "/h", false, err);
	if (r < 0)
		return r;
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, vms), 0);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, homes), 0);
	storage = (struct node_storage){ .vm = vms[1], .home = homes[1] };
	vm = vms[0];
	home = homes[0];
	r = node_storage_start(&policy, &volumes, &storage, err);
	control = r < 0 ? -1 : storage.control;
	return r;
}

static void stop(void)
{
	close(vm);
	close(home);
	if (control >= 0)
		close(control);
	migrate_inbox_free(&vm_in);
	migrate_inbox_free(&home_in);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

static int set_up_policy(void **state)
{
	alarm(60);
	signal(SIGPIPE, SIG_IGN);
	dir = base_strdup("/tmp/hexo-storage-XXXXXX");
	assert_non_null(mkdtemp(dir));
	make_dir("v");
	make_dir("other");
	put("v/f", "local text");
	allowed = path_of("v");
	policy = (struct node_storage_policy){
		.uid = NODE_STORAGE_NOBODY,
		.gid = NODE_STORAGE_NOBODY,
	};
	return node_storage_allow(&policy, allowed, NULL);
}

static int tear_down_policy(void **state)
{
	cleanup_free char *command = base_printf("rm -rf %s", dir);
	int r = system(command);

	files_volumes_free(&volumes);
	free(allowed);
	free(dir);
	return r;
}

static int set_up(void **state)
{
	struct hexo_error err;

	return set_up_policy(state) < 0 ? -1 : start(allowed, &err);
}

static int tear_down(void **state)
{
	stop();
	return tear_down_policy(state);
}

/* ---- what is said ---- */

static void tell_link(bool linked)
{
	const char state = linked;

	assert_int_equal(send(control, &state, 1, MSG_NOSIGNAL), 1);
}

static void say(int fd, unsigned type, const void *data, size_t len)
{
	assert_int_equal(migrate_channel_send(fd, type, data, len, NULL), 0);
}

static void request(unsigned op, int64_t a, int64_t b, const char *data)
{
	const struct hexo_msg_io io = {
		.op = op,
		.out_len = 100,
		.arg = { a, b },
	};
	const struct iovec parts[2] = {
		{ (void *)&io, sizeof(io) },
		{ (void *)data, strlen(data) },
	};

	assert_int_equal(migrate_channel_sendv(vm, HEXO_MSG_IO, parts, 2, NULL),
			 0);
}

/* The next message there is of that type. */
static const char *expect(int fd, unsigned type)
{
	struct migrate_inbox *in = fd == vm ? &vm_in : &home_in;

	assert_int_equal(migrate_inbox_wait(in, fd, LONG_MS, NULL), 0);
	assert_int_equal(in->msg.type, type);
	return in->msg.data;
}

static void expect_nothing(int fd)
{
	struct migrate_inbox *in = fd == vm ? &vm_in : &home_in;

	assert_int_equal(migrate_inbox_wait(in, fd, SHORT_MS, NULL),
			 -ETIMEDOUT);
}

static void expect_result(int64_t result)
{
	struct hexo_msg_io_reply reply;

	memcpy(&reply, expect(vm, HEXO_MSG_IO_REPLY), sizeof(reply));
	assert_int_equal(reply.result, result);
}

static void home_answers(int64_t result)
{
	const struct hexo_msg_io_reply reply = { result };

	say(home, HEXO_MSG_IO_REPLY, &reply, sizeof(reply));
}

/* The VM has /l/f open. */
static void open_file(void)
{
	tell_link(true);
	request(HEXO_IO_OPEN, HEXO_O_RDWR, 0, "/l/f");
	expect(home, HEXO_MSG_LOCAL_ASK);
	say(home, HEXO_MSG_LOCAL_GRANT, NULL, 0);
	expect_result(HEXO_LOCAL_HANDLE);
}

/* ---- tests ---- */

static void nothing_is_answered_before_it_is_granted(void **state)
{
	tell_link(true);
	request(HEXO_IO_UNLINK, 0, 0, "/l/f");
	expect(home, HEXO_MSG_LOCAL_ASK);
	expect_nothing(vm);
	assert_true(size_of("v/f") >= 0);
	say(home, HEXO_MSG_LOCAL_GRANT, NULL, 0);
	expect_result(0);
	assert_true(size_of("v/f") < 0);
	/* Once is enough. */
	request(HEXO_IO_STAT, 0, 0, "/l/f");
	expect_result(-ENOENT);
}

static void nothing_is_answered_without_a_link(void **state)
{
	request(HEXO_IO_OPEN, HEXO_O_RDWR, 0, "/l/f");
	expect_nothing(home);
	open_file();
	expect_result(HEXO_LOCAL_HANDLE + 1);
	tell_link(false);
	/* The relay's word comes by another way than the VM's. */
	usleep(SHORT_MS * 1000);
	request(HEXO_IO_UNLINK, 0, 0, "/l/f");
	expect_nothing(vm);
	assert_true(size_of("v/f") >= 0);
	tell_link(true);
	expect_result(0);
}

static void answers_keep_their_order(void **state)
{
	open_file();
	request(HEXO_IO_WRITE, 3, 0, "to the home");
	request(HEXO_IO_READ, HEXO_LOCAL_HANDLE, 6, "");
	expect(home, HEXO_MSG_IO);
	expect_nothing(vm);
	home_answers(11);
	expect_result(11);
	expect_result(4);
	assert_memory_equal((char *)vm_in.msg.data +
				    sizeof(struct hexo_msg_io_reply),
			    "text", 4);
}

static void what_is_open_is_told_before_parked(void **state)
{
	const struct hexo_msg_usage usage = { .polls = 7 };

	open_file();
	say(vm, HEXO_MSG_PARKED, &usage, sizeof(usage));
	assert_non_null(strstr(expect(home, HEXO_MSG_LOCAL_STATE),
			       "\"guest\":\"/l/f\""));
	expect(home, HEXO_MSG_PARKED);
	remove_file("v/f");
	say(vm, HEXO_MSG_PARKED, &usage, sizeof(usage));
	assert_non_null(strstr(expect(home, HEXO_MSG_LOCAL_STATE),
			       "/v/f is open, was removed"));
	expect(home, HEXO_MSG_PARKED);
}

#define ENTRY                                                               \
	"{\"handle\":1025,\"access\":\"rw\",\"readonly\":false,\"size\":5," \
	"\"mtime_ns\":1,\"ino\":%lu,\"guest\":\"/l/f\"}"

static void open_again(bool cut)
{
	cleanup_free char *path = path_of("v/f");
	cleanup_free char *text = NULL;
	struct stat st;

	assert_int_equal(stat(path, &st), 0);
	text = base_printf("{\"files\":[" ENTRY "],\"cut\":%s}",
			   (unsigned long)st.st_ino, cut ? "true" : "false");
	say(home, HEXO_MSG_LOCAL_OPEN, text, strlen(text));
}

static void files_are_opened_again(void **state)
{
	const struct hexo_msg_poll poll = { 0 };

	open_again(false);
	open_file();
	request(HEXO_IO_READ, HEXO_LOCAL_HANDLE + 1, 6, "");
	expect_result(4);
	/* A move cuts nothing. */
	say(home, HEXO_MSG_RUN, &poll, sizeof(poll));
	expect(vm, HEXO_MSG_RUN);
	assert_int_equal(size_of("v/f"), 10);
}

static void files_are_cut_when_the_job_is_to_run(void **state)
{
	const struct hexo_msg_poll poll = { 0 };

	open_again(true);
	assert_non_null(strstr(expect(home, HEXO_MSG_LOG),
			       "/l/f is cut from 10 bytes to 5"));
	assert_int_equal(size_of("v/f"), 10);
	say(home, HEXO_MSG_RUN, &poll, sizeof(poll));
	expect(vm, HEXO_MSG_RUN);
	assert_int_equal(size_of("v/f"), 5);
}

/* That side is closed, and nothing more was said. */
static void expect_end(int fd)
{
	char rest;

	assert_int_equal(recv(fd, &rest, 1, 0), 0);
}

/* LOCAL_OPEN with that ends the VM, and its home hears why. */
static void not_opened(const char *text, const char *why)
{
	say(home, HEXO_MSG_LOCAL_OPEN, text, strlen(text));
	assert_non_null(strstr(expect(home, HEXO_MSG_ERROR), why));
	expect_end(vm);
}

static void a_missing_file_ends_the_vm(void **state)
{
	not_opened("{\"files\":[{\"handle\":1024,\"access\":\"r\",\"size\":0,"
		   "\"mtime_ns\":0,\"ino\":0,\"guest\":\"/l/none\"}]}",
		   "cannot open /l/none again: No such file");
}

static void a_handle_of_the_homes_is_none_of_ours(void **state)
{
	not_opened("{\"files\":[{\"handle\":9,\"access\":\"r\",\"size\":0,"
		   "\"mtime_ns\":0,\"ino\":0,\"guest\":\"/l/f\"}]}",
		   "cannot go on in one that is local");
}

static void a_request_that_waits_ends_with_the_vm(void **state)
{
	tell_link(true);
	request(HEXO_IO_UNLINK, 0, 0, "/l/f");
	expect(home, HEXO_MSG_LOCAL_ASK);
	say(home, HEXO_MSG_LOCAL_OPEN, "[", 1);
	say(home, HEXO_MSG_LOCAL_GRANT, NULL, 0);
	expect(home, HEXO_MSG_ERROR);
	expect_end(home);
	assert_true(size_of("v/f") >= 0);
}

static void nonsense_ends_the_vm(void **state)
{
	not_opened("[", "without files");
}

static void writes_are_synced_for_checkpoints(void **state)
{
	say(home, HEXO_MSG_LOCAL_SYNC, NULL, 0);
	assert_string_equal(expect(home, HEXO_MSG_LOCAL_SYNCED), "");
}

static void the_rest_is_passed_on(void **state)
{
	static char stream[300000];

	for (int i = 0; i < 20; i++)
		say(home, HEXO_MSG_STREAM, stream, sizeof(stream) / 20);
	for (int i = 0; i < 20; i++)
		expect(vm, HEXO_MSG_STREAM);
	say(vm, HEXO_MSG_EXIT, stream, sizeof(struct hexo_msg_usage));
	shutdown(vm, SHUT_RDWR);
	expect(home, HEXO_MSG_EXIT);
	expect_end(home);
}

static void what_is_not_allowed_is_refused(void **state)
{
	cleanup_free char *other = path_of("other");
	cleanup_free char *longer = path_of("v-longer");
	cleanup_free char *link = path_of("v/link");
	cleanup_free char *none = path_of("v/none");
	struct hexo_error err;

	make_dir("v-longer");
	assert_int_equal(symlink("../other", link), 0);
	assert_int_equal(start(other, &err), -EACCES);
	assert_non_null(strstr(err.text, "does not allow --volume-local"));
	stop();
	assert_int_equal(start(longer, &err), -EACCES);
	stop();
	assert_int_equal(start(link, &err), -EACCES);
	assert_non_null(strstr(err.text, "leads out of"));
	stop();
	/* It may be allowed by itself. */
	assert_int_equal(node_storage_allow(&policy, link, &err), 0);
	assert_int_equal(start(link, &err), 0);
	stop();
	policy.count = 1;
	assert_int_equal(start(none, &err), -ENOENT);
	stop();
	assert_int_equal(start("/tmp/../etc", &err), -EINVAL);
	policy.count = 0;
	assert_int_equal(start(allowed, &err), -EACCES);
	stop();
}

static void operators_say_what_makes_sense(void **state)
{
	struct hexo_error err;

	assert_int_equal(node_storage_allow(&policy, "/none", &err), -ENOENT);
	assert_int_equal(node_storage_allow(&policy, ".", &err), -EINVAL);
	assert_int_equal(node_storage_user(&policy, "12:34", &err), 0);
	assert_int_equal(policy.uid, 12);
	assert_int_equal(policy.gid, 34);
	assert_int_equal(node_storage_user(&policy, "56", &err), 0);
	assert_int_equal(policy.gid, 56);
	assert_int_equal(node_storage_user(&policy, "root", &err), -EINVAL);
	assert_int_equal(node_storage_user(&policy, "4294967295", &err),
			 -EINVAL);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)
#define TEST_POLICY(name) \
	cmocka_unit_test_setup_teardown(name, set_up_policy, tear_down_policy)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(nothing_is_answered_before_it_is_granted),
		TEST(nothing_is_answered_without_a_link),
		TEST(answers_keep_their_order),
		TEST(what_is_open_is_told_before_parked),
		TEST(files_are_opened_again),
		TEST(files_are_cut_when_the_job_is_to_run),
		TEST(a_missing_file_ends_the_vm),
		TEST(a_handle_of_the_homes_is_none_of_ours),
		TEST(a_request_that_waits_ends_with_the_vm),
		TEST(nonsense_ends_the_vm),
		TEST(writes_are_synced_for_checkpoints),
		TEST(the_rest_is_passed_on),
		TEST_POLICY(what_is_not_allowed_is_refused),
		TEST_POLICY(operators_say_what_makes_sense),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
