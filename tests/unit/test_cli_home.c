/* SPDX-License-Identifier: Apache-2.0 */
// LINK: cli/home.c cli/home_control.c cli/home_save.c cli/home_table.c
// LINK: cli/home_vm.c cli/home_check.c cli/move.c cli/move_later.c
// LINK: cli/move_clock.c cli/move_choose.c cli/move_mode.c cli/speeds.c
// LINK: cli/report.c cli/checkpoint_stream.c cli/record.c cli/pack.c
// LINK: cli/home_doubt.c cli/figures.c cli/move_file.c cli/home_local.c
// LINK: cli/vm.c migrate/link.c cli/loop.c cli/control.c cli/runtime.c
// LINK: cli/save.c cli/stats.c cli/probe.c cli/plan.c cli/isa.c
// LINK: cli/checkpoint.c cli/files_state.c files/state.c
// LINK: cli/files_restore.c files/files.c files/data.c files/dir.c
// LINK: files/path.c files/volume.c files/local.c cli/image.c
// LINK: migrate/channel.c migrate/hash.c base/base.c base/error.c
// LINK: base/thread.c; -ljansson -lzip -lzstd -lxxhash -lpthread
/* What a home takes from VMs that do not keep to their part. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/connect.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"
#include "cli/trace.h"
#include "hexo/checkpoint.h"
#include "hexo/io.h"

enum { ZEROES = 3, MIB = 1 << 20, QUEUE_MAX = 8 * MIB };

static struct files_volumes volumes;
static struct cli_plan plan;
static struct cli_home_config config = {
	.volumes = &volumes,
	.plan = &plan,
	.boot = &(const struct base_buffer){ 0 },
	.job = "job",
	.id = "test",
	.checkpoint = "none",
	.timeout_s = 60,
};

/* A home, and the other ends of its owner and its target. */
static struct {
	struct home home;
	int owner, target;
	struct migrate_inbox in;
} t;

/* Nothing here starts a VM or reports a fault. */
int cli_place_find(const char *where, bool boards, struct cli_place *place,
		   struct hexo_error *err)
{
	return hexo_fail(err, -ENOENT, "no places here");
}

int cli_connect_start(const struct cli_vm_config *vm,
		      const struct cli_place *place, int *pending, pid_t *pid,
		      struct hexo_error *err)
{
	return hexo_fail(err, -ENOENT, "no nodes here");
}

int cli_connect_finish(int pending, enum hexo_isa *isa, uint64_t *speed,
		       int *channel, struct hexo_error *err)
{
	return hexo_fail(err, -ENOENT, "no nodes here");
}

void cli_trace_print(struct cli_image *image, enum hexo_isa isa,
		     const struct hexo_msg_fault *fault, const void *stack)
{
}

static int open_vm(struct cli_vm *vm)
{
	int pair[2];

	cli_vm_init(vm);
	assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
	migrate_link_open(&vm->link, pair[0]);
	vm->home = &t.home;
	return pair[1];
}

static int set_up(void **state)
{
	struct home *home = &t.home;

	memset(&t, 0, sizeof(t));
	home->config = &config;
	home->probe.watch.fd = home->clock.fd = -1;
	home->saving.file.fd = home->saving.file.done.fd = -1;
	home->timer.fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	home->owner = &home->vms[0];
	home->target = &home->vms[1];
	home->answer = base_alloc(HEXO_IO_MAX);
	if (cli_loop_open(&home->loop, NULL) < 0)
		return -1;
	cli_control_init(&home->control, &home->loop, home_request, home);
	files_init(&home->files, &volumes);
	home->files.at[ZEROES].fd = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	t.owner = open_vm(home->owner);
	t.target = open_vm(home->target);
	return 0;
}

static int tear_down(void **state)
{
	home_retire(&t.home, t.home.owner);
	home_retire(&t.home, t.home.target);
	files_free(&t.home.files);
	cli_loop_close(&t.home.loop);
	cli_stats_free(&t.home.stats);
	close(t.home.timer.fd);
	if (t.owner >= 0)
		close(t.owner);
	close(t.target);
	free(t.home.answer);
	migrate_inbox_free(&t.in);
	return 0;
}

static void begin(enum home_state state)
{
	t.home.state = state;
	home_watch_vms(&t.home);
}

/* The home's work, until there has been none for a while. */
static void turn(void)
{
	struct pollfd p = { .fd = t.home.loop.epoll, .events = POLLIN };

	while (t.home.state != HOME_ENDED && poll(&p, 1, 200) > 0) {
		assert_int_equal(cli_loop_turn(&t.home.loop, NULL), 0);
		assert_in_range(migrate_link_queued(&t.home.owner->link), 0,
				QUEUE_MAX);
		assert_in_range(migrate_link_queued(&t.home.target->link), 0,
				QUEUE_MAX);
	}
}

/* A VM that sends the same message again and again, and waits for nothing but
 * the channel. */
struct flood {
	int fd;
	unsigned type, count;
	const void *data;
	size_t len;
};

static void *flood_main(void *arg)
{
	const struct flood *f = arg;

	for (unsigned i = 0; i < f->count; i++)
		(void)migrate_channel_send(f->fd, f->type, f->data, f->len,
					   NULL);
	return NULL;
}

static bool is_full(void)
{
	return migrate_link_queued(&t.home.owner->link) > 4 * MIB ||
	       migrate_link_queued(&t.home.target->link) > 4 * MIB;
}

/* It floods the home, and what comes of it at fd is read only then: as many
 * messages as were sent. */
static void flooded(const struct flood *f, int fd)
{
	uint64_t end = base_now_ns() + UINT64_C(20000000000);
	pthread_t thread;
	unsigned count = 0;

	assert_int_equal(pthread_create(&thread, NULL, flood_main, (void *)f),
			 0);
	while (!is_full()) {
		assert_true(base_now_ns() < end);
		turn();
	}
	turn();
	while (count < f->count) {
		struct pollfd p[] = {
			{ .fd = t.home.loop.epoll, .events = POLLIN },
			{ .fd = fd, .events = POLLIN },
		};

		assert_true(poll(p, 2, 20000) > 0);
		if (p[0].revents)
			assert_int_equal(cli_loop_turn(&t.home.loop, NULL), 0);
		if (p[1].revents && migrate_inbox_read(&t.in, fd, NULL) > 0)
			count++;
	}
	pthread_join(thread, NULL);
}

static void answers_that_nobody_takes_wait(void **state)
{
	const struct hexo_msg_io io = {
		.op = HEXO_IO_READ,
		.out_len = HEXO_IO_MAX,
		.arg = { ZEROES, HEXO_IO_STREAM },
	};
	const struct flood f = { t.owner, HEXO_MSG_IO, 40, &io, sizeof(io) };

	begin(HOME_RUNNING);
	flooded(&f, t.owner);
	assert_int_equal(t.home.state, HOME_RUNNING);
}

static void a_stream_that_the_owner_does_not_take_waits(void **state)
{
	static char data[MIB];
	const struct flood f = { t.target, HEXO_MSG_STREAM, 24, data, MIB };

	begin(HOME_FETCHING);
	flooded(&f, t.owner);
	assert_int_equal(t.home.state, HOME_FETCHING);
}

static void a_source_that_takes_no_requests_stops_the_owner(void **state)
{
	const struct hexo_msg_need need = { .addr = 4096 };
	const struct flood f = { t.owner, HEXO_MSG_NEED, 250000, &need,
				 sizeof(need) };

	begin(HOME_FETCHING);
	flooded(&f, t.target);
	assert_int_equal(t.home.state, HOME_FETCHING);
}

/* It has closed its end, and what it asked for before is still in it. */
static void answers_to_a_vm_that_has_gone_are_not_kept(void **state)
{
	const struct hexo_msg_io io = {
		.op = HEXO_IO_READ,
		.out_len = HEXO_IO_MAX,
		.arg = { ZEROES, HEXO_IO_STREAM },
	};

	for (int i = 0; i < 40; i++)
		assert_int_equal(migrate_channel_send(t.owner, HEXO_MSG_IO, &io,
						      sizeof(io), NULL),
				 0);
	close(t.owner);
	t.owner = -1;
	begin(HOME_RUNNING);
	turn();
	assert_int_equal(t.home.served, 40);
	assert_int_equal(t.home.state, HOME_ENDED);
}

static void answers_to_no_probe_are_not_taken(void **state)
{
	const struct hexo_msg_probed probed = { .wall_ns = 1 };

	begin(HOME_RUNNING);
	assert_int_equal(migrate_channel_send(t.owner, HEXO_MSG_PROBED, &probed,
					      sizeof(probed), NULL),
			 0);
	turn();
	assert_int_equal(t.home.probe.count, 0);
	assert_int_equal(t.home.state, HOME_ENDED);
	assert_non_null(strstr(t.home.why.text, "PROBED message out of turn"));
}

static void a_stream_without_end_is_no_checkpoint(void **state)
{
	static char data[6 * 4096];
	struct home_saving *s = &t.home.saving;
	char dir[] = "/tmp/hexo-test-home.XXXXXX";
	cleanup_free char *path = NULL;

	assert_non_null(mkdtemp(dir));
	path = base_printf("%s/saved", dir);
	assert_int_equal(cli_save_open(&s->file, path, NULL), 0);
	s->record = &s->once;
	assert_int_equal(cli_record_begin(s->record, &s->file, false, NULL), 0);
	config.vm.memory = 4096;
	begin(HOME_SAVING);
	for (int i = 0; i < 2; i++) {
		assert_true(cli_save_is_open(&s->file));
		assert_int_equal(migrate_channel_send(t.owner, HEXO_MSG_STREAM,
						      data, 3 * 4096, NULL),
				 0);
		turn();
	}
	assert_false(cli_save_is_open(&s->file));
	assert_int_equal(t.home.state, HOME_RETURNING);
	assert_string_equal(t.home.why.text, "its stream has no end");
	/* Nothing of it is left there. */
	assert_int_equal(rmdir(dir), 0);
}

/* What a node says is open in local volumes ends up among what the home saves:
 * it may name neither the home's handles nor what the home would have to read.
 */
static void files_of_a_node_are_its_own(void **state)
{
	static const char *const wrong[] = {
		"{\"files\":[{\"handle\":3,\"guest\":\"/l/x\"}]}",
		"{\"files\":[{\"handle\":1000000000,\"guest\":\"/l/x\"}]}",
		"{\"files\":[{\"handle\":-1,\"guest\":\"/l/x\"}]}",
		"{\"files\":[{\"handle\":1024,\"deleted\":\"/l\",\"size\":1}]}",
		"{\"files\":[7]}",
		"{\"files\":{}}",
		"{}",
		"files",
	};
	static const char right[] =
		"{\"files\":[{\"handle\":1024,\"guest\":\"/l/x\"}]}";
	const struct home *home = &t.home;
	struct migrate_msg msg = { .type = HEXO_MSG_LOCAL_STATE };

	assert_int_equal(files_volume_add_local(&volumes, "/l", "/l", false,
						NULL),
			 0);
	config.volumes = &volumes;
	t.home.owner->place.remote = true;
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++) {
		msg.data = (void *)wrong[i];
		msg.len = (uint32_t)strlen(wrong[i]);
		assert_int_equal(home_local_message(&t.home, &msg, true),
				 -EPROTO);
		assert_null(home->local.files);
	}
	msg.data = (void *)right;
	msg.len = sizeof(right) - 1;
	assert_int_equal(home_local_message(&t.home, &msg, true), 1);
	assert_int_equal(json_array_size(home->local.files), 1);
	home_local_close(&t.home);
	t.home.owner->place.remote = false;
	config.volumes = NULL;
	files_volumes_free(&volumes);
}

#define TEST(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		TEST(answers_that_nobody_takes_wait),
		TEST(a_stream_that_the_owner_does_not_take_waits),
		TEST(a_source_that_takes_no_requests_stops_the_owner),
		TEST(answers_to_a_vm_that_has_gone_are_not_kept),
		TEST(answers_to_no_probe_are_not_taken),
		TEST(a_stream_without_end_is_no_checkpoint),
		TEST(files_of_a_node_are_its_own),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
