/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Hexo's rule. The work that a core of a board does, in what a server's core
 * does meanwhile, is the inverse of its job's slowdown: boards shall have the
 * jobs with the least.
 *
 * A move costs the job move_s of time, and gains something for as long as the
 * job stays: counted for ahead_s, which also is what keeps jobs from going
 * back and forth, beside stay_s.
 */
#include "policy/state.h"

/* A prediction may err: jobs change places for more than that. */
#define SWAP_MARGIN 1.2

struct fit {
	const struct policy *p;
	uint32_t kind;
	bool moves; /* rather than starts there */
};

/* Joules beyond those of an idle node, for a server's second of work. */
static double watts(const struct policy *p, uint32_t kind, double slowdown)
{
	return p->config.kind[kind].core_watts * slowdown;
}

/* What work costs on the servers, their idle power included. */
static double server_watts(const struct policy *p)
{
	uint32_t slots = p->config.kind[0].slots;

	return p->config.kind[0].core_watts +
	       p->config.kind[0].idle_watts / (slots ? slots : 1);
}

/* Whether a job should be on a board of that kind, where it could be on a
 * server only after others. */
static bool board_helps(const struct policy *p, uint32_t kind,
			const struct policy_vm *vm, bool moves)
{
	double slowdown = vm->slowdown[kind];

	if (p->config.goal == POLICY_ENERGY &&
	    watts(p, kind, slowdown) > server_watts(p))
		return false;
	return !moves || p->config.ahead_s > vm->move_s * slowdown;
}

static bool fits_kind(const void *ctx, uint32_t vm)
{
	const struct fit *f = ctx;
	const struct policy_vm *what = &f->p->vm[vm].what;

	return policy_room_first(&f->p->room[f->kind], what->memory) !=
		       POLICY_NOBODY &&
	       board_helps(f->p, f->kind, what, f->moves);
}

/* Takes vm for the decision if it loses less than what is in it. */
static void take_less(const struct policy *p, uint32_t vm, uint32_t kind,
		      enum policy_action action, struct policy_decision *d)
{
	double loss;

	if (vm == POLICY_NOBODY)
		return;
	loss = p->vm[vm].what.slowdown[kind];
	if (d->vm != POLICY_NOBODY && d->loss <= loss)
		return;
	*d = (struct policy_decision){
		.action = action,
		.reason = POLICY_SERVERS_BUSY,
		.vm = vm,
		.node = policy_room_first(&p->room[kind],
					  p->vm[vm].what.memory),
		.other = POLICY_NOBODY,
		.loss = loss,
	};
}

/* Jobs wait: a board with room gets the one that loses least there. To start
 * it there is better than to move it there, if it is the same. */
static bool decide_offload(const struct policy *p, struct policy_decision *d)
{
	uint32_t k;

	if (!p->queue.count)
		return false;
	d->vm = POLICY_NOBODY;
	for (k = 1; k < p->config.kinds; k++) {
		struct fit fit = { .p = p, .kind = k };

		take_less(p, policy_heap_find(&p->waiting[k], fits_kind, &fit),
			  k, POLICY_START, d);
		fit.moves = true;
		take_less(p, policy_heap_find(&p->served[k], fits_kind, &fit),
			  k, POLICY_MOVE, d);
	}
	return d->vm != POLICY_NOBODY;
}

/* Whether the two may be where the other is, for a while both. */
static bool swap_fits(const struct policy *p, uint32_t vm, uint32_t other)
{
	const struct vm_state *a = &p->vm[vm], *b = &p->vm[other];
	const struct node_state *server = &p->node[a->node];
	const struct node_state *board = &p->node[b->node];

	return policy_can(b, 0) && server->up && board->up &&
	       server->taken + b->what.memory <= server->what.memory &&
	       board->taken - b->what.memory + a->what.memory <=
		       board->what.memory;
}

struct swap_fit {
	const struct policy *p;
	uint32_t kind, other;
};

static bool fits_swap(const void *ctx, uint32_t vm)
{
	const struct swap_fit *f = ctx;

	return swap_fits(f->p, vm, f->other) &&
	       board_helps(f->p, f->kind, &f->p->vm[vm].what, false);
}

/* What the two would gain in the other's place; not above 0: they stay. */
static double swap_gain(const struct policy *p, uint32_t kind, uint32_t vm,
			uint32_t other)
{
	const struct policy_vm *a = &p->vm[vm].what, *b = &p->vm[other].what;
	double loss = a->slowdown[kind], other_loss = b->slowdown[kind];

	if (other_loss < loss * SWAP_MARGIN)
		return 0;
	return (1 / loss - 1 / other_loss) * p->config.ahead_s - a->move_s -
	       b->move_s;
}

/* A job on a server would lose less on a board than the one there. */
static bool decide_swap(const struct policy *p, struct policy_decision *d)
{
	double best = 0;
	uint32_t k;

	for (k = 1; k < p->config.kinds; k++) {
		const struct swap_fit fit = { p, k,
					      policy_heap_top(&p->boarded[k]) };
		uint32_t vm;
		double gain;

		if (fit.other == POLICY_NOBODY)
			continue;
		vm = policy_heap_find(&p->served[k], fits_swap, &fit);
		if (vm == POLICY_NOBODY)
			continue;
		gain = swap_gain(p, k, vm, fit.other);
		if (gain <= best)
			continue;
		best = gain;
		*d = (struct policy_decision){
			.action = POLICY_SWAP,
			.reason = POLICY_LOSES_LESS,
			.vm = vm,
			.node = p->vm[fit.other].node,
			.other = fit.other,
			.loss = p->vm[vm].what.slowdown[k],
			.other_loss = p->vm[fit.other].what.slowdown[k],
		};
	}
	return best > 0;
}

/* Whether a job on a board should be on a server that has nothing to do. */
static bool server_helps(const struct policy *p, uint32_t kind,
			 const struct policy_vm *vm)
{
	double slowdown = vm->slowdown[kind];

	if (p->config.goal == POLICY_ENERGY &&
	    watts(p, kind, slowdown) < p->config.kind[0].core_watts)
		return false;
	return (1 - 1 / slowdown) * p->config.ahead_s > vm->move_s;
}

static bool fits_back(const void *ctx, uint32_t vm)
{
	const struct fit *f = ctx;
	const struct policy_vm *what = &f->p->vm[vm].what;

	return policy_can(&f->p->vm[vm], 0) &&
	       policy_room_first(&f->p->room[0], what->memory) !=
		       POLICY_NOBODY &&
	       server_helps(f->p, f->kind, what);
}

/* Nobody waits and a server is free: the one that loses most comes back. */
static bool decide_back(const struct policy *p, struct policy_decision *d)
{
	double most = 0;
	uint32_t k;

	if (p->queue.count)
		return false;
	for (k = 1; k < p->config.kinds; k++) {
		const struct fit fit = { .p = p, .kind = k };
		uint32_t vm = policy_heap_find(&p->boarded[k], fits_back, &fit);

		if (vm == POLICY_NOBODY || p->vm[vm].what.slowdown[k] <= most)
			continue;
		most = p->vm[vm].what.slowdown[k];
		*d = (struct policy_decision){
			.action = POLICY_MOVE,
			.reason = POLICY_COMES_BACK,
			.vm = vm,
			.node = policy_room_first(&p->room[0],
						  p->vm[vm].what.memory),
			.other = POLICY_NOBODY,
			.loss = most,
		};
	}
	return most > 0;
}

bool policy_decide_hexo(struct policy *p, struct policy_decision *d)
{
	return decide_offload(p, d) || decide_swap(p, d) || decide_back(p, d);
}
