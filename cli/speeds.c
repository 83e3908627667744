/* SPDX-License-Identifier: Apache-2.0 */
#include "cli/speeds.h"

#include <stdlib.h>
#include <string.h>

#include "base/base.h"

void cli_speeds_free(struct cli_speeds *speeds)
{
	free(speeds->pairs);
	*speeds = (struct cli_speeds){ 0 };
}

/* Under an emulator this machine is another place. */
static bool same(const struct cli_place *a, const struct cli_place *b)
{
	return !strcmp(a->name, b->name) && a->isa == b->isa;
}

static struct cli_speed *speeds_pair(const struct cli_speeds *speeds,
				     const struct cli_place *a,
				     const struct cli_place *b)
{
	for (unsigned i = 0; i < speeds->count; i++) {
		struct cli_speed *p = &speeds->pairs[i];

		if ((same(&p->ends[0], a) && same(&p->ends[1], b)) ||
		    (same(&p->ends[0], b) && same(&p->ends[1], a)))
			return p;
	}
	return NULL;
}

void cli_speeds_note(struct cli_speeds *speeds, const struct cli_place *from,
		     const struct cli_place *to, uint64_t bytes, uint64_t ns)
{
	struct cli_speed *p = speeds_pair(speeds, from, to);

	if (bytes < CLI_SPEED_BYTES_MIN || !ns)
		return;
	if (!p) {
		speeds->pairs = base_realloc(speeds->pairs,
					     (speeds->count + 1) * sizeof(*p));
		p = &speeds->pairs[speeds->count++];
		p->ends[0] = *from;
		p->ends[1] = *to;
	}
	p->speed = (uint64_t)((double)bytes / (double)ns * 1e9);
}

/* Of the link to a place from here, 0 if nothing was noted. */
static uint64_t speeds_link(const struct cli_speeds *speeds,
			    const struct cli_place *place)
{
	for (unsigned i = 0; i < speeds->count; i++) {
		const struct cli_speed *p = &speeds->pairs[i];

		if ((same(&p->ends[0], place) && !p->ends[1].remote) ||
		    (same(&p->ends[1], place) && !p->ends[0].remote))
			return p->speed;
	}
	return 0;
}

bool cli_speeds_known(const struct cli_speeds *speeds,
		      const struct cli_place *place)
{
	/* A node says its ISA only when it is asked. */
	for (unsigned i = 0; i < speeds->count; i++) {
		const struct cli_place *ends = speeds->pairs[i].ends;

		for (int end = 0; end < 2; end++)
			if (!strcmp(ends[end].name, place->name) &&
			    !ends[!end].remote)
				return true;
	}
	return false;
}

uint64_t cli_speeds_find(const struct cli_speeds *speeds,
			 const struct cli_vm *from, const struct cli_vm *to)
{
	const struct cli_speed *p =
		speeds_pair(speeds, &from->place, &to->place);
	const struct cli_vm *ends[] = { from, to };
	uint64_t slowest = CLI_SPEED_LOCAL;

	if (p)
		return p->speed;
	for (int i = 0; i < 2; i++) {
		uint64_t speed = ends[i]->speed;

		if (!ends[i]->place.remote)
			continue;
		if (!speed)
			speed = speeds_link(speeds, &ends[i]->place);
		if (speed < slowest)
			slowest = speed;
	}
	return slowest;
}
