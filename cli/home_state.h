/* SPDX-License-Identifier: Apache-2.0 */
/* Between cli/home*.c and cli/move*.c only: the state of a job's home. */
#ifndef HEXO_CLI_HOME_STATE_H
#define HEXO_CLI_HOME_STATE_H

#include <stdio.h>

#include "cli/control.h"
#include "files/files.h"
#include "cli/home.h"
#include "cli/probe.h"
#include "cli/record.h"
#include "cli/report.h"
#include "cli/save.h"
#include "cli/speeds.h"
#include "cli/stats.h"

/* The owner is the VM that runs the job or alone may go on running it; the
 * target is the VM that is to take it over. */
enum home_state {
	HOME_STARTING,  /* the first VM has not said HELLO */
	HOME_LOADING,   /* it takes in the stream of --resume */
	HOME_RUNNING,   /* the owner runs */
	HOME_CALLING,   /* the owner runs; the target is being started */
	HOME_MEASURING, /* the target is there; the owner runs, has yet to say
			   how much there is to send */
	HOME_COPYING,   /* the owner runs and sends its memory in rounds */
	HOME_CALMING,  /* the move failed; the owner runs, is to send no more */
	HOME_PARKING,  /* the owner was told to park; the target is ready */
	HOME_WAITING,  /* the owner is parked; the target is being started */
	HOME_SHIPPING, /* the owner sends the stream */
	HOME_SETTLING, /* all was sent; the target has not committed */
	HOME_SIGNED,   /* the target has committed; SHIPPED is not here yet */
	HOME_ARRIVING, /* the target has become the owner, told to run;
			   the source, now the target, can go on still */
	HOME_LANDING,  /* the same in a post-copy: its memory is coming */
	HOME_FETCHING, /* the owner runs, its memory is still coming */
	HOME_REACHING, /* it has parked at a poll of the plan meanwhile */
	HOME_RETURNING, /* the move failed; the owner was told to go on */
	HOME_TAKING,    /* the owner runs and sends its memory to a file */
	HOME_HALTING,   /* the owner was told to park, for a checkpoint */
	HOME_SAVING,    /* the owner sends the stream to a file */
	HOME_SYNCING,   /* the file is being synced; then the owner ends */
	HOME_ENDED,
	HOME_STATES
};

enum home_event {
	OWNER_HELLO,
	OWNER_PARKED,
	OWNER_SIZED,
	OWNER_COPIED,
	OWNER_STREAM,
	OWNER_KEPT,
	OWNER_SHIPPED,
	OWNER_COMMIT,
	OWNER_RUNNING,
	OWNER_ASKED, /* NEED or GOT */
	OWNER_WHOLE,
	OWNER_ENDED, /* EXIT or FAULT */
	OWNER_LOST,  /* home->why says how */
	TARGET_HELLO,
	TARGET_COMMIT,
	TARGET_ASKED,
	TARGET_STREAM, /* the source's, once the target is the owner */
	TARGET_SHIPPED,
	TARGET_LOST,  /* home->why says how */
	ORDERED,      /* home->order asks for a move */
	SAVE_ORDERED, /* home->saving.order asks for a checkpoint */
	SAVED,        /* it is on the disk */
	SAVE_FAILED,  /* home->why says how */
	HOME_EVENTS
};

/* What is asked for. */
struct home_save_order {
	char *path;
	bool leave;      /* the job goes on afterwards */
	bool pack;       /* the file is packed */
	bool grow;       /* it is to be one that grows */
	unsigned client; /* who is to hear of it; 0: nobody */
	bool events;     /* of its progress, too */
};

/* The file of --checkpoint-every, as long as the owner can add to it. */
struct home_growing {
	struct cli_record record;
	int fd; /* -1: the next checkpoint is a whole one */
	uint64_t size;
	dev_t dev;
	ino_t ino;
	bool kept; /* the owner has said KEPT, and is still the same VM */
};

/* A checkpoint, wanted or in progress; and the clock of those to come. */
struct home_saving {
	struct home_save_order order; /* path NULL: none waits */
	struct cli_report report;
	struct cli_save file;
	struct cli_record *record; /* what goes into it: one of these */
	struct cli_record once;
	struct home_growing growing;
	enum hexo_keep keep; /* what the owner is told */
	uint64_t stream;     /* bytes of the stream that have come */
	bool leave;
	char *last; /* the file of the last that is on the disk; NULL: none */
	bool own;   /* config->checkpoint is to be removed at the job's end */
	unsigned client; /* who is to hear of it; 0: nobody */
	uint64_t began, stopped_ns, bytes;
	bool taking;  /* rounds were asked for */
	bool halting; /* told to park */
	struct cli_watch clock;
};

/* Local volumes of a job whose owner is at a node. */
struct home_local {
	json_t *files;         /* what is open in them, as of the last PARKED */
	struct hexo_error why; /* if files is NULL: why not */
	struct hexo_error unsynced; /* code 0: the disk there has all */
};

struct home {
	const struct cli_home_config *config;
	enum home_state state;
	struct cli_loop loop;
	struct cli_watch timer, signals, clock;
	struct cli_control control;
	struct files files;
	struct home_local local;
	char *answer; /* HEXO_IO_MAX bytes: data of a file operation */
	struct cli_stats stats;
	struct cli_probe probe;
	struct cli_speeds speeds;

	struct cli_vm vms[2];
	struct cli_vm *owner, *target;
	pid_t *retired; /* children that were let go and are not reaped */
	unsigned retired_count;

	struct {
		char *where; /* NULL: none waits */
		unsigned client;
		bool events; /* it wants to hear of each step */
		struct cli_move_options options;
	} order; /* from `hexo migrate` */
	struct home_saving saving;

	uint64_t clock_began; /* base_now_ns() when the job began here */
	unsigned timed;       /* hops of the plan that were ordered by time */

	/* The move in progress. */
	bool moving;
	struct cli_move_options how;
	bool sized;      /* hop.memory is what the owner said */
	bool receiving;  /* the target was told RECEIVE */
	unsigned copies; /* COPY and COPY_STOP that the owner has to answer */
	struct cli_hop hop;
	uint64_t left;   /* bytes after the rounds */
	unsigned client; /* who is to hear of it; 0: nobody */
	struct cli_report report;
	FILE *save; /* of --save-streams; NULL: none */
	char *save_path;
	uint64_t parked_at, shipping_since; /* base_now_ns() */
	bool patient;         /* no time-out: the operator has said so */
	uint64_t progress_ns; /* base_now_ns(), see home_progress() */

	FILE *resume;                 /* of --resume, until it has been sent */
	struct hexo_error resume_why; /* why it could not be read */
	uint64_t poll_target;   /* what the owner has been told; 0: none */
	uint64_t source_cpu_ns; /* of the source, while the owner arrives */
	uint64_t owner_cpu_ns;  /* of the owner, when last heard of */
	uint64_t owner_ran_ns;  /* the same, when its guest last began to run */
	unsigned streams;       /* STREAM messages of this move */

	/* Of a post-copy, see move_later.c. */
	bool all_sent, whole;          /* END was sent; has come */
	uint64_t relayed, got;         /* bytes of the stream; that came */
	uint64_t served;               /* requests of the guest since RUNNING */
	struct hexo_msg_usage reached; /* of the PARKED in HOME_REACHING */

	unsigned faults; /* of cli/fault.c that have happened */
	struct hexo_error why;
	bool finished;   /* once ENDED: by itself */
	int exit_status; /* once ENDED; negative: what home->why says */
};

/* What an event makes of a state: acts, and returns the next state. msg is
 * NULL where the event is no message. */
typedef enum home_state home_act(struct home *home,
				 const struct migrate_msg *msg);

/* cli/home_table.c: all that can happen to a job. What is not there is against
 * the protocol and costs the VM that did it its connection. */
extern home_act *const home_table[HOME_STATES][HOME_EVENTS];

/* How often --timeout a state may last without progress, and what it is when
 * it has lasted longer. Starting a program may take long on a slow board. */
struct home_wait {
	unsigned times; /* 0: for ever */
	enum home_event event;
	const char *what;
};

extern const struct home_wait home_waits[HOME_STATES];

/* cli/move.c: the actions of a move. */
home_act move_begin, move_loaded, move_ordered, move_reached, move_call_off,
	move_parked_early, move_ship_parked, move_ship_ready, move_relay,
	move_shipped, move_sign, move_shipped_signed, move_commit, move_return,
	move_orphan, move_orphan_commit, move_arrived, move_returned,
	move_ignore, move_copied, move_note_copied, move_copy_off, move_calm,
	move_calm_parked, move_park_off, move_back, move_forget;

/* The target is told that a stream comes, if it was not. */
void move_receive(struct home *home);

/* cli/move_choose.c: how the move is made. */
home_act move_copy, move_sized;

/* Whether the move can be made as it is wanted; if not, why not. */
int move_check_mode(struct home *home);
/* Chooses for --mode auto, and tells who asked for the move. parked: the owner
 * is. */
void move_choose(struct home *home, bool parked);
/* The target has said HELLO. */
void move_note_target(struct home *home);
/* SIZED and ROUND came, in whatever state. */
void move_note_size(struct home *home, const struct migrate_msg *msg);
void move_note_round(struct home *home, const struct migrate_msg *msg);
enum home_state move_park(struct home *home);
/* Whether what is sent may be compressed: an enum hexo_compress. */
uint32_t move_compress(const struct home *home);
/* The move is over: what it has shown of the link is kept. */
void move_learn(struct home *home);

/* cli/move_later.c: those of a post-copy. */
home_act move_later_stream, move_later_ask, move_later_got, move_later_sent,
	move_later_running, move_later_whole, move_later_reached,
	move_later_back, move_later_torn;

/* Whether the move in progress is one. */
bool move_is_later(const struct home *home);

/* Tells who asked for the move, and keeps its figures. */
void move_over(struct home *home, const char *result);

/* Notes that the new owner runs. */
void move_note_arrived(struct home *home, const struct migrate_msg *msg);

/* Tells the parked owner to go on. */
enum home_state move_resume(struct home *home);

/* Sends what the first VM has room for of the stream of --resume; -errno if
 * that cannot be read: home->why says why. */
int move_feed(struct home *home);

/* A move in progress ends because the job does. */
void move_drop(struct home *home, const char *why);

/* cli/move_file.c: streams of --save-streams. A failure to write is told
 * and ends the saving, not the move. */
void move_save_begin(struct home *home);
void move_save(struct home *home, const void *data, size_t len);
void move_save_end(struct home *home, bool whole);

/* cli/move_clock.c: timed hops of the plan, from the job's start on. */
int move_clock_open(struct home *home, struct hexo_error *err);
void move_clock_start(struct home *home);

/* cli/home_local.c: local volumes. */
void home_local_open(struct home *home);
void home_local_close(struct home *home);

/* A message of the owner: 1 if it was one about these, 0 if not, negative if
 * it is malformed (home->why). runs: the owner's guest can be running. */
int home_local_message(struct home *home, const struct migrate_msg *msg,
		       bool runs);
/* The owner is parked, the target ready: has the files that are open opened at
 * the target's. home->why says why that cannot be. */
int home_local_ship(struct home *home);
/* A move is over: what is open here stays if the owner is here. */
void home_local_settle(struct home *home);
/* The first VM of a restored job is ready: the same as for a target. */
int home_local_restore(struct home *home, struct hexo_error *err);
/* The owner parked for a checkpoint: has its node sync; and then adds the
 * files that are open there to the checkpoint's state. */
void home_local_sync(struct home *home);
int home_local_save(struct home *home, json_t *state, struct hexo_error *err);

/* Does nothing, unless cli/fault.c is linked to it, as it is for tests only:
 * the variables HEXO_TEST_KILL_TARGET, HEXO_TEST_KILL_SOURCE and
 * HEXO_TEST_STOP_TARGET have a VM of a move vanish, or do nothing more, at a
 * step of the protocol; HEXO_TEST_TELL tells a test that it has come. Returns
 * the event that happens instead. */
enum home_event fault_at(struct home *home, enum home_event event);

/* cli/home.c, for the actions. */

/* Sends; that the VM is gone shows when it is read from. */
void home_send(struct home *home, struct cli_vm *vm, unsigned type,
	       const void *data, size_t len);
/* COPY, or COPY_STOP (NULL), to the owner. */
void home_send_copy(struct home *home, const struct hexo_msg_copy *order);
/* START, RECEIVE, RESUME or RUN, with how polls are to be counted. */
void home_send_poll(struct home *home, struct cli_vm *vm, unsigned type);
int home_launch(struct home *home, struct cli_vm *vm,
		const struct cli_place *place, struct hexo_error *err);
/* Lets a VM go: it exits by itself. */
void home_retire(struct home *home, struct cli_vm *vm);
void home_watch_vm(struct home *home, struct cli_vm *vm);
/* Takes the usage that a message begins with. */
struct hexo_msg_usage home_usage(struct home *home,
				 const struct migrate_msg *msg);
/* The owner's guest has stopped, as the usage says. */
void home_stopped(struct home *home, const struct hexo_msg_usage *usage);
/* The time that the state has is counted anew. */
void home_progress(struct home *home);

/* cli/home_doubt.c: sides that are silent. */

/* How long the state may last without progress, in seconds; 0: for ever. */
uint64_t home_wait_s(const struct home *home);
/* Whose silence it is when it has lasted longer, and in words. */
enum home_event home_silent(const struct home *home, const char **what);
/* Whether it may last even longer. */
bool home_is_patient(const struct home *home, enum home_event event);
/* What the operator says: "here" or "there". */
void home_resolve(struct home *home, const char *side, unsigned client);
/* For `hexo ps`: {"for", "why", "us", "command", "checkpoint"}; NULL if the
 * home waits for nobody that is silent. */
json_t *home_waiting(const struct home *home);

/* cli/home.c again. */
/* A line about the job on standard error. */
void home_say(struct home *home, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
/* Ends the job from outside. */
void home_kill(struct home *home, int status);
/* Whether the move in progress may still be given up. */
bool home_may_give_up(const struct home *home);
/* Gives it up, as the operator wants. False: it cannot be given up. */
bool home_give_up(struct home *home);
/* cli/home_control.c: a line of the control socket. */
void home_request(void *ctx, unsigned client, json_t *request);
/* The job's VM is lost, for the reason in home->why. */
home_act home_fail;
/* EXIT or FAULT came. */
home_act home_ended;

#endif
