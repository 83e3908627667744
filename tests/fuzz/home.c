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
// LINK: base/thread.c tests/fuzz/shared/ends.c
// LINK: ; -Wl,--wrap=cli_loop_turn -Wl,--wrap=cli_vm_launch
// LINK: ; -Wl,--wrap=files_serve -Wl,--wrap=home_send_poll
// LINK: ; -Wl,--wrap=home_usage -Wl,--wrap=home_ended
// LINK: ; -ljansson -lzip -lzstd -lxxhash -lpthread
// OPTIONS: -max_len=1024 -malloc_limit_mb=64 -close_fd_mask=2
/*
 * A home whose VMs say what the input says, or answer as a hexo-vm would,
 * while moves and checkpoints are ordered and given up. Whatever they say:
 * it comes to an end, keeps no descriptor and no more than a bounded amount;
 * no VM is told to run while another one may; requests are taken from the one
 * that may alone.
 *
 * All of the home is real. The linker gives its steps to the functions here:
 * the start of a VM, which hands the other end of its channel to us; file
 * operations, which have a harness of their own; and what is checked.
 */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <unistd.h>

#include "cli/connect.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"
#include "cli/trace.h"
#include "hexo/io.h"
#include "hexo/layout.h"
#include "tests/fuzz/shared/ends.h"

/* A message that is being taken, and the answers to those before. */
#define QUEUE_MAX ((size_t)8 << 20)

enum { TURNS_MAX = 4096, IDLE_MAX = 16, BULKS_MAX = 4 };

/* What the linker puts in place of the functions of those names, and those. */
int __wrap_cli_loop_turn(struct cli_loop *loop, struct hexo_error *err);
int __real_cli_loop_turn(struct cli_loop *loop, struct hexo_error *err);
int __wrap_cli_vm_launch(struct cli_vm *vm, const struct cli_vm_config *config,
			 const struct cli_place *place, struct hexo_error *err);
int64_t __wrap_files_serve(struct files *files, const struct hexo_msg_io *io,
			   const void *data, size_t len, void *out,
			   size_t *out_len);
void __wrap_home_send_poll(struct home *home, struct cli_vm *vm, unsigned type);
void __real_home_send_poll(struct home *home, struct cli_vm *vm, unsigned type);
struct hexo_msg_usage __wrap_home_usage(struct home *home,
					const struct migrate_msg *msg);
struct hexo_msg_usage __real_home_usage(struct home *home,
					const struct migrate_msg *msg);
home_act __wrap_home_ended, __real_home_ended;

static struct cli_image image = {
	.name = "fuzz",
	.build_id = { 1, 2 },
	.layout_hash = 3,
	.count = 2,
	.elf = { { .isa = HEXO_ISA_x86_64, .fd = -1 },
		 { .isa = HEXO_ISA_aarch64, .fd = -1 } },
};
static struct files_volumes volumes;
static struct base_buffer boot;
static char *checkpoint, *stream;

static struct {
	struct fuzz_input in;
	struct home *home;
	struct fuzz_end end[FUZZ_ENDS_MAX];
	unsigned ends;
	/* Of the home's two VMs: the tag of its end, and what it was told. */
	struct {
		unsigned tag;
		bool told, parked;
	} vm[2];
	uint8_t honest; /* a bit for each end, round */
	unsigned turns, idle, bulks;
} world;

/* ---- what must hold ---- */

static unsigned number_of(const struct cli_vm *vm)
{
	return vm == &world.home->vms[1];
}

static bool may_run(unsigned vm)
{
	return cli_vm_exists(&world.home->vms[vm]) && world.vm[vm].told &&
	       !world.vm[vm].parked;
}

void __wrap_home_send_poll(struct home *home, struct cli_vm *vm, unsigned type)
{
	unsigned n = number_of(vm);

	if (type != HEXO_MSG_RECEIVE) {
		fuzz_check(!may_run(!n));
		world.vm[n].told = true;
		world.vm[n].parked = false;
	}
	__real_home_send_poll(home, vm, type);
}

struct hexo_msg_usage __wrap_home_usage(struct home *home,
					const struct migrate_msg *msg)
{
	if (msg->type == HEXO_MSG_PARKED)
		world.vm[number_of(home->owner)].parked = true;
	return __real_home_usage(home, msg);
}

enum home_state __wrap_home_ended(struct home *home,
				  const struct migrate_msg *msg)
{
	fuzz_check(may_run(number_of(home->owner)));
	return __real_home_ended(home, msg);
}

int64_t __wrap_files_serve(struct files *files, const struct hexo_msg_io *io,
			   const void *data, size_t len, void *out,
			   size_t *out_len)
{
	unsigned n = world.vm[1].tag == (unsigned)io->arg[3];

	fuzz_check(world.vm[n].tag == (unsigned)io->arg[3] && may_run(n));
	*out_len = io->out_len <= HEXO_IO_MAX ? io->out_len : 0;
	return (int64_t)*out_len;
}

void cli_trace_print(struct cli_image *i, enum hexo_isa isa,
		     const struct hexo_msg_fault *fault, const void *stack)
{
	static char copy[HEXO_FAULT_STACK];

	fuzz_check(fault->stack_len <= sizeof(copy));
	memcpy(copy, stack, fault->stack_len);
}

static void check_bounds(struct home *home)
{
	for (unsigned i = 0; i < 2; i++)
		fuzz_check(migrate_link_queued(&home->vms[i].link) <=
			   QUEUE_MAX);
	fuzz_check(!home->probe.count);
}

/* ---- the start of a VM ---- */

int cli_place_find(const char *where, bool boards, struct cli_place *place,
		   struct hexo_error *err)
{
	*place = (struct cli_place){ .name = CLI_PLACE_SERVER };
	place->isa = cli_isa_by_name(where);
	if (place->isa == HEXO_ISA_NONE)
		return hexo_fail(err, -ENOENT, "no such place");
	return 0;
}

int __wrap_cli_vm_launch(struct cli_vm *vm, const struct cli_vm_config *config,
			 const struct cli_place *place, struct hexo_error *err)
{
	const struct fuzz_hello hello = {
		.isa = place->isa,
		.build_id = { image.build_id[0], image.build_id[1] },
		.layout_hash = image.layout_hash,
	};
	struct home *home = world.home;
	struct fuzz_end *e = &world.end[world.ends];
	int pair[2];

	/* The first one that it starts is the first that it has. */
	if (!home)
		home = world.home = (struct home *)((char *)vm -
						    offsetof(struct home, vms));
	cli_vm_init(vm);
	vm->place = *place;
	if (world.ends == FUZZ_ENDS_MAX)
		return hexo_fail(err, -EMFILE, "no more VMs");
	fuzz_check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) ==
		   0);
	migrate_link_open(&vm->link, pair[0]);
	world.vm[vm == &home->vms[1]].tag = ++world.ends;
	world.vm[vm == &home->vms[1]].told = false;
	world.vm[vm == &home->vms[1]].parked = false;
	fuzz_end_open(e, pair[1], world.ends, &hello);
	e->honest = world.honest >> (world.ends % 8) & 1;
	return 0;
}

/* Of the start of a VM at a node, which is not come to. */
int cli_connect_start(const struct cli_vm_config *config,
		      const struct cli_place *place, int *pending, pid_t *pid,
		      struct hexo_error *err)
{
	fuzz_fail(__FILE__, __LINE__, "a node was connected to");
}

int cli_connect_finish(int pending, enum hexo_isa *isa, uint64_t *speed,
		       int *channel, struct hexo_error *err)
{
	fuzz_fail(__FILE__, __LINE__, "a node was connected to");
}

/* ---- steps ---- */

static void order(struct home *home, uint8_t what)
{
	static const char *const modes[] = { "auto", "stop", "pre-copy",
					     "post-copy" };
	json_t *request;

	/* It would be waited for what it has written before it was killed. */
	if ((what & 11) == 8)
		for (unsigned i = 0; i < world.ends; i++)
			fuzz_end_close(&world.end[i]);
	if (what & 1)
		request =
			json_pack("{s:s, s:s, s:s, s:b}", "command", "migrate",
				  "where", what & 2 ? "aarch64" : "x86-64",
				  "mode", modes[what >> 2 & 3], "unsafe",
				  what >> 4 & 1);
	else if (what & 2)
		request = json_pack("{s:s}", "command", "abort");
	else if (what & 8)
		request = json_pack("{s:s}", "command", "kill");
	else
		request = json_pack("{s:s, s:s, s:b}", "command", "checkpoint",
				    "file", checkpoint, "leave_running",
				    what >> 2 & 1);
	home_request(home, 1, request);
	json_decref(request);
}

/* All that can be waited for comes at once. */
static void time_passes(struct home *home)
{
	const struct itimerspec now = { .it_value.tv_nsec = 1 };

	if (home_waits[home->state].times)
		timerfd_settime(home->timer.fd, 0, &now, NULL);
}

static void step(struct home *home, struct fuzz_input *in)
{
	uint8_t what = fuzz_byte(in);
	/* The last ones are those that are still of interest. */
	unsigned back = what >> 4 & 3;
	struct fuzz_end *e =
		&world.end[back < world.ends ? world.ends - 1 - back : 0];

	switch (what % 16) {
	case 0:
	case 1:
		order(home, fuzz_byte(in));
		break;
	case 2:
		fuzz_end_raw(e, in);
		break;
	case 3:
		/* Enough to fill a queue; more takes time only. */
		if (++world.bulks <= BULKS_MAX)
			fuzz_end_bulk(e, in);
		break;
	case 4:
		fuzz_end_close(e);
		break;
	case 5:
		e->stuck = what & 64;
		break;
	case 6:
		e->honest = what & 64;
		break;
	case 7:
		time_passes(home);
		break;
	default:
		fuzz_end_message(e, in);
		break;
	}
}

/* The input is over: a file that is being synced will be, then all VMs are
 * lost, and what is waited for after that comes. */
static void leave(struct home *home)
{
	struct pollfd p = { .fd = home->loop.epoll, .events = POLLIN };

	errno = 0;
	fuzz_check(++world.idle < IDLE_MAX);
	if (home->saving.file.syncing) {
		/* libFuzzer's own clock is a signal. */
		fuzz_check(poll(&p, 1, 4000) > 0 || errno == EINTR);
		return;
	}
	for (unsigned i = 0; i < world.ends; i++)
		fuzz_end_close(&world.end[i]);
	time_passes(home);
}

int __wrap_cli_loop_turn(struct cli_loop *loop, struct hexo_error *err)
{
	struct home *home = world.home;
	struct pollfd p = { .fd = loop->epoll, .events = POLLIN };
	int r = 0;

	fuzz_check(++world.turns < TURNS_MAX * 4);
	for (unsigned i = 0; i < world.ends; i++)
		fuzz_end_turn(&world.end[i]);
	if (poll(&p, 1, 0) > 0) {
		r = __real_cli_loop_turn(loop, err);
		check_bounds(home);
	} else if (world.in.left && world.turns < TURNS_MAX) {
		step(home, &world.in);
	} else {
		leave(home);
	}
	return r;
}

int LLVMFuzzerInitialize(int *argc, char ***argv)
{
	FILE *file;

	setenv("XDG_RUNTIME_DIR", fuzz_scratch(), 1);
	checkpoint = base_printf("%s/checkpoint", fuzz_scratch());
	stream = base_printf("%s/stream", fuzz_scratch());
	fuzz_check((file = fopen(stream, "w")) && fputs("stream", file) > 0 &&
		   fclose(file) == 0);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	unsigned before = fuzz_descriptors();
	struct cli_plan plan = { 0 };
	struct cli_home_config config = {
		.vm = { .image = &image,
			.memory = HEXO_MEMORY_MIN,
			.stack = HEXO_STACK_MIN,
			.name = "fuzz" },
		.volumes = &volumes,
		.plan = &plan,
		.move = { .downtime_ns = CLI_DOWNTIME_NS },
		.boot = &boot,
		.place = { .name = CLI_PLACE_SERVER, .isa = HEXO_ISA_x86_64 },
		.job = "fuzz",
		.id = "fuzz",
		.checkpoint = checkpoint,
		.timeout_s = 3600,
	};
	struct hexo_error err;
	uint8_t how;

	memset(&world, 0, sizeof(world));
	world.in = (struct fuzz_input){ data, size };
	world.honest = fuzz_byte(&world.in);
	how = fuzz_byte(&world.in);
	plan.every = how & 1 ? 100 : 0;
	config.count = how & 2;
	config.resume = how & 4 ? stream : NULL;
	cli_home_run(&config, &err);
	for (unsigned i = 0; i < world.ends; i++)
		fuzz_end_close(&world.end[i]);
	fuzz_check(fuzz_descriptors() == before);
	return 0;
}
