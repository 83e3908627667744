/* SPDX-License-Identifier: Apache-2.0 */
/* How fast links are: what a home has learned of them from its moves. */
#ifndef HEXO_CLI_SPEEDS_H
#define HEXO_CLI_SPEEDS_H

#include <stdint.h>

#include "cli/vm.h"

/* Between two VMs of this machine, until a move has shown it: bytes a second.
 * The home copies, the target checks and copies. */
#define CLI_SPEED_LOCAL UINT64_C(400000000)

/* What is under way between two places; to measure it, it takes as much as
 * this. */
enum { CLI_SPEED_BYTES_MIN = 256 << 10 };

struct cli_speed {
	struct cli_place ends[2];
	uint64_t speed; /* bytes a second */
};

struct cli_speeds {
	struct cli_speed *pairs;
	unsigned count;
};

void cli_speeds_free(struct cli_speeds *speeds);

/* So many bytes went between the two in this time; too few are not noted. */
void cli_speeds_note(struct cli_speeds *speeds, const struct cli_place *from,
		     const struct cli_place *to, uint64_t bytes, uint64_t ns);

/*
 * What is to be expected between the two, 0 if it is not known: what was noted
 * of them, in whichever direction; else the slowest of the links between the
 * home and each of them, as measured or as noted.
 */
uint64_t cli_speeds_find(const struct cli_speeds *speeds,
			 const struct cli_vm *from, const struct cli_vm *to);

/* Whether what is noted says how fast the link to a place is. */
bool cli_speeds_known(const struct cli_speeds *speeds,
		      const struct cli_place *place);

#endif
