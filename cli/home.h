/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A job's home: owns the job's files and terminal, starts its VMs, decides
 * which of them runs, and moves the job from one to another as the comment
 * of <hexo/channel.h> says.
 */
#ifndef HEXO_CLI_HOME_H
#define HEXO_CLI_HOME_H

#include "cli/boot.h"
#include "cli/checkpoint.h"
#include "cli/plan.h"
#include "cli/place.h"
#include "cli/vm.h"
#include "files/volume.h"

struct cli_home_config {
	struct cli_vm_config vm;
	struct files_volumes *volumes;
	const struct cli_plan *plan;
	struct cli_move_options move;   /* of the plan's moves */
	const struct base_buffer *boot; /* the boot block */
	struct cli_place place;         /* where the job starts */
	const char *job;                /* as the user named it */
	const char *id;                 /* for `hexo ps` */
	FILE *stats;                    /* for --stats; NULL: none */
	const char *save_streams;       /* directory; NULL: none */
	const char *resume;             /* stream to start from; NULL: main */
	const struct cli_checkpoint *restore; /* what resume is; NULL: a
						 stream alone */
	bool keep_files;        /* restore: those that grew are not cut */
	const char *checkpoint; /* file of --checkpoint-every */
	uint64_t checkpoint_ns; /* 0: none */
	bool compress;          /* it is packed */
	uint64_t polls;         /* that it has behind it */
	uint64_t probe_us;      /* mean time between probes; 0: none */
	bool count;             /* polls, for the whole run */
	bool boards;            /* an ISA may be a board */
	uint64_t timeout_s;     /* of each wait in a move */
};

/* Runs the job to its end. Returns its exit status; -errno if it could not
 * be started or its VM was lost. */
int cli_home_run(const struct cli_home_config *config, struct hexo_error *err);

#endif
