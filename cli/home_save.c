/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints of a running job: it parks as for a move, its stream goes to a
 * file, and it ends when that is on the disk. One that is to go on
 * (--leave-running) sends its memory while it runs, where that can be, parks
 * for what is left, and runs while the file is being synced. Whatever fails,
 * the job goes on.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "base/base.h"
#include "cli/commands.h"
#include "cli/files_state.h"
#include "cli/home_save.h"
#include "cli/home_vm.h"
#include "hexo/checkpoint.h"

enum { SAVE_RETRY_NS = 1000000 };

/* As often as this the job's memory is sent while it runs, at most. */
enum { SAVE_ROUNDS_MAX = 2 };

static void save_answer(struct home *home, const char *path)
{
	struct home_saving *s = &home->saving;
	uint64_t total_ns = base_now_ns() - s->began;

	if (s->client)
		cli_control_answer(
			&home->control, s->client,
			json_pack("{s:b, s:s, s:I, s:I, s:I, s:I}", "ok", 1,
				  "file", path, "bytes", (json_int_t)s->bytes,
				  "stream_bytes", (json_int_t)s->stream,
				  "stopped_us",
				  (json_int_t)(s->stopped_ns / 1000),
				  "total_us", (json_int_t)(total_ns / 1000)));
	s->client = s->report.client = 0;
}

/* For the reason in home->why. */
static void save_failed(struct home *home)
{
	struct home_saving *s = &home->saving;

	cli_save_close(&s->file);
	cli_record_close(s->record);
	if (s->client)
		cli_control_refuse(&home->control, s->client, home->why.text);
	else
		home_say(home, "no checkpoint: %s", home->why.text);
	s->client = s->report.client = 0;
}

/* Tells the owner to park, once. */
static void save_halt(struct home *home)
{
	if (!home->saving.halting)
		home_send(home, home->owner, HEXO_MSG_PARK, NULL, 0);
	home->saving.halting = true;
}

/* ---- the file of --checkpoint-every ---- */

void save_forget(struct home *home)
{
	struct home_growing *g = &home->saving.growing;

	g->kept = false;
	if (g->fd < 0)
		return;
	close(base_take_fd(g->fd));
	cli_record_close(&g->record);
}

/* Whether it is still there, as it was left, and worth adding to. */
static bool save_may_grow(const struct home *home, const char *path)
{
	const struct home_growing *g = &home->saving.growing;
	struct stat st;

	return g->fd >= 0 && stat(path, &st) == 0 && st.st_dev == g->dev &&
	       st.st_ino == g->ino && (uint64_t)st.st_size == g->size &&
	       cli_record_may_grow(&g->record, g->size);
}

/* It is on the disk, open as fd. */
static void save_note_grown(struct home *home, int fd)
{
	struct home_growing *g = &home->saving.growing;
	struct stat st;

	if (!g->kept || fstat(fd, &st) < 0) {
		close(fd);
		cli_record_close(&g->record);
		return;
	}
	g->fd = fd;
	g->size = (uint64_t)st.st_size;
	g->dev = st.st_dev;
	g->ino = st.st_ino;
}

enum home_state save_kept(struct home *home, const struct migrate_msg *msg)
{
	struct home_saving *s = &home->saving;

	if (s->keep == HEXO_KEEP_NONE || s->growing.kept)
		hexo_fail(&home->why, -EPROTO,
			  "KEPT message that nobody asked for");
	else if (cli_record_keep(s->record, &s->file, &home->why) == 0) {
		s->growing.kept = true;
		return HOME_SAVING;
	}
	return save_return(home, NULL);
}

/* ---- a checkpoint ---- */

/* The file that the order asks for: a new one, or the one that grows. */
static int save_open_file(struct home *home,
			  const struct home_save_order *order)
{
	struct home_saving *s = &home->saving;
	struct home_growing *g = &s->growing;
	int r;

	s->record = order->grow ? &g->record : &s->once;
	s->keep = order->grow ? HEXO_KEEP_NEW : HEXO_KEEP_NONE;
	if (order->grow && save_may_grow(home, order->path)) {
		s->keep = HEXO_KEEP_MORE;
		g->kept = false;
		r = cli_save_grow(&s->file, order->path, base_take_fd(g->fd),
				  g->size, &home->why);
		if (r == 0)
			cli_record_more(s->record, &s->file);
		return r;
	}
	if (order->grow)
		save_forget(home);
	r = cli_save_open(&s->file, order->path, &home->why);
	return r < 0 ? r
		     : cli_record_begin(s->record, &s->file, order->pack,
					&home->why);
}

enum home_state save_ordered(struct home *home, const struct migrate_msg *msg)
{
	struct home_saving *s = &home->saving;
	cleanup_free char *path = base_take_ptr(s->order.path);
	struct home_save_order order = s->order;
	struct hexo_msg_copy copy = { 0 };
	int r;

	order.path = path;
	s->client = order.client;
	s->leave = order.leave;
	cli_report_begin(&s->report, &home->control,
			 order.events ? order.client : 0);
	cli_report_stage(&s->report, "saving", 0, 0);
	s->order.client = 0;
	s->began = base_now_ns();
	s->stopped_ns = s->stream = 0;
	s->halting = false;
	/* A job that ends has no use for being stopped late. */
	s->taking = s->leave;
	r = save_open_file(home, &order);
	if (r < 0) {
		save_failed(home);
		return HOME_RUNNING;
	}
	/* For a bar; the checkpoint itself has no use for it. */
	if (s->report.client)
		home_send(home, home->owner, HEXO_MSG_SIZE, NULL, 0);
	if (!s->taking) {
		save_halt(home);
		return HOME_HALTING;
	}
	copy.downtime_ns = home->config->move.downtime_ns;
	copy.keep = s->keep;
	home_send_copy(home, &copy);
	return HOME_TAKING;
}

/*
 * No honest stream is longer: the rounds until they are stopped, the one that
 * is being sent then, what is left, the frames, and the heads of all.
 */
static uint64_t save_stream_max(const struct home *home)
{
	const struct cli_vm_config *vm = &home->config->vm;

	return (SAVE_ROUNDS_MAX + 3) * (vm->memory + 5 * vm->stack);
}

enum home_state save_copied(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_copied copied;

	memcpy(&copied, msg->data, sizeof(copied));
	home_progress(home);
	if (!copied.rounds && home->saving.stream) {
		hexo_fail(&home->why, -EIO, "its rounds broke off");
		home->saving.taking = false;
		if (home->state == HOME_SAVING)
			return save_return(home, NULL);
		save_failed(home);
		return HOME_RUNNING;
	}
	if (home->state == HOME_SAVING)
		return HOME_SAVING;
	save_halt(home);
	return HOME_HALTING;
}

static json_t *save_state(struct home *home)
{
	cleanup_free char *job = realpath(home->config->job, NULL);

	return json_pack("{s:i, s:s, s:s, s:s, s:I, s:I}", "format",
			 HEXO_CHECKPOINT_FORMAT, "id", home->config->id, "job",
			 job ? job : home->config->job, "isa",
			 cli_isa_name(home->owner->place.isa), "polls",
			 (json_int_t)home->stats.polls, "time",
			 (json_int_t)time(NULL));
}

/* What stands behind the stream, and the head. */
static int save_finish(struct home *home)
{
	struct home_saving *s = &home->saving;
	json_t *state = save_state(home);
	uint64_t data_len = 0;
	int r = cli_files_save(&home->files, state, &data_len, &home->why);

	if (r == 0)
		r = home_local_save(home, state, &home->why);
	if (r == 0)
		r = cli_record_state(s->record, &s->file, state, data_len,
				     &home->why);
	if (r == 0)
		r = cli_files_put_data(&home->files, state, cli_save_write,
				       &s->file, &home->why);
	if (r == 0)
		r = cli_record_end(s->record, &s->file, &home->why);
	json_decref(state);
	return r;
}

static enum home_state save_go_on(struct home *home)
{
	home->saving.stopped_ns = base_now_ns() - home->parked_at;
	return move_resume(home);
}

enum home_state save_parked(struct home *home, const struct migrate_msg *msg)
{
	struct hexo_msg_usage usage = home_usage(home, msg);
	const struct hexo_msg_ship ship = { .keep = home->saving.keep };

	home_stopped(home, &usage);
	home->parked_at = base_now_ns();
	home_local_sync(home);
	home_send(home, home->owner, HEXO_MSG_SHIP, &ship, sizeof(ship));
	return HOME_SAVING;
}

enum home_state save_stream(struct home *home, const struct migrate_msg *msg)
{
	bool taking = home->state == HOME_TAKING;
	struct home_saving *s = &home->saving;
	int r;

	s->stream += msg->len;
	if (s->stream > save_stream_max(home))
		r = hexo_fail(&home->why, -EFBIG, "its stream has no end");
	else
		r = cli_record_stream(s->record, &s->file, msg->data, msg->len,
				      &home->why);
	if (r < 0)
		return taking ? save_call_off(home, NULL)
			      : save_return(home, NULL);
	cli_report_sent(&home->saving.report, msg->len);
	home_progress(home);
	/* A job that writes fast must not fill the disk with its rounds. */
	if (taking && s->stream > SAVE_ROUNDS_MAX * home->config->vm.memory)
		save_halt(home);
	return home->state;
}

enum home_state save_shipped(struct home *home, const struct migrate_msg *msg)
{
	struct home_saving *s = &home->saving;

	home_usage(home, msg);
	if (save_finish(home) < 0)
		return save_return(home, NULL);
	s->bytes = s->file.bytes - s->file.begin;
	s->file.done.ready = save_synced;
	s->file.done.ctx = home;
	if (cli_loop_watch(&home->loop, &s->file.done, EPOLLIN, &home->why) <
		    0 ||
	    cli_save_sync(&s->file, home->config->volumes, &home->why) < 0)
		return save_return(home, NULL);
	return s->leave ? save_go_on(home) : HOME_SYNCING;
}

enum home_state save_return(struct home *home, const struct migrate_msg *msg)
{
	save_failed(home);
	return save_go_on(home);
}

enum home_state save_call_off(struct home *home, const struct migrate_msg *msg)
{
	save_failed(home);
	if (!home->saving.taking)
		return HOME_RUNNING;
	/* If it was told to park it will, and is sent on. */
	home_send_copy(home, NULL);
	return HOME_CALMING;
}

static void save_count(struct home *home)
{
	const struct home_saving *s = &home->saving;

	home->stats.checkpoints.count++;
	home->stats.checkpoints.added += s->keep == HEXO_KEEP_MORE;
	home->stats.checkpoints.bytes += s->bytes;
	home->stats.checkpoints.stopped_ns += s->stopped_ns;
}

/* The thread that synced is done. */
void save_synced(void *ctx, uint32_t events)
{
	struct home *home = ctx;
	struct home_saving *s = &home->saving;
	cleanup_free char *path = base_strdup(s->file.path);
	int fd = -1, r;

	cli_loop_watch(&home->loop, &s->file.done, 0, NULL);
	r = cli_save_result(&s->file, &fd, &home->why);
	if (r == 0 && s->keep != HEXO_KEEP_NONE)
		save_note_grown(home, base_take_fd(fd));
	else
		cli_record_close(s->record);
	if (fd >= 0)
		close(fd);
	if (r == 0) {
		free(s->last);
		s->last = base_strdup(path);
	}
	if (home->state == HOME_SYNCING) {
		home_handle(home, r < 0 ? SAVE_FAILED : SAVED, NULL);
	} else if (r < 0) {
		save_failed(home);
	}
	if (r < 0)
		return;
	save_count(home);
	save_answer(home, path);
}

enum home_state save_done(struct home *home, const struct migrate_msg *msg)
{
	home_send(home, home->owner, HEXO_MSG_RELEASE, NULL, 0);
	home_say(home, "stopped; its checkpoint is written");
	home->exit_status = CLI_RUN_SAVED;
	return HOME_ENDED;
}

int save_order(struct home *home, const struct home_save_order *order)
{
	struct home_saving *s = &home->saving;

	if (s->order.path || cli_save_is_open(&s->file))
		return -EBUSY;
	s->order = *order;
	s->order.path = base_strdup(order->path);
	if (home->state == HOME_RUNNING)
		home_handle(home, SAVE_ORDERED, NULL);
	return 0;
}

int save_order_own(struct home *home)
{
	const struct home_save_order order = {
		.path = (char *)home->config->checkpoint,
		.leave = true,
		.pack = home->config->compress,
		.grow = home->config->checkpoint_ns != 0,
	};

	return save_order(home, &order);
}

/* ---- --checkpoint-every ---- */

static void save_clock_set(struct home *home, uint64_t ns)
{
	const struct itimerspec t = {
		.it_value.tv_sec = (time_t)(ns / 1000000000),
		.it_value.tv_nsec = (long)(ns % 1000000000),
	};

	timerfd_settime(home->saving.clock.fd, 0, &t, NULL);
}

static void save_clock_ready(void *ctx, uint32_t events)
{
	struct home *home = ctx;
	uint64_t expired;

	if (read(home->saving.clock.fd, &expired, sizeof(expired)) < 0)
		return;
	if (save_order_own(home) < 0)
		save_clock_set(home, SAVE_RETRY_NS);
	else
		save_clock_set(home, home->config->checkpoint_ns);
}

int save_open(struct home *home, struct hexo_error *err)
{
	struct cli_watch *clock = &home->saving.clock;

	clock->ready = save_clock_ready;
	clock->ctx = home;
	clock->fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC | TFD_NONBLOCK);
	if (clock->fd < 0)
		return hexo_fail_errno(err, "cannot make a timer");
	return cli_loop_watch(&home->loop, clock, EPOLLIN, err);
}

void save_start(struct home *home)
{
	if (!home->config->checkpoint_ns)
		return;
	home->saving.own = true;
	home_say(home, "checkpoints go to %s", home->config->checkpoint);
	save_clock_set(home, home->config->checkpoint_ns);
}

void save_close(struct home *home, bool finished)
{
	struct home_saving *s = &home->saving;

	cli_save_close(&s->file);
	save_forget(home);
	cli_record_close(&s->growing.record);
	cli_record_close(&s->once);
	/* Restored, a job that ended by itself would do its end twice. */
	if (finished && s->own)
		unlink(home->config->checkpoint);
	free(s->order.path);
	free(s->last);
	if (s->clock.fd >= 0)
		close(s->clock.fd);
}
